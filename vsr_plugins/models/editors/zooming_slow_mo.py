"""Training and testing of space-time super-resolution."""

from typing import Any

import torch
from mmagic.models.base_models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor, nn


@MODELS.register_module()
class ZoomingSlowMo(BaseEditModel):
    """Upstream's ``BaseEditModel`` for networks that return more frames than they are given.

    Paper:
        Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution. CVPR 2020.

    The loss is of all frames, given ones and those between them. ``test_cfg=dict(independent_windows=4)`` measures as
    the authors' test script does, see ``restore_in_windows``; without it the network is given the whole clip.

    Args:
        generator (dict): The network, (n, N, c, h, w) -> (n, 2N - 1, c, s * h, s * w), or N frames without
            interpolation.
        pixel_loss (dict): The paper's is ``CharbonnierLoss(reduction='sum', eps=1e-6)``: its epsilon of 1e-3 stands
            squared below the root, and upstream's ``eps`` is what stands there.
        **kwargs: As ``BaseEditModel``.

    Raises:
        ValueError: If ``independent_windows`` is less than 2.
    """

    def __init__(self, generator: dict, pixel_loss: dict, **kwargs: Any) -> None:
        super().__init__(generator=generator, pixel_loss=pixel_loss, **kwargs)
        self.independent_windows = (self.test_cfg or {}).get('independent_windows')
        if self.independent_windows is not None and self.independent_windows < 2:
            raise ValueError(f'independent_windows must be None or at least 2, but got {self.independent_windows}')

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> dict[str, Tensor]:
        """The loss over all frames.

        Raises:
            ValueError: If the ground truth has not as many frames as the network returns.
        """
        output, gt = self.forward_tensor(inputs, data_samples, **kwargs), data_samples.gt_img
        if output.shape != gt.shape:
            raise ValueError(
                f'of {inputs.shape[1]} frames the network returned {tuple(output.shape)}, but the ground truth is '
                f'{tuple(gt.shape)}; HalveFrameRate gives the input every second frame'
            )
        return dict(loss=self.pixel_loss(output, gt))

    def forward_inference(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> DataSample:
        """Predictions of whole clips, (n, t, c, h, w) each."""
        if self.independent_windows is None:
            return super().forward_inference(inputs, data_samples, **kwargs)
        output = restore_in_windows(self.generator, inputs, self.independent_windows)
        return DataSample(pred_img=self.data_preprocessor.destruct(output, data_samples).cpu())


def restore_in_windows(network: nn.Module, lqs: Tensor, length: int) -> Tensor:
    """Restore windows of a clip, each as if it were a clip of its own, as the authors' test script does.

    Neighbouring windows share one input frame, the last one is moved back to end with the clip, and of frames restored
    twice the first is kept. Nothing is remembered from window to window.

    Args:
        network: (n, length, c, h, w) -> (n, 2 * length - 1, c, h', w'), or ``length`` frames.
        lqs: (n, t, c, h, w).
        length: Input frames of a window, at least 2; a shorter clip is one window.

    Returns:
        (n, 2t - 1, c, h', w') or (n, t, c, h', w').
    """
    t = lqs.shape[1]
    if t <= length:
        return network(lqs)
    outputs, made = [], 0
    for start in [*range(0, t - length, length - 1), t - length]:
        output = network(lqs[:, start : start + length])
        per_input = (output.shape[1] - 1) // (length - 1)
        outputs.append(output[:, made - per_input * start :])
        made = per_input * (start + length - 1) + 1
    return torch.cat(outputs, dim=1)
