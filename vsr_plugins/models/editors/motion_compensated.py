"""Training of networks that estimate motion along the way."""

from typing import Any

import torch
from mmagic.models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class MotionCompensatedVSR(BaseEditModel):
    """Trains VESPCN, SPMC and FRVSR: the loss of the frames, of the warped neighbours, and of rough motion.

    The network gives both by ``forward_with_motion``. Where that gives the outcome of several steps, (n, k, c, h, w)
    for a frame (n, c, h, w), each counts, from half for the first to full for the last ("Detail-revealing Deep Video
    Super-resolution", ICCV 2017).

    Args:
        generator: Config of a network with ``forward_with_motion``.
        pixel_loss: Config of the loss of the frames.
        motion_loss: Config of the loss between the frames that were warped and those they were warped onto.
        flow_loss: Config of a loss of the flow alone, or None.
        **kwargs: As upstream's ``BaseEditModel``.

    Raises:
        ValueError: If the network has no ``forward_with_motion``.
    """

    def __init__(
        self,
        generator: dict,
        pixel_loss: dict,
        motion_loss: dict,
        flow_loss: dict | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(generator=generator, pixel_loss=pixel_loss, **kwargs)
        if not hasattr(self.generator, 'forward_with_motion'):
            raise ValueError(
                f'MotionCompensatedVSR trains networks with forward_with_motion, but got '
                f'{type(self.generator).__name__}; without motion, take BaseEditModel'
            )
        self.motion_loss = MODELS.build(motion_loss)
        self.flow_loss = None if flow_loss is None else MODELS.build(flow_loss)

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """Losses of a batch of clips, (n, t, c, h, w)."""
        output, motion = self.generator.forward_with_motion(inputs, **kwargs)
        target = data_samples.gt_img
        if output.ndim > target.ndim:
            weights = torch.linspace(0.5, 1, output.shape[1]).tolist() if output.shape[1] > 1 else [1.0]
            steps = zip(weights, output.unbind(1), strict=True)
            losses = {'loss_pix': sum(weight * self.pixel_loss(step, target) for weight, step in steps)}
        else:
            losses = {'loss_pix': self.pixel_loss(output, target)}
        losses['loss_motion'] = self.motion_loss(motion.warped, motion.target)
        if self.flow_loss is not None:
            losses['loss_flow'] = self.flow_loss(motion.flow)
        return losses
