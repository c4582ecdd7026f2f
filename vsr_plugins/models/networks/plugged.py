"""Attention blocks plugged into any network."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from ..blocks.attention import LongRangeAttention, ShortRangeAttention
from ..blocks.resize import pad_to_multiple
from ..build import build_network
from ..input_spec import input_spec
from .base import Network

BLOCKS = {'LongRangeAttention': LongRangeAttention, 'ShortRangeAttention': ShortRangeAttention}


class PluggedNet(Network):
    """A network with attention blocks before some of its parts.

    Paper:
        Efficient Video Super-Resolution with Latent Attention. Computer Science, 2023, 50(11A): 221100156, section 4.3:
        a block equivalent to zero can be plugged into a trained network, also one for another task. Blocks start at
        zero here, so the network is unchanged until it is trained on.

    The block is added to the features that enter the part (eq. 17): frames of a clip, (n, t, c, h, w), or the same with
    frames and channels joined, (n, t * c, h, w), or one frame of features, (n, c, h, w), as a clip of one.

    The names of the network's parameters begin with ``network.``, those of blocks with ``blocks.``.

    Args:
        network: Config of the network.
        blocks: Name of a part, such as ``'fusion'`` -> config of the block before it: ``type`` is
            ``'LongRangeAttention'`` or ``'ShortRangeAttention'``, ``channels`` those of a frame's features.
        with_tsa: As in ``AlignedNet``: for upstream's EDVR editor.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If the network has no part of a name, a block is neither, or ``with_tsa`` is not the network's.
    """

    def __init__(
        self,
        network: dict,
        blocks: Mapping[str, Mapping[str, Any]],
        with_tsa: bool | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.network: nn.Module = build_network(network)
        if with_tsa is not None and with_tsa != getattr(self.network, 'with_tsa', False):
            raise ValueError(f'with_tsa must equal the with_tsa of the network, but got {with_tsa}')
        spec = input_spec(self.network)
        self.scale, self.window, self.output = spec.scale, spec.window, spec.output
        self.multiple_of = spec.multiple_of
        parts = dict(self.network.named_modules())
        built = {}
        for name, config in blocks.items():
            arguments = {'zero_init': True, **config}
            kind = arguments.pop('type', None)
            if not name or name not in parts:
                raise ValueError(f'{type(self.network).__name__} has no part {name!r} to plug a block before')
            if kind not in BLOCKS:
                raise ValueError(f'the block before {name} must be one of {", ".join(BLOCKS)}, but got {kind!r}')
            # Module names take no dots.
            built[name.replace('.', '_')] = block = BLOCKS[kind](**arguments)
            channels = arguments['channels']
            parts[name].register_forward_pre_hook(partial(_plug, block=block, channels=channels))
        self.blocks = nn.ModuleDict(built)

    def forward(self, lqs: Tensor, **kwargs: Any) -> Tensor:
        """As the network: (n, t, c, h, w) in [0, 1] -> its output, any size.

        Args:
            lqs: The clip. For a network that takes multiples of some number, the last row and column are repeated.
            **kwargs: Passed to the network.
        """
        h, w = (self.scale * size for size in lqs.shape[-2:])
        return self.network(pad_to_multiple(lqs, self.multiple_of), **kwargs)[..., :h, :w]


def _plug(part: nn.Module, inputs: tuple[Tensor, ...], block: nn.Module, channels: int) -> tuple[Tensor, ...]:
    """Add the block to the first input of a part."""
    features, *others = inputs
    clip = features if features.ndim == 5 else features.unflatten(1, (-1, channels))
    update = block(clip.transpose(1, 2)).transpose(1, 2)
    return features + update.reshape(features.shape), *others
