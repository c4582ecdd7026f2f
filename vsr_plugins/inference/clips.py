"""Run a trained model over the clips of a config's data set."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from mmengine.runner import Runner
from torch import Tensor, nn


@dataclass(frozen=True)
class RestoredClip:
    """Input, output and ground truth of one clip.

    Attributes:
        name: Name of the clip in its data set.
        lq: Input frames, (t, h, w, 3) uint8 RGB.
        output: Output frames of the network, (t', H, W, 3) uint8 RGB.
        gt: Ground truth, same shape and type as ``output``.
    """

    name: str
    lq: np.ndarray
    output: np.ndarray
    gt: np.ndarray


def restore_clips(model: nn.Module, dataloader: dict) -> Iterator[RestoredClip]:
    """Run ``model`` over complete clips, one at a time.

    Args:
        model: A subclass of mmagic's ``BaseEditModel`` whose network returns all frames.
        dataloader: A dataloader config whose samples are complete clips (depth 1).
    """
    for batch in Runner.build_dataloader(dataloader):
        with torch.inference_mode():
            samples = model.test_step(batch)
        for sample in samples:
            frames = (sample.input, sample.output.pred_img, sample.gt_img)
            yield RestoredClip(sample.key, *(to_rgb_frames(part) for part in frames))


def to_rgb_frames(frames: Tensor) -> np.ndarray:
    """Convert (t, 3, h, w) BGR in [0, 255], as mmagic's preprocessor returns it, to (t, h, w, 3) uint8 RGB."""
    return frames.flip(1).permute(0, 2, 3, 1).clamp(0, 255).round().to(torch.uint8).cpu().numpy()
