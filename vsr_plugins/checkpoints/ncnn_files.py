"""Read the two files of an ncnn model: ``.param`` describes its layers, ``.bin`` contains their weights in order.

Format:
    ``.param`` is text: 7767517, then the numbers of layers and blobs, then a line for each layer: type, name, numbers
    of inputs and outputs, their names, and ``key=value``. Keys of a convolution: 0 is the number of outputs, 1 and 11
    width and height of the kernel, 5 whether it has a bias, 6 the number of weights.

    ``.bin`` is little-endian. Weights of a convolution begin with a tag of four bytes: 0x01306B47 for float16, padded
    to a multiple of four bytes, and 0 for float32. Its bias is float32, without a tag.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

MAGIC = '7767517'
FLOAT16_TAG = 0x01306B47
FLOAT32_TAG = 0
ALIGNMENT = 4
# Keys of a convolution.
OUTPUTS, KERNEL_WIDTH, HAS_BIAS, WEIGHTS, KERNEL_HEIGHT = 0, 1, 5, 6, 11
WITHOUT_WEIGHTS = frozenset(
    ('Input', 'Split', 'Concat', 'Eltwise', 'BinaryOp', 'UnaryOp', 'Interp', 'PixelShuffle', 'ReLU', 'Sigmoid', 'TanH')
    + ('Clip', 'Crop', 'Padding', 'Permute', 'Reshape', 'Noop')
)


@dataclass(frozen=True)
class Layer:
    """A line of a ``.param``, without the arrays among its arguments."""

    kind: str
    name: str
    arguments: dict[int, float]

    def number(self, key: int, default: int = 0) -> int:
        """Return an argument as an integer."""
        return int(self.arguments.get(key, default))


def read_ncnn(param: Path | str, bin: Path | str) -> dict[str, Tensor]:
    """Read the convolutions of an ncnn model, in the order of its layers.

    Args:
        param: The ``.param``.
        bin: The ``.bin`` with its weights, in float16 or float32.

    Returns:
        ``NAME.weight``, (out, in, height, width), and ``NAME.bias`` of each, float32.

    Raises:
        FileNotFoundError: If either is missing.
        ValueError: If one is damaged, they belong to different models, or other layers have weights.
    """
    param, bin = Path(param).expanduser(), Path(bin).expanduser()
    for path in (param, bin):
        if not path.is_file():
            raise FileNotFoundError(f'an ncnn model is a .param and a .bin, but {path.absolute()} does not exist')
    data = memoryview(bin.read_bytes())
    position = 0

    def take(count: int, dtype: str, part: str) -> np.ndarray:
        nonlocal position
        end = position + count * np.dtype(dtype).itemsize
        if end > len(data):
            raise ValueError(
                f'{bin} ({len(data)} bytes) ends within {part}, which needs {end}: it is damaged, or does not belong '
                f'to {param.name}; copy or download it again'
            )
        values = np.frombuffer(data[position:end], dtype)
        position = end
        return values

    tensors: dict[str, Tensor] = {}
    for layer in _layers(param):
        if layer.kind in WITHOUT_WEIGHTS:
            continue
        if layer.kind != 'Convolution':
            raise ValueError(f'{param} has the layer {layer.name} of type {layer.kind}, which is not supported')
        shape = _kernel_shape(layer, param)
        part = f'the weights of {layer.name}'
        tag = int(take(1, '<u4', part)[0])
        if tag not in (FLOAT16_TAG, FLOAT32_TAG):
            raise ValueError(f'{bin}: {part} have the tag {tag:#010x}, neither float16 nor float32; it may be damaged')
        values = take(int(np.prod(shape)), '<f2' if tag else '<f4', part)
        take(-position % ALIGNMENT, 'u1', part)
        tensors[f'{layer.name}.weight'] = torch.from_numpy(values.astype(np.float32)).reshape(shape)
        if layer.number(HAS_BIAS):
            bias = take(shape[0], '<f4', f'the bias of {layer.name}')
            tensors[f'{layer.name}.bias'] = torch.from_numpy(bias.astype(np.float32))
    if position != len(data):
        raise ValueError(
            f'{bin} has {len(data)} bytes, but {param.name} describes {position}: they belong to different models'
        )
    return tensors


def read_ncnn_pair(path: Path | str) -> dict[str, Tensor]:
    """Call ``read_ncnn`` for a file and its counterpart in the same folder.

    Raises:
        FileNotFoundError: If either is missing.
        ValueError: See ``read_ncnn``; or if ``path`` is neither a ``.param`` nor a ``.bin``.
    """
    path = Path(path).expanduser()
    if path.suffix not in ('.param', '.bin'):
        raise ValueError(f'an ncnn model is a .param and a .bin, but got {path}')
    return read_ncnn(path.with_suffix('.param'), path.with_suffix('.bin'))


def _kernel_shape(layer: Layer, param: Path) -> tuple[int, int, int, int]:
    out, width, count = (layer.number(key) for key in (OUTPUTS, KERNEL_WIDTH, WEIGHTS))
    height = layer.number(KERNEL_HEIGHT, width)
    if min(out, width, height, count) < 1 or count % (out * width * height):
        raise ValueError(
            f'{param} is damaged: {layer.name} has {count} weights for {out} kernels of {width} x {height}'
        )
    return out, count // (out * width * height), height, width


def _layers(param: Path) -> Iterator[Layer]:
    try:
        lines = param.read_text(encoding='utf-8').splitlines()
    except UnicodeDecodeError:
        raise ValueError(
            f'{param} ({param.stat().st_size} bytes) is not a text file, so not the .param of an ncnn model'
        ) from None
    if len(lines) < 2 or lines[0].strip() != MAGIC:
        raise ValueError(f'{param} ({param.stat().st_size} bytes) is not a .param of ncnn: line 1 is not {MAGIC}')
    layers = [line for line in lines[2:] if line.strip()]
    declared = lines[1].split()[:1]
    if declared != [str(len(layers))]:
        raise ValueError(f'{param} has {len(layers)} of {" ".join(declared)} layers: copy or download it again')
    for line in layers:
        try:
            kind, name, inputs, outputs, *rest = line.split()
            pairs = (argument.split('=') for argument in rest[int(inputs) + int(outputs) :])
            # Keys below -23300 mark arrays.
            arguments = {int(key): float(value) for key, value in pairs if int(key) >= 0}
        except ValueError:
            raise ValueError(f'{param} is damaged: {line!r} is not a layer') from None
        yield Layer(kind, name, arguments)
