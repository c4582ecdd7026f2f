"""Parts of the spatial alignment network: localization network and dense motion."""

import torch
from torch import Tensor, nn

from ..blocks.convolutions import init_kaiming, init_normal
from .patch_grid import PatchGrid

TRANSFORMS = {'translation': 2, 'affine': 6}


class LocalizationNet(nn.Module):
    """Estimate the motion that aligns one patch with another.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.2: two convolutions of 32
        kernels 9 x 9 with ReLU, each with a 2 x 2 max-pooling, a layer of 100 units with ReLU, a layer for the
        parameters.

    The motion starts close to zero; the paper does not state its initialisation.

    Convention:
        In pixels, dx (right) first, from the reference to the neighbour: ``reference(p) ~ neighbour(p + motion(p))``.
        A translation is (dx, dy). An affine motion is (dx, dy, dx', dx'', dy', dy''): at a point (x, y) from the
        middle of the patch, in halves of its size, it is (dx + dx' x + dx'' y, dy + dy' x + dy'' y).

    Args:
        in_channels: Channels of a patch.
        patch_size: Height and width of a patch.
        transform: ``'translation'``, the paper's, or ``'affine'``.
        mid_channels: Kernels of each convolution.
        hidden: Units of the hidden layer.

    Raises:
        ValueError: If ``transform`` is neither, or ``patch_size`` less than 4.
    """

    def __init__(
        self,
        in_channels: int = 1,
        patch_size: int = 36,
        transform: str = 'translation',
        mid_channels: int = 32,
        hidden: int = 100,
    ) -> None:
        super().__init__()
        if transform not in TRANSFORMS:
            raise ValueError(f'transform must be one of {", ".join(TRANSFORMS)}, but got {transform!r}')
        if patch_size < 4:
            raise ValueError(f'patch_size must be at least 4, but got {patch_size}')
        self.patch_size = patch_size
        self.features = nn.Sequential(
            nn.Conv2d(2 * in_channels, mid_channels, 9, padding=4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(mid_channels, mid_channels, 9, padding=4),
            nn.ReLU(),
            nn.MaxPool2d(2),
        )
        first = nn.Linear(mid_channels * (patch_size // 4) ** 2, hidden)
        last = nn.Linear(hidden, TRANSFORMS[transform])
        self.regression = nn.Sequential(first, nn.ReLU(), last)
        for layer in (*self.features, *self.regression):
            if isinstance(layer, nn.Conv2d | nn.Linear):
                init_kaiming(layer)
        init_normal(last, std=1e-3)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Motion of patches, two of (m, c, patch_size, patch_size) -> (m, 2 or 6), pixels."""
        # A constant carries no motion: subtracting the mean makes the estimate independent of brightness.
        pair = torch.cat((references, neighbours), dim=1)
        pair = pair - pair.mean(dim=(-2, -1), keepdim=True)
        return self.regression(self.features(pair).flatten(1))


def dense_motion(theta: Tensor, grid: PatchGrid, h: int, w: int) -> Tensor:
    """Expand the motion of the patches to each pixel.

    Convention:
        That of ``LocalizationNet``; the flow is that of ``flow_warp``.

    Args:
        theta: (m, 2 or 6, rows, columns), pixels.
        grid: Layout of the patches.
        h: Height of the frame.
        w: Width of the frame.

    Returns:
        (m, 2, h, w), pixels.
    """
    spread = grid.spread(theta, h, w)
    if theta.shape[1] == 2:
        return spread
    away = grid.offsets(h, w, theta.device) * (2 / grid.patch_size)
    translation, linear = spread[:, :2], spread[:, 2:].unflatten(1, (2, 2))
    return translation + (linear * away.unsqueeze(1)).sum(dim=2)


def rectified_translation(flow: Tensor, grid: PatchGrid) -> Tensor:
    """Translation of each patch: its average flow, rounded to whole pixels (half to even).

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.1.

    Args:
        flow: (m, 2, h, w), pixels.
        grid: Layout of the patches.

    Returns:
        (m, 2, rows, columns), whole numbers in the dtype of ``flow``.
    """
    return grid.patches(flow).mean(dim=(-2, -1)).round().permute(0, 3, 1, 2)
