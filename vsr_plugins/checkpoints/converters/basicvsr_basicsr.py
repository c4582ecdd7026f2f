"""Convert BasicVSR from BasicSR (XPixelGroup/BasicSR, basicsr/archs/basicvsr_arch.py).

Paper:
    BasicVSR: The Search for Essential Components in Video Super-Resolution and Beyond. CVPR 2021.

The authors' released weights have these names (REDS4, Vimeo-90K BIx4 and BDx4). They fit upstream's ``BasicVSRNet``
with ``num_blocks=30``. Those for BDx4 need upstream's grid: ``vsr prepare vid4 --bd mmagic``.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from .renaming import check_tensors, count_numbers, rename, weight_of

NETWORK = 'BasicVSRNet'
SOURCE = "BasicSR's BasicVSR"

LEVELS = 6
FLOW_WIDTHS = (8, 32, 64, 32, 16, 2)
HEAD_WIDTH = 64

RULES = (
    # Convolutions and activations alternate.
    *(
        (rf'spynet\.basic_module\.(\d+)\.basic_module\.{2 * i}\.', rf'spynet.basic_module.\1.basic_module.{i}.conv.')
        for i in range(len(FLOW_WIDTHS) - 1)
    ),
    (r'(spynet\.(?:mean|std))$', r'\1'),
    (r'(forward|backward)_trunk\.', r'\1_resblocks.'),
    (r'upconv([12])\.', r'upsample\1.upsample_conv.'),
    (r'((?:fusion|conv_hr|conv_last)\.)', r'\1'),
)


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``BasicVSRNet``; width and depth are inferred.

    Raises:
        ValueError: If they are not those of a BasicVSR; the message has the first keys.
    """
    renamed = rename(state_dict, RULES, SOURCE)
    fusion = weight_of(renamed, 'fusion.weight', 4, SOURCE)
    width = HEAD_WIDTH if fusion is None else len(fusion)
    num_blocks = count_numbers(renamed, r'forward_resblocks\.main\.2\.(\d+)\.')
    expected = {name: torch.empty(shape, device='meta') for name, shape in _shapes(width, num_blocks)}
    return check_tensors(renamed, expected, NETWORK, SOURCE)


def _shapes(width: int, num_blocks: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Names and shapes of ``BasicVSRNet(width, num_blocks)``, in its order."""
    yield 'spynet.mean', (1, 3, 1, 1)
    yield 'spynet.std', (1, 3, 1, 1)
    for level in range(LEVELS):
        for i, (a, b) in enumerate(zip(FLOW_WIDTHS, FLOW_WIDTHS[1:], strict=False)):
            yield from _conv(f'spynet.basic_module.{level}.basic_module.{i}.conv', a, b, 7)
    for direction in ('backward', 'forward'):
        yield from _conv(f'{direction}_resblocks.main.0', width + 3, width)
        for i in range(num_blocks):
            yield from _conv(f'{direction}_resblocks.main.2.{i}.conv1', width, width)
            yield from _conv(f'{direction}_resblocks.main.2.{i}.conv2', width, width)
    yield from _conv('fusion', 2 * width, width, 1)
    yield from _conv('upsample1.upsample_conv', width, 4 * width)
    yield from _conv('upsample2.upsample_conv', width, 4 * HEAD_WIDTH)
    yield from _conv('conv_hr', HEAD_WIDTH, HEAD_WIDTH)
    yield from _conv('conv_last', HEAD_WIDTH, 3)


def _conv(name: str, in_channels: int, out_channels: int, size: int = 3) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f'{name}.weight', (out_channels, in_channels, size, size)
    yield f'{name}.bias', (out_channels,)
