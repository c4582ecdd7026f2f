"""Convert RRDBNet x4 of ESRGAN and Real-ESRGAN from ncnn: IN is the .param or the .bin, next to the other.

Paper:
    Real-ESRGAN: Training Real-World Blind Super-Resolution with Pure Synthetic Data. ICCV Workshops 2021.

ncnn numbers the convolutions in the order in which the network runs them. They fit upstream's ``RRDBNet`` with
``upscale_factor=4``: 351 for ``num_blocks=23``.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ..ncnn_files import read_ncnn_pair
from .renaming import check_tensors, weight_of

NETWORK = 'RRDBNet'
SOURCE = "ncnn's RRDBNet"

# Reads a file of this source.
read = read_ncnn_pair

HEAD, TAIL = ('conv_first',), ('conv_body', 'conv_up1', 'conv_up2', 'conv_hr', 'conv_last')
DENSE_BLOCKS, DENSE_CONVS = 3, 5
CHANNELS = 3


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``RRDBNet``; its widths and its depth are inferred.

    Args:
        state_dict: ``NAME.weight`` and ``NAME.bias`` of each convolution, in the order of the network.

    Raises:
        ValueError: If they are not those of an RRDBNet; the message has the first that does not fit.
    """
    theirs = list(dict.fromkeys(name.rpartition('.')[0] for name in state_dict))
    num_blocks, rest = divmod(len(theirs) - len(HEAD) - len(TAIL), DENSE_BLOCKS * DENSE_CONVS)
    if rest or num_blocks < 1:
        raise ValueError(f'not weights of {SOURCE}: they have {len(theirs)} convolutions, first {theirs[:1]}')
    ours = dict(zip(theirs, _convolutions(num_blocks), strict=True))
    renamed = {}
    for name, value in state_dict.items():
        layer, _, kind = name.rpartition('.')
        renamed[f'{ours[layer]}.{kind}'] = value
    first = weight_of(renamed, 'conv_first.weight', 4, SOURCE)
    grown = weight_of(renamed, 'body.0.rdb1.conv1.weight', 4, SOURCE)
    if first is None or grown is None:
        raise ValueError(f'not weights of {SOURCE}: {theirs[0]} has no weight')
    expected = {name: torch.empty(shape, device='meta') for name, shape in _shapes(num_blocks, len(first), len(grown))}
    return check_tensors(renamed, expected, NETWORK, SOURCE)


def _convolutions(num_blocks: int) -> Iterator[str]:
    """Yield the names in ``RRDBNet``, in the order in which it runs them."""
    yield from HEAD
    for block in range(num_blocks):
        for dense in range(DENSE_BLOCKS):
            for conv in range(DENSE_CONVS):
                yield f'body.{block}.rdb{dense + 1}.conv{conv + 1}'
    yield from TAIL


def _shapes(num_blocks: int, width: int, growth: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield names and shapes of ``RRDBNet(3, 3, width, num_blocks, growth)``, in its order."""
    for name in _convolutions(num_blocks):
        inputs, outputs = (CHANNELS if name == 'conv_first' else width), (CHANNELS if name == 'conv_last' else width)
        if name.startswith('body.'):
            place = int(name[-1]) - 1
            inputs, outputs = width + place * growth, width if place == DENSE_CONVS - 1 else growth
        yield f'{name}.weight', (outputs, inputs, 3, 3)
        yield f'{name}.bias', (outputs,)
