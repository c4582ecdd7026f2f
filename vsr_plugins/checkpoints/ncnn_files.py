"""The two files of an ncnn model: ``.param`` names its layers, ``.bin`` has their weights one after the other.

Format:
    ``.param`` is text: 7767517, then the numbers of layers and blobs, then a line for each layer: type, name, numbers
    of inputs and outputs, their names, and ``key=value``. Of a convolution 0 is the number of outputs, 1 and 11 width
    and height of the kernel, 5 whether it has a bias, 6 the number of weights.

    ``.bin`` is little-endian. Weights of a convolution begin with a tag of four bytes: 0x01306B47 for float16, filled
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
    """A line of a ``.param``; arrays among its arguments are left out."""

    kind: str
    name: str
    arguments: dict[int, float]

    def number(self, key: int, default: int = 0) -> int:
        """An argument that counts something."""
        return int(self.arguments.get(key, default))


def read_ncnn(param: Path | str, bin: Path | str) -> dict[str, Tensor]:
    """The convolutions of an ncnn model, in the order of its layers.

    Args:
        param: The ``.param``.
        bin: The ``.bin`` with its weights, in float16 or float32.

    Returns:
        ``NAME.weight``, (out, in, height, width), and ``NAME.bias`` of each, float32.

    Raises:
        FileNotFoundError: If either is missing.
        ValueError: If one is damaged, they do not belong together, or other layers have weights.
    """
    param, bin = Path(param).expanduser(), Path(bin).expanduser()
    for path in (param, bin):
        if not path.is_file():
            raise FileNotFoundError(f'an ncnn model is a .param and a .bin, but there is no {path.absolute()}')
    data = memoryview(bin.read_bytes())
    position = 0

    def take(count: int, dtype: str, what: str) -> np.ndarray:
        nonlocal position
        end = position + count * np.dtype(dtype).itemsize
        if end > len(data):
            raise ValueError(
                f'{bin} ({len(data)} bytes) ends within {what}, which needs {end}: it is damaged, or not that of '
                f'{param.name}; copy or download it again'
            )
        values = np.frombuffer(data[position:end], dtype)
        position = end
        return values

    tensors: dict[str, Tensor] = {}
    for layer in _layers(param):
        if layer.kind in WITHOUT_WEIGHTS:
            continue
        if layer.kind != 'Convolution':
            raise ValueError(f'{param} has the layer {layer.name} of type {layer.kind}, whose weights are not read')
        shape = _kernel_shape(layer, param)
        what = f'the weights of {layer.name}'
        tag = int(take(1, '<u4', what)[0])
        if tag not in (FLOAT16_TAG, FLOAT32_TAG):
            raise ValueError(f'{bin}: {what} have the tag {tag:#010x}; float16 and float32 are read, or it is damaged')
        values = take(int(np.prod(shape)), '<f2' if tag else '<f4', what)
        take(-position % ALIGNMENT, 'u1', what)
        tensors[f'{layer.name}.weight'] = torch.from_numpy(values.astype(np.float32)).reshape(shape)
        if layer.number(HAS_BIAS):
            bias = take(shape[0], '<f4', f'the bias of {layer.name}')
            tensors[f'{layer.name}.bias'] = torch.from_numpy(bias.astype(np.float32))
    if position != len(data):
        raise ValueError(
            f'{bin} has {len(data)} bytes, but {param.name} describes {position}: they are not of one model'
        )
    return tensors


def read_ncnn_pair(path: Path | str) -> dict[str, Tensor]:
    """``read_ncnn`` of the file named and the other that lies beside it.

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
            f'{param} ({param.stat().st_size} bytes) is no text, as the .param of an ncnn model is'
        ) from None
    if len(lines) < 2 or lines[0].strip() != MAGIC:
        raise ValueError(f'{param} ({param.stat().st_size} bytes) is no .param of ncnn: line 1 is not {MAGIC}')
    layers = [line for line in lines[2:] if line.strip()]
    declared = lines[1].split()[:1]
    if declared != [str(len(layers))]:
        raise ValueError(f'{param} has {len(layers)} layers of {" ".join(declared)}: copy or download it again')
    for line in layers:
        try:
            kind, name, inputs, outputs, *rest = line.split()
            pairs = (argument.split('=') for argument in rest[int(inputs) + int(outputs) :])
            # Keys below -23300 are those of arrays.
            arguments = {int(key): float(value) for key, value in pairs if int(key) >= 0}
        except ValueError:
            raise ValueError(f'{param} is damaged: {line!r} is no layer') from None
        yield Layer(kind, name, arguments)
