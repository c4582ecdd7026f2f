"""Long- and short-range attention over video features.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), section
4.2, eqs. (8)-(14), figures 3 and 5. Features are ``(n, c, t, h, w)``. A block returns the update to *add* to the
features (eq. 17), so a block with zero weights leaves the network unchanged. With ``zero_init`` only the last layer of
a block starts at zero: plugged into a trained network it changes nothing at first, and all its layers learn from the
second step on.

Our reading where the paper states nothing: pooling and the deconvolutions' stride are spatial only; the 4 x 4 x 4
deconvolution keeps the number of frames by dropping the surplus last one; LeakyReLU has slope 0.1; the mask passes a
sigmoid, as in the residual attention network that the paper cites.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .conv3d import Conv1x1x1, Conv3x3x3
from .convolutions import init_zero
from .fast.merged_embeddings import merged_embeddings
from .fast.switch import MERGED_EMBEDDINGS, may_rearrange
from .stochastic import HardAttention, LatentHead

NEGATIVE_SLOPE = 0.1
POOLS = {'max': nn.MaxPool3d, 'avg': nn.AvgPool3d}
MASK_ACTIVATIONS = {'sigmoid': nn.Sigmoid, 'leaky_relu': partial(nn.LeakyReLU, NEGATIVE_SLOPE), 'none': nn.Identity}


def choose(options: dict[str, Callable[..., nn.Module]], name: str, option: str) -> Callable[..., nn.Module]:
    """Return ``options[name]``, or raise a ValueError that lists the options."""
    if name not in options:
        raise ValueError(f'{option} must be one of {sorted(options)}, but got {name!r}')
    return options[name]


def dot_product_attention(query: Tensor, key: Tensor, value: Tensor, scale: float = 1.0) -> Tensor:
    """``softmax(scale * query key^T) value`` (eqs. 9 and 10) without storing the matrix of scores.

    Args:
        query: (n, q, c).
        key: (n, k, c).
        value: (n, k, c).
        scale: Factor of the scores. The paper uses none; transformers use ``c ** -0.5``.

    Returns:
        (n, q, c).
    """
    # PyTorch uses its fused kernels only with a head axis and contiguous channels; otherwise it silently computes the
    # unfused product, with the complete matrix.
    query, key, value = (tokens.contiguous().unsqueeze(1) for tokens in (query, key, value))
    return F.scaled_dot_product_attention(query, key, value, scale=scale).squeeze(1)


class SpatialPool(nn.Module):
    """Halve height and width; an odd row or column is repeated first."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.pool = choose(POOLS, kind, 'pool')((1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, t, h, w) -> (n, c, t, ceil(h / 2), ceil(w / 2))."""
        h, w = x.shape[-2:]
        if h % 2 or w % 2:
            x = F.pad(x, (0, w % 2, 0, h % 2, 0, 0), mode='replicate')
        return self.pool(x)


