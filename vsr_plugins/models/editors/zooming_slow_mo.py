"""Train and test space-time super-resolution."""

from collections.abc import Sequence
from typing import Any

import torch
from mmagic.models.base_models import BaseEditModel
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor, nn

from ...temporal_windows import frames_given, space_time_windows


@MODELS.register_module()
class ZoomingSlowMo(BaseEditModel):
    """Upstream's ``BaseEditModel`` for networks that return more frames than they take.

    Paper:
        Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution. CVPR 2020.

    The loss covers all frames, input frames and those between them. ``test_cfg=dict(independent_windows=4)`` measures
    as the authors' test script does, see ``restore_in_windows``; without it the network takes the complete clip, plus a
    second window at its end if it has even length and ``HalveFrameRate(last_window=4)`` kept the last frame. The meta
    key ``input_frames`` of predictions lists the frames that were input.

    Args:
        generator (dict): The network, (n, N, c, h, w) -> (n, 2N - 1, c, s * h, s * w), or N frames without
            interpolation.
        pixel_loss (dict): The paper's is ``CharbonnierLoss(reduction='sum', eps=1e-6)``: its epsilon of 1e-3 is squared
            below the root, and upstream's ``eps`` is the already squared term.
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
        """Compute the loss over all frames.

        Raises:
            ValueError: If the shapes of ground truth and output differ.
        """
        output, gt = self.forward_tensor(inputs, data_samples, **kwargs), data_samples.gt_img
        if output.shape != gt.shape:
            raise ValueError(
                f'the network returned {tuple(output.shape)} for {inputs.shape[1]} frames, but the ground truth is '
                f'{tuple(gt.shape)}; HalveFrameRate selects every second frame as input'
            )
        return dict(loss=self.pixel_loss(output, gt))

    def forward_inference(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> DataSample:
        """Predict complete clips, (n, t, c, h, w) each."""
        # Clips of a batch have one length, so all have the same input frames.
        given = data_samples.metainfo['given'][0] if data_samples is not None and 'given' in data_samples else None
        if self.independent_windows is None and given is None:
            return super().forward_inference(inputs, data_samples, **kwargs)
        given = list(range(0, 2 * inputs.shape[1], 2)) if given is None else list(given)
        windows = space_time_windows(given[-1] + 1, self.independent_windows)
        output = restore_in_windows(self.generator, inputs, windows, given)
        predictions = DataSample(pred_img=self.data_preprocessor.destruct(output, data_samples).cpu())
        predictions.set_metainfo(dict(input_frames=[frames_given(windows)] * len(inputs)))
        return predictions


def restore_in_windows(network: nn.Module, lqs: Tensor, windows: Sequence[range], given: Sequence[int]) -> Tensor:
    """Restore each window of a clip as a separate clip, as the authors' test script does.

    For frames restored twice the first result is kept. No state is carried from window to window.

    Args:
        network: (n, N, c, h, w) -> (n, 2N - 1, c, h', w'), or N frames without interpolation.
        lqs: (n, t, c, h, w).
        windows: Output frames of each call, see ``space_time_windows``.
        given: Indices in the clip of the frames of ``lqs``, t of them.

    Returns:
        (n, windows[-1].stop, c, h', w'), all frames of the clip; without interpolation the input frames.

    Raises:
        ValueError: If a window needs a frame that is not in ``given``.
    """
    if lqs.shape[1] != len(given):
        raise ValueError(f'expected the {len(given)} frames {list(given)}, but got {lqs.shape[1]} frames')
    place = {frame: index for index, frame in enumerate(given)}
    outputs, end = [], 0
    for window in windows:
        missing = [frame for frame in window[::2] if frame not in place]
        if missing:
            raise ValueError(
                f'frames {missing} are not in the input: windows of {len(window[::2])} frames need '
                f'HalveFrameRate(last_window={len(window[::2])})'
            )
        output = network(lqs[:, [place[frame] for frame in window[::2]]])
        made = window if output.shape[1] == len(window) else window[::2]
        outputs.append(output[:, sum(frame < end for frame in made) :])
        end = window.stop
    return torch.cat(outputs, dim=1)
