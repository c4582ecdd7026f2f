"""Networks as ONNX files, each compared with PyTorch before it gets its name."""

import contextlib
import logging
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from ..media.atomic_files import atomic_write
from ..models.blocks.deform import deform_backend
from ..models.input_spec import InputSpec, input_spec
from .predictor import network_of, normalisation_of

if TYPE_CHECKING:
    import onnx

PACKAGES = ('onnx', 'onnxruntime', 'onnxscript')
OPSETS = range(18, 24)
# Deformable convolution is an operator of its own from here on.
DEFORMABLE_OPSET = 19
TOLERANCE = 1e-4
# Size of the frames a network is traced with where none is asked for, before it is filled to what the network spec,
# and how much larger those are on which a file for any size is tried once more.
TRACED = (48, 64)
LARGER = (2, 1)
# Sides that are left free are taken to be at least this.
MIN_SIZE = 8
# Frames of a network that takes any number.
FRAMES = 7


@dataclass(frozen=True)
class Export:
    """A file that was written.

    Attributes:
        path: The file.
        shape: Of its input, ``lqs``: numbers, or None where any goes.
        multiple_of: What height and width must be multiples of, where any goes.
        opset: Version of the ONNX operators.
        difference: Greatest difference of its output from PyTorch's, on random frames.
    """

    path: Path
    shape: tuple[int | None, ...]
    multiple_of: int
    opset: int
    difference: float

    def __str__(self) -> str:
        """One line for the user."""
        shape = ', '.join('any' if size is None else str(size) for size in self.shape)
        multiple = (
            f', height and width multiples of {self.multiple_of}'
            if None in self.shape[-2:] and self.multiple_of > 1
            else ''
        )
        return f'{self.path}: input ({shape}){multiple}; differs from PyTorch by {self.difference:.1e} at most'


