"""Train networks that estimate motion."""

from typing import Any

import torch
from mmagic.models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class MotionCompensatedVSR(BaseEditModel):
    """Train VESPCN, SPMC and FRVSR by losses on the frames, on the warped neighbours and on the roughness of the flow.

    The network returns frames and motion by ``forward_with_motion``. If it returns the frame after several steps,
    (n, k, c, h, w) for a frame (n, c, h, w), the weight of a step grows from one half for the first to one for the last
    ("Detail-revealing Deep Video Super-resolution", ICCV 2017).

    Args:
        generator: Config of a network with ``forward_with_motion``.
        pixel_loss: Config of the loss on the frames.
        motion_loss: Config of the loss between the warped frames and the frames they were warped onto.
        flow_loss: Config of a loss on the flow alone, or None.
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
                f'{type(self.generator).__name__}; for networks without motion use BaseEditModel'
            )
        self.motion_loss = MODELS.build(motion_loss)
        self.flow_loss = None if flow_loss is None else MODELS.build(flow_loss)

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """Compute the losses of a batch of clips, (n, t, c, h, w)."""
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
