"""Draw what EDVR's alignment and fusion do with the frames of a window."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ..models.alignment.optical_flow import DISFlow


@dataclass(frozen=True)
class AlignmentMaps:
    """What happens to each frame of a window, on the grid of the features.

    Attributes:
        before: Flow between the features of the centre frame and of each frame before the alignment, (t, 2, h, w), dx
            first, in pixels of the features.
        after: The same after the alignment.
        attention: Temporal attention of the fusion in [0, 1], the mean over channels, (t, h, w); None without TSA.
    """

    before: np.ndarray
    after: np.ndarray
    attention: np.ndarray | None


def aligns_features(network: nn.Module) -> bool:
    """Whether a network aligns features as EDVR does, also inside another that has it as ``network``."""
    return hasattr(getattr(network, 'network', network), 'pcd_alignment')


@torch.no_grad()
def alignment_maps(network: nn.Module, window: Tensor) -> AlignmentMaps:
    """Compute the maps of figures 8 and 9 of the EDVR paper (CVPR Workshops 2019).

    The flow between features is OpenCV's DIS on their first principal component, in the place of the paper's PWC-Net.

    Args:
        network: A network for which ``aligns_features`` is true.
        window: (1, t, 3, h, w) in [0, 1].
    """
    inner = getattr(network, 'network', network)
    before: list[Tensor] = []
    after: list[Tensor] = []
    fused: list[Tensor] = []

    def note(_: nn.Module, inputs: tuple, output: Tensor) -> None:
        before.append(inputs[0][0][0].clone())
        after.append(output[0].clone())

    handles = [
        inner.pcd_alignment.register_forward_hook(note),
        inner.fusion.register_forward_pre_hook(lambda _, inputs: fused.append(inputs[0].clone())),
    ]
    try:
        network(window)
    finally:
        for handle in handles:
            handle.remove()
    center = len(before) // 2
    attention = None
    if hasattr(inner.fusion, 'temporal_attn1'):
        features = fused[0][0]
        reference = inner.fusion.temporal_attn1(features[center : center + 1])
        similarity = (inner.fusion.temporal_attn2(features) * reference).sum(dim=1)
        attention = similarity.sigmoid().cpu().numpy()
    return AlignmentMaps(_flows(before, center), _flows(after, center), attention)


def alignment_figure(maps: AlignmentMaps, frames: Sequence[np.ndarray], title: str = '') -> Figure:
    """Draw each frame, the flow to its features before and after the alignment, and its temporal attention.

    Args:
        maps: Of these frames.
        frames: (h, w, 3) uint8 RGB each.
        title: Title of the figure.
    """
    rows = 3 + (maps.attention is not None)
    h, w = frames[0].shape[:2]
    width = 2.4
    figure = Figure(figsize=(width * len(frames), rows * (width * h / w + 0.35) + 0.3), layout='constrained', dpi=150)
    grid = figure.subplots(rows, len(frames), squeeze=False)
    longest = max(float(np.linalg.norm(maps.before, axis=1).max()), 1e-6)
    center = len(frames) // 2
    for i, frame in enumerate(frames):
        column = grid[:, i]
        column[0].imshow(frame)
        column[0].set_title('centre' if i == center else f'{i - center:+d}', fontsize=9)
        for axes, name, flow in ((column[1], 'before', maps.before[i]), (column[2], 'after', maps.after[i])):
            axes.imshow(flow_colors(flow, longest))
            axes.set_xlabel(f'flow {name}: {np.linalg.norm(flow, axis=0).mean():.2f} px', fontsize=8)
        if maps.attention is not None:
            image = column[3].imshow(maps.attention[i], vmin=0, vmax=1, cmap='viridis')
            column[3].set_xlabel(f'attention {maps.attention[i].mean():.2f}', fontsize=8)
    if maps.attention is not None:
        figure.colorbar(image, ax=list(grid[3]), shrink=0.8)
    for axes in grid.flat:
        axes.set_xticks([])
        axes.set_yticks([])
    figure.suptitle(title, fontsize=10)
    return figure


def flow_colors(flow: np.ndarray, longest: float) -> np.ndarray:
    """Direction as hue and length as saturation, (2, h, w) -> (h, w, 3) uint8 RGB; no motion is white."""
    length = np.clip(np.linalg.norm(flow, axis=0) / longest, 0, 1)
    angle = np.arctan2(flow[1], flow[0])
    hue = ((angle / (2 * np.pi)) % 1 * 180).astype(np.uint8)
    hsv = np.stack((hue, (255 * length).astype(np.uint8), np.full_like(hue, 255)), axis=2)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)


def _flows(features: Sequence[Tensor], center: int) -> np.ndarray:
    """Flow from the centre frame's features to those of each frame, (t, 2, h, w)."""
    images = _pictures(torch.stack(list(features)).float().cpu())
    return DISFlow()(images[center : center + 1].expand_as(images), images).numpy()


def _pictures(features: Tensor) -> Tensor:
    """First principal component of the channels, scaled to [0, 1] over all frames, (t, c, h, w) -> (t, 3, h, w)."""
    t, c, h, w = features.shape
    pixels = features.permute(0, 2, 3, 1).reshape(-1, c)
    pixels = pixels - pixels.mean(dim=0)
    _, vectors = torch.linalg.eigh(pixels.T @ pixels)
    image = (pixels @ vectors[:, -1]).reshape(t, 1, h, w)
    low, high = image.quantile(0.01), image.quantile(0.99)
    return ((image - low) / (high - low).clamp(min=1e-12)).clamp(0, 1).expand(t, 3, h, w)
