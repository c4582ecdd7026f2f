"""The latent-attention network."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.attention import NEGATIVE_SLOPE, LongRangeAttention, ShortRangeAttention
from ..blocks.chunking import run_in_chunks
from ..blocks.conv3d import Conv3x3x3
from ..blocks.convolutions import init_kaiming
from ..blocks.fast.layout import keep_channels_last
from ..blocks.resize import bicubic_upsample, pad_to_multiple
from ..blocks.upsampling import LinearUpscaler, whole_scale
from .base import Network

BLOCKS = {'L': LongRangeAttention, 'S': ShortRangeAttention}


class LatentAttentionNet(Network):
    """3-D convolutions with attention blocks between them, and a sub-pixel upscaler.

    Paper:
        Efficient Video Super-Resolution with Latent Attention. Computer Science, 2023, 50(11A): 221100156, section 4.3.

    All frames of a chunk are computed at once; there is no recurrence and no sliding window. With ``mid_channels=64``,
    ``num_layers=16``, ``attn_layout='LLSLL'`` and x4 it has the 4,108,739 parameters of the paper's table 5.

    The paper states neither the width nor the places of skips and blocks. Here, as its cited residual networks suggest,
    convolutions 3 and 4, 5 and 6, ... form residual pairs, and one block follows every
    ``num_layers // len(attn_layout)`` convolutions, each added to the features at that point (eq. 17).
    ``attn_layout`` lists the blocks from input to output, L long range and S short range. The text of section 6.3 calls
    ``'LLSLL'`` (LSatn_sl) the best and only it has the parameter count of table 5, whereas table 2 ranks ``'SSLSS'``
    (LSatn_ls) first.

    Args:
        in_channels: Channels of a frame, input and output.
        mid_channels: Width C of every layer.
        num_layers: 3 x 3 x 3 convolutions of the feature extractor, the first one included.
        attn_layout: One letter per block, ``''`` for none.
        scale: Upscaling factor, an integer.
        chunk_length: Frames computed together; longer clips are split, shorter ones padded with black frames (section
            6.2). None: the complete clip at once.
        chunk_overlap: Frames that neighbouring chunks share. The paper's chunks share none.
        pool: Pooling of the attention blocks, ``'max'`` or ``'avg'``.
        mask_activation: Activation of the short-range mask: ``'sigmoid'``, ``'leaky_relu'`` or ``'none'``.
        attn_scale: Factor of the long-range scores; 1 is the paper's.
        variational: Give each block the mean and variance heads of figure 5.
        num_samples: Samples of the heads at test time, 0 for the mean, see ``LatentHead``.
        zero_init: Start each block at zero: with the weights of a trained network without blocks, the output is that
            network's at first (the paper's third contribution).
        global_residual: Add the bicubic upsampling to the output. Not in the paper; short trainings gain from it.
        hard_attention: Let long-range queries take the value of one drawn key (section 3.2), see ``HardAttention``;
            trained by ``LatentAttention(policy_weight=...)``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``attn_layout`` has letters other than L and S or more letters than ``num_layers``, or a number
            is out of range.
    """

    multiple_of = 4
    window = None
    output = 'all'

    def __init__(
        self,
        in_channels: int = 3,
        mid_channels: int = 64,
        num_layers: int = 16,
        attn_layout: str = 'LLSLL',
        scale: int = 4,
        chunk_length: int | None = 7,
        chunk_overlap: int = 0,
        pool: str = 'max',
        mask_activation: str = 'sigmoid',
        attn_scale: float = 1.0,
        variational: bool = False,
        num_samples: int = 0,
        zero_init: bool = False,
        global_residual: bool = False,
        hard_attention: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_layers < 1:
            raise ValueError(f'num_layers must be at least 1, but got {num_layers}')
        if not set(attn_layout) <= set(BLOCKS) or len(attn_layout) > num_layers:
            raise ValueError(
                f'attn_layout takes up to num_layers={num_layers} letters, L or S, but got {attn_layout!r}'
            )
        if chunk_length is not None and not 0 <= chunk_overlap < chunk_length:
            raise ValueError(f'0 <= chunk_overlap < chunk_length is needed, but got {chunk_overlap} and {chunk_length}')
        self.scale = scale = whole_scale(scale)
        self.chunk_length = chunk_length
        self.chunk_overlap = chunk_overlap
        self.global_residual = global_residual

        widths = [in_channels] + [mid_channels] * num_layers
        convs = nn.ModuleList(Conv3x3x3(a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.convs = cast('Sequence[Conv3x3x3]', convs)
        shared = {'pool': pool, 'variational': variational, 'num_samples': num_samples, 'zero_init': zero_init}
        options = {
            'L': {'scale': attn_scale, 'hard': hard_attention, **shared},
            'S': {'mask_activation': mask_activation, **shared},
        }
        every = num_layers // max(len(attn_layout), 1)
        self.attention = nn.ModuleDict(
            {str((i + 1) * every): BLOCKS[kind](mid_channels, **options[kind]) for i, kind in enumerate(attn_layout)}
        )
        self.upscaler = LinearUpscaler(mid_channels, in_channels, scale)
        self._init_convs()
        keep_channels_last(self)

    def _init_convs(self) -> None:
        """Initialise by Kaiming, the second convolution of a residual pair at a tenth: features keep their scale.

        The paper does not state its initialisation. With PyTorch's default the features fade from layer to layer and
        training makes no progress for its first few hundred iterations.
        """
        for module in self.modules():
            if isinstance(module, nn.Conv3d) and module.kernel_size == (3, 3, 3):
                init_kaiming(module, slope=NEGATIVE_SLOPE)
        for conv in self.convs[3::2]:
            conv.weight.data.mul_(0.1)

    def forward(self, lqs: Tensor, key_frames: Tensor | None = None) -> Tensor:
        """All frames: (n, t, c, h, w) in [0, 1] -> (n, t, c, scale * h, scale * w), any t and any size.

        Args:
            lqs: The clip.
            key_frames: (n, k, c, h, w), frames from anywhere in the same video that the long-range blocks attend to
                (section 6.2, external sequence). The network needs no training with them.

        Returns:
            float32, also if the network is ``.bfloat16()`` or runs under autocast.

        Raises:
            ValueError: If the key frames differ from the clip in batch, channels or size.
        """
        t, h, w = lqs.shape[1], *lqs.shape[-2:]
        external = {} if key_frames is None else self._external_features(lqs, key_frames)
        outputs = run_in_chunks(
            partial(self._forward_chunk, external=external),
            pad_to_multiple(lqs, self.multiple_of),
            self.chunk_length or t,
            self.chunk_overlap,
        )
        outputs = outputs[..., : h * self.scale, : w * self.scale]
        if self.global_residual:
            outputs = outputs + bicubic_upsample(lqs, self.scale)
        return outputs

    def _external_features(self, lqs: Tensor, key_frames: Tensor) -> dict[str, Tensor]:
        """Keys and values of each long-range block besides the chunk: layer number -> (n, c, k, h / 2, w / 2).

        Key frames are not neighbours in time. Each passes the layers as a separate clip, a still of three frames, and
        the features of the middle one are used: no layer mixes two key frames, and each input resembles the training
        inputs. The paper does not state how it does this.
        """
        if key_frames.shape[0] != lqs.shape[0] or key_frames.shape[2:] != lqs.shape[2:]:
            raise ValueError(
                'key frames must have the batch, channels and size of the clip, '
                f'but got {tuple(key_frames.shape)} for a clip of {tuple(lqs.shape)}'
            )
        n, k = key_frames.shape[:2]
        stills = pad_to_multiple(key_frames, self.multiple_of).flatten(0, 1).unsqueeze(2).expand(-1, -1, 3, -1, -1)
        features: dict[str, Tensor] = {}
        self.extract(self._to_layout(stills), taps=features)
        return {
            number: block.reduced(features[number])[:, :, 1].unflatten(0, (n, k)).transpose(1, 2)
            for number, block in self.attention.items()
            if isinstance(block, LongRangeAttention)
        }

    def _forward_chunk(self, lqs: Tensor, external: Mapping[str, Tensor]) -> Tensor:
        n, t = lqs.shape[:2]
        features = self.extract(self._to_layout(lqs.transpose(1, 2)), external)
        frames = features.transpose(1, 2).flatten(0, 1)
        return self.upscaler(frames).unflatten(0, (n, t))

    def _to_layout(self, x: Tensor) -> Tensor:
        return x.to(self.convs[0].weight.dtype).contiguous(memory_format=torch.channels_last_3d)

    def extract(
        self, x: Tensor, external: Mapping[str, Tensor] | None = None, taps: dict[str, Tensor] | None = None
    ) -> Tensor:
        """Features of a chunk, (n, in_channels, t, h, w) -> (n, mid_channels, t, h, w); h, w multiples of 4.

        Args:
            x: The chunk.
            external: Number of the layer before a long-range block -> external features, passed through the ``reduced``
                of that block.
            taps: Receives the input of every block, by the number of the layer before it.
        """
        skip = x
        for number, conv in enumerate(self.convs, start=1):
            if number > 2 and number % 2 == 1:
                skip = x
            x = F.leaky_relu(conv(x), NEGATIVE_SLOPE, inplace=True)
            if number > 2 and number % 2 == 0:
                x = _add(x, skip)
            name = str(number)
            if name in self.attention:
                block = self.attention[name]
                if taps is not None:
                    taps[name] = x
                others = None if external is None else external.get(name)
                if others is not None and isinstance(block, LongRangeAttention):
                    x = _add(block.attend(x, others), x)
                else:
                    x = _add(block(x), x)
        return x


def _add(fresh: Tensor, x: Tensor) -> Tensor:
    """``fresh + x``, in place if ``fresh`` needs no gradient."""
    return fresh + x if fresh.requires_grad else fresh.add_(x)