@torch.no_grad()
def export_onnx(
    model: nn.Module,
    path: str | Path,
    size: tuple[int, int] | None = None,
    frames: int | None = None,
    opset: int = 20,
    overwrite: bool = False,
) -> Export:
    """Write a network as an ONNX file with one input, ``lqs``, and one output, ``output``, RGB in [0, 1].

    The file is run by onnxruntime on random frames, of two sizes where it is for any size, and compared with PyTorch.
    It appears under its name only if the two agree. Its metadata say what the network needs: ``scale``,
    ``multiple_of``, ``frames`` and ``output`` (see the contract of networks).

    Args:
        model: A network, (1, t, c, h, w) or (n, c, h, w) -> frames in [0, 1], or an editor, whose network is written
            together with the normalisation that it was trained with; on the CPU.
        path: File to write.
        size: Height and width of the frames; None leaves them free.
        frames: Frames of a clip, for networks that take any number; 7 by default.
        opset: Version of the ONNX operators. Deformable convolution wants 19.
        overwrite: Replace a file that is there.

    Raises:
        FileExistsError: If the file is there and ``overwrite`` is off.
        ValueError: If a package is missing, an argument is out of range, an operator cannot be exported, the size
            cannot be left free, or onnxruntime's output is not PyTorch's.
    """
    path = Path(path)
    check_target(path, overwrite)
    if opset not in OPSETS:
        raise ValueError(f'opset must be between {OPSETS[0]} and {OPSETS[-1]}, but got {opset}')
    if size is not None and min(size) < 1:
        raise ValueError(f'size must be height and width of at least 1, but got {size}')
    wrapped = _Plain(model).eval()
    network = wrapped.network
    spec = input_spec(network)
    multiple = math.lcm(getattr(network, 'multiple_of', 1), spec.multiple_of)
    t = _clip_length(network, spec, frames)
    traced = size or tuple(-(-max(side, spec.min_size) // multiple) * multiple for side in TRACED)
    lqs = _random_clip(spec, t, traced)
    graph = _translate(wrapped, lqs, spec, multiple if size is None else None, opset)
    examples = [lqs]
    if size is None:
        larger = tuple(side + more * multiple for side, more in zip(traced, LARGER, strict=True))
        examples.append(_random_clip(spec, t, larger))
    _describe(graph, spec, multiple, t)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as partial:
        partial.write_bytes(graph.SerializeToString())
        difference = _check(partial, wrapped, examples)
    shape = tuple(dim.dim_value or None for dim in graph.graph.input[0].type.tensor_type.shape.dim)
    return Export(path, shape, multiple, opset, difference)


class _Plain(nn.Module):
    """A network from RGB in [0, 1] to the same, whatever range and order it was trained on, and of one output."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.network = network_of(model)
        self.mean, self.std, self.bgr = normalisation_of(model, torch.device('cpu'))
        self.plain = not self.mean.any() and bool((self.std == 1).all())

    def forward(self, lqs: Tensor) -> Tensor:
        lqs = lqs.flip(-3) if self.bgr else lqs
        output = self.network(lqs if self.plain else (lqs - self.mean) / self.std)
        output = output[0] if isinstance(output, (tuple, list)) else output
        output = output if self.plain else output * self.std + self.mean
        return output.flip(-3) if self.bgr else output


def check_target(path: Path, overwrite: bool) -> None:
    """Refuse, before anything is computed, what cannot be written in the end.

    Raises:
        FileExistsError: If the file is there and ``overwrite`` is off.
        ValueError: If a package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ValueError(f"export needs {' and '.join(missing)}: pip install 'vsr_plugins[export]'")
    if path.exists() and not overwrite:
        raise FileExistsError(f'{path} is already there; replace it with --force (overwrite=True)')


def _clip_length(network: nn.Module, spec: InputSpec, frames: int | None) -> int:
    if frames is not None and frames < 1:
        raise ValueError(f'frames must be at least 1, but got {frames}')
    own = 1 if spec.single_image else spec.window
    if own is None:
        return max(frames or getattr(network, 'chunk_length', None) or FRAMES, spec.min_frames)
    if frames not in (None, own):
        raise ValueError(f'{type(network).__name__} takes {own} frames, but {frames} were asked for')
    return own


def _random_clip(spec: InputSpec, t: int, size: tuple[int, int]) -> Tensor:
    height, width = (side * spec.scale if spec.pre_upsampled else side for side in size)
    # A batch of one would be taken for a constant.
    lead = (2,) if spec.single_image else (1, t)
    return torch.rand(*lead, 3, height, width, generator=torch.Generator().manual_seed(0))


def _translate(network: nn.Module, lqs: Tensor, spec: InputSpec, multiple: int | None, opset: int) -> 'onnx.ModelProto':
    """The network as an ONNX graph; with ``multiple``, for any height and width that are multiples of it."""
    shapes = None
    if multiple:
        multiple *= spec.scale if spec.pre_upsampled else 1
        least = max(-(-spec.min_size // multiple), -(-MIN_SIZE // multiple))
        sides = [torch.export.Dim(name, min=least) for name in ('h', 'w')]
        free = {lqs.ndim - 2 + i: side if multiple == 1 else multiple * side for i, side in enumerate(sides)}
        shapes = ({**free, 0: torch.export.Dim('n')} if spec.single_image else free,)
    try:
        # The compiled operator, one node, in place of the many that sample on the CPU.
        with _quiet(), deform_backend('torchvision'):
            program = torch.onnx.export(
                network,
                (lqs,),
                dynamo=True,
                verbose=False,
                opset_version=opset,
                dynamic_shapes=shapes,
                input_names=['lqs'],
                output_names=['output'],
                custom_translation_table={torch.ops.aten.remainder.Scalar: _remainder},
            )
    except Exception as error:  # the exporter's errors have no common type
        raise ValueError(_reason(network.network, error, free=multiple is not None)) from error
    model = program.model_proto
    written = next(entry.version for entry in model.opset_import if not entry.domain)
    if written != opset or (opset < DEFORMABLE_OPSET and any(n.op_type == 'DeformConv' for n in model.graph.node)):
        raise ValueError(
            f'{type(network.network).__name__} has operators that opset {opset} lacks; '
            f'ask for {max(DEFORMABLE_OPSET, opset + 1)} or later'
        )
    return model


def _remainder(dividend: object, divisor: object) -> object:
    """``aten::remainder`` of a tensor of whole numbers and a size that is left free, which the exporter lacks."""
    from onnxscript import opset20

    return opset20.Mod(dividend, opset20.CastLike(divisor, dividend))


def _reason(network: nn.Module, error: BaseException, free: bool) -> str:
    """One line: the operator that stands in the way, or what the tracing stumbled over."""
    name = type(network).__name__
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 9:
        chain.append(cause)
    text = '\n'.join(str(link) for link in chain)
    for pattern in (r"OpOverload\(op='([\w.:]+)'", r'target=(?:torch\.ops\.)?([\w.]+)\]', r'operator (\S+::\w+)'):
        if found := re.search(pattern, text):
            return f'{name} cannot be exported: ONNX has no form of its operator {found[1]}'
    if '.numpy()' in text:
        return f'{name} cannot be exported: it computes outside PyTorch (Tensor.numpy), where no graph leads'
    if 'data-dependent' in text:
        return f'{name} cannot be exported: it decides by the values of its frames (aten::item), where no graph leads'
    first = next((line.strip() for line in str(chain[-1]).splitlines() if line.strip()), type(chain[-1]).__name__)
    way = ' with the size of its frames left free; give a size (--size HxW)' if free else ''
    return f'{name} cannot be exported{way}: {first[:200]}'


def _describe(model: 'onnx.ModelProto', spec: InputSpec, multiple: int, t: int) -> None:
    from onnx.helper import set_model_props

    entries = dict(scale=spec.scale, multiple_of=multiple, frames=t, output=spec.output, range='RGB in [0, 1]')
    set_model_props(model, {name: str(value) for name, value in entries.items()})


def _check(path: Path, network: _Plain, examples: list[Tensor]) -> float:
    """Greatest difference between onnxruntime and PyTorch on all examples, the first of the traced size.

    Raises:
        ValueError: If it is too great, or onnxruntime refuses the file.
    """
    import onnxruntime

    name = type(network.network).__name__
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    greatest = 0.0
    for number, lqs in enumerate(examples):
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
            (output,) = session.run(None, {'lqs': lqs.numpy()})
            reason = ''
        except Exception as error:  # onnxruntime's errors have no common type
            reason = str(error).splitlines()[0]
        expected = network(lqs.clone()).numpy()
        if not reason and output.shape == expected.shape:
            greatest = max(greatest, float(np.abs(output - expected).max()))
            if greatest <= TOLERANCE:
                continue
        if number:
            raise ValueError(
                f'{name} cannot be exported with the size of its frames left free: '
                'its code takes a size for a constant. Give a size (--size HxW)'
            )
        reason = reason or f'its output differs from PyTorch by {greatest:.1e}, and {TOLERANCE:.0e} is allowed'
        raise ValueError(f'{name} is exported, but onnxruntime does not compute the same: {reason}')
    return greatest


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter says on its way."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(StringIO()), contextlib.redirect_stderr(StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(logging.NOTSET)