class SpatialDeconv(nn.ConvTranspose3d):
    """4 x 4 x 4 deconvolution that doubles height and width and keeps the number of frames (figure 3)."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, kernel_size=4, stride=(1, 2, 2), padding=1)

    # The size follows from the input.
    def forward(self, input: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """(n, c, t, h, w) -> (n, c, t, 2h, 2w)."""
        # A kernel of 4 frames at stride 1 outputs one frame too many.
        return super().forward(input)[:, :, : input.shape[2]]


class LongRangeAttention(nn.Module):
    """Every position of the chunk attends to every position of the chunk, and optionally of other frames (eqs. 9-11).

    Convolution and pooling halve height and width; queries, keys and values are 1x1 embeddings of them, keys and values
    pooled once more (as in non-local networks, which the paper follows); the deconvolution restores the size. The
    number of keys is ``t * h * w / 16``, of queries ``t * h * w / 4``; memory is linear in both.

    Args:
        channels: Channels of the features.
        pool: ``'max'`` (default) or ``'avg'``; the paper does not state which.
        scale: Factor of the scores before the softmax; 1 is the paper's.
        variational: Add the two heads of figure 5.
        num_samples: See ``LatentHead``.
        zero_init: Start the last layer at zero: the block adds nothing to a trained network at first.
        hard: Hard attention, see ``HardAttention``, instead of the weighted sum of the values.
    """

    def __init__(
        self,
        channels: int,
        pool: str = 'max',
        scale: float = 1.0,
        variational: bool = False,
        num_samples: int = 0,
        zero_init: bool = False,
        hard: bool = False,
    ) -> None:
        super().__init__()
        self.pool = SpatialPool(pool)
        self.scale = scale
        self.reduce = Conv3x3x3(channels, channels)
        self.query = Conv1x1x1(channels, channels)
        self.key = Conv1x1x1(channels, channels)
        self.value = Conv1x1x1(channels, channels)
        self.product = HardAttention() if hard else dot_product_attention
        self.restore = SpatialDeconv(channels)
        self.head = LatentHead(channels, num_samples) if variational else nn.Identity()
        if zero_init:
            init_zero(self.head.mean if isinstance(self.head, LatentHead) else self.restore)

    def forward(self, x: Tensor, external: Tensor | None = None) -> Tensor:
        """Attend from ``x`` to ``x`` and ``external``.

        Args:
            x: (n, c, t, h, w).
            external: (n, c, t', h, w), features of another sequence of the video, used as keys and values only.

        Returns:
            (n, c, t, h, w), to be added to ``x``.
        """
        return self.attend(x, None if external is None else self.reduced(external))

    def reduced(self, x: Tensor) -> Tensor:
        """Input of the query, key and value embeddings, (n, c, t, h, w) -> (n, c, t, ceil(h / 2), ceil(w / 2))."""
        return self.pool(F.leaky_relu(self.reduce(x), NEGATIVE_SLOPE, inplace=True))

    def attend(self, x: Tensor, external: Tensor | None = None) -> Tensor:
        """``forward`` with external features already passed through ``reduced``, so that many chunks can share them.

        Args:
            x: (n, c, t, h, w).
            external: (n, c, t', ceil(h / 2), ceil(w / 2)), output of ``reduced``.

        Returns:
            (n, c, t, h, w), to be added to ``x``.
        """
        reduced = self.reduced(x)
        source = reduced if external is None else torch.cat((reduced, external), dim=2)
        query = self.query(reduced)
        key, value = (self.pool(embed(source)) for embed in (self.key, self.value))
        attended = self.product(*(_tokens(part) for part in (query, key, value)), scale=self.scale)
        attended = attended.transpose(1, 2).reshape(query.shape)
        restored = self.restore(attended)[..., : x.shape[-2], : x.shape[-1]]
        return self.head(restored)


class ShortRangeAttention(nn.Module):
    """A mask on the values, computed from the neighbourhood bottom-up and top-down (eqs. 12-14).

    Queries and keys are embedded, concatenated and passed through two stacks of convolution and pooling and two
    deconvolutions; two 3 x 3 x 3 kernels give the paper's receptive field of 5 x 5 x 5.

    Args:
        channels: Channels of the features.
        pool: ``'max'`` (default) or ``'avg'``.
        mask_activation: ``'sigmoid'`` (default), ``'leaky_relu'`` or ``'none'``; the paper does not state which.
        variational: Add the two heads of figure 5.
        num_samples: See ``LatentHead``.
        zero_init: Start the last layer at zero: the block adds nothing to a trained network at first.
    """

    def __init__(
        self,
        channels: int,
        pool: str = 'max',
        mask_activation: str = 'sigmoid',
        variational: bool = False,
        num_samples: int = 0,
        zero_init: bool = False,
    ) -> None:
        super().__init__()
        self.pool = SpatialPool(pool)
        self.mask_activation = choose(MASK_ACTIVATIONS, mask_activation, 'mask_activation')()
        self.query = Conv1x1x1(channels, channels)
        self.key = Conv1x1x1(channels, channels)
        self.value = Conv1x1x1(channels, channels)
        self.down1 = Conv3x3x3(2 * channels, channels)
        self.down2 = Conv3x3x3(channels, channels)
        self.up1 = SpatialDeconv(channels)
        self.up2 = SpatialDeconv(channels)
        self.head = LatentHead(channels, num_samples) if variational else nn.Identity()
        if zero_init:
            init_zero(self.head.mean if isinstance(self.head, LatentHead) else self.value)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, t, h, w) -> (n, c, t, h, w), to be added to ``x``."""
        return self.head(self.mask(x) * self.value(x))

    def mask(self, x: Tensor) -> Tensor:
        """Mask ``M`` of eq. (12): (n, c, t, h, w) -> (n, c, t, h, w)."""
        h, w = x.shape[-2:]
        if may_rearrange(MERGED_EMBEDDINGS, x, self.down1.weight):
            mask = merged_embeddings(x, (self.key, self.query), self.down1)
        else:
            mask = self.down1(torch.cat((self.key(x), self.query(x)), dim=1))
        mask = self.pool(F.leaky_relu(mask, NEGATIVE_SLOPE, inplace=True))
        mask = self.pool(F.leaky_relu(self.down2(mask), NEGATIVE_SLOPE, inplace=True))
        mask = F.leaky_relu(self.up1(mask), NEGATIVE_SLOPE, inplace=True)
        return self.mask_activation(self.up2(mask)[..., :h, :w])


def _tokens(features: Tensor) -> Tensor:
    """(n, c, t, h, w) -> (n, t * h * w, c)."""
    return features.flatten(2).transpose(1, 2)
