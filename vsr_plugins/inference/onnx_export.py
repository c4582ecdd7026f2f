"""Export networks to ONNX files, and compare each file with PyTorch before it is published."""

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

from ..media.atomic_files import atomic_write, require_output
from ..models.blocks.deform import deform_backend
from ..models.input_spec import InputSpec, input_spec
from .predictor import network_of, normalisation_of

if TYPE_CHECKING:
    import onnx

PACKAGES = ('onnx', 'onnxruntime', 'onnxscript')
OPSETS = range(18, 24)
# First opset with an operator for deformable convolution.
DEFORMABLE_OPSET = 19
TOLERANCE = 1e-4
# Default (h, w) of the frames a network is traced with, before they are rounded up to what the network requires. A file
# for any size is checked again on frames larger by LARGER times the network's multiple.
TRACED = (48, 64)
LARGER = (2, 1)
# Minimum of a dynamic side.
MIN_SIZE = 8
# Default clip length of a network that takes any number of frames and declares none.
FRAMES = 7


@dataclass(frozen=True)
class Export:
    """A written ONNX file.

    Attributes:
        path: The file.
        shape: Shape of its input, ``lqs``; None for an axis of any size.
        multiple_of: Height and width must be multiples of this if they may vary.
        opset: Version of the ONNX operators.
        difference: Maximum absolute difference of its output from PyTorch's, on random frames.
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

    onnxruntime runs the file on random frames (of two sizes if the file is for any size). The file is published only
    if the outputs agree with PyTorch's. Its metadata hold the requirements of the network: ``scale``, ``multiple_of``,
    ``frames``, ``output`` and others (see the contract of networks), by which ``OnnxNetwork`` runs it on videos.

    Args:
        model: A network, (1, t, c, h, w) or (n, c, h, w) -> frames in [0, 1], or an editor, whose network is exported
            together with the normalisation it was trained with; on the CPU.
        path: File to write.
        size: Height and width of the frames; None makes both axes dynamic.
        frames: Frames in a clip, for networks that take any number. By default 1 if every frame is restored by itself,
            else the length of the network's chunks, else 7.
        opset: Version of the ONNX operators. Deformable convolution needs 19.
        overwrite: Replace an existing file.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is off.
        ValueError: If a package is missing, an argument is out of range, an operator cannot be exported, the network
            does not allow a dynamic size, or onnxruntime's output differs from PyTorch's.
    """
    path = Path(path)
    check_target(path, overwrite)
    if opset not in OPSETS:
        raise ValueError(f'opset must be between {OPSETS[0]} and {OPSETS[-1]}, but got {opset}')
    if size is not None and min(size) < 1:
        raise ValueError(f'size must be height and width of at least 1, but got {size}')
    wrapped = _RgbNetwork(model).eval()
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


class _RgbNetwork(nn.Module):
    """A network wrapped to map RGB in [0, 1] to RGB in [0, 1], whatever its normalisation, with a single output."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.network = network_of(model)
        self.mean, self.std, self.bgr = normalisation_of(model, torch.device('cpu'))
        self.is_unscaled = not self.mean.any() and bool((self.std == 1).all())

    def forward(self, lqs: Tensor) -> Tensor:
        """RGB frames in [0, 1], (1, t, c, h, w) or (n, c, h, w) -> the network's output as RGB in [0, 1]."""
        lqs = lqs.flip(-3) if self.bgr else lqs
        output = self.network(lqs if self.is_unscaled else (lqs - self.mean) / self.std)
        output = output[0] if isinstance(output, (tuple, list)) else output
        output = output if self.is_unscaled else output * self.std + self.mean
        return output.flip(-3) if self.bgr else output


def check_target(path: Path, overwrite: bool) -> None:
    """Check, before anything is computed, that the file can be written.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is off.
        ValueError: If a package is missing.
    """
    missing = [name for name in PACKAGES if find_spec(name) is None]
    if missing:
        raise ValueError(f"export needs {' and '.join(missing)}: pip install 'vsr_plugins[export]'")
    require_output(path, overwrite)


def _clip_length(network: nn.Module, spec: InputSpec, frames: int | None) -> int:
    if frames is not None and frames < 1:
        raise ValueError(f'frames must be at least 1, but got {frames}')
    own = 1 if spec.single_image else spec.window
    if own is None:
        # A network that restores every frame by itself declares clips of one frame.
        default = 1 if spec.clip_len == 1 else getattr(network, 'chunk_length', None) or FRAMES
        return max(frames or default, spec.min_frames)
    if frames not in (None, own):
        raise ValueError(f'{type(network).__name__} takes {own} frames, but got frames={frames}')
    return own


def _random_clip(spec: InputSpec, t: int, size: tuple[int, int]) -> Tensor:
    height, width = (side * spec.scale if spec.pre_upsampled else side for side in size)
    # The exporter would treat a batch of one as a constant.
    lead = (2,) if spec.single_image else (1, t)
    return torch.rand(*lead, 3, height, width, generator=torch.Generator().manual_seed(0))


def _translate(network: nn.Module, lqs: Tensor, spec: InputSpec, multiple: int | None, opset: int) -> 'onnx.ModelProto':
    """Export the network as an ONNX graph; with ``multiple``, for any height and width that are multiples of it."""
    import torchvision  # noqa: F401 (registers the operators that the exporter translates)

    shapes = None
    if multiple:
        multiple *= spec.scale if spec.pre_upsampled else 1
        min_units = max(-(-spec.min_size // multiple), -(-MIN_SIZE // multiple))
        sides = [torch.export.Dim(name, min=min_units) for name in ('h', 'w')]
        free = {lqs.ndim - 2 + i: side if multiple == 1 else multiple * side for i, side in enumerate(sides)}
        shapes = ({**free, 0: torch.export.Dim('n')} if spec.single_image else free,)
    try:
        # The compiled operator becomes one node; the CPU sampling would become many.
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
        raise ValueError(_explain(network.network, error, is_dynamic=multiple is not None)) from error
    model = program.model_proto
    written = next(entry.version for entry in model.opset_import if not entry.domain)
    if written != opset or (opset < DEFORMABLE_OPSET and any(n.op_type == 'DeformConv' for n in model.graph.node)):
        raise ValueError(
            f'{type(network.network).__name__} uses operators that opset {opset} lacks; '
            f'use opset {max(DEFORMABLE_OPSET, opset + 1)} or later'
        )
    return model


def _remainder(self: object, other: object) -> object:
    """Translate ``aten::remainder`` of an integer tensor and a dynamic size, which the exporter lacks.

    The exporter of PyTorch 2.6 looks arguments up by the names of the operator.
    """
    from onnxscript import opset20

    return opset20.Mod(self, opset20.CastLike(other, self))


def _explain(network: nn.Module, error: BaseException, is_dynamic: bool) -> str:
    """One line that names the operator or the code that cannot be exported."""
    name = type(network).__name__
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 9:
        chain.append(cause)
    text = '\n'.join(str(link) for link in chain)
    for pattern in (r"OpOverload\(op='([\w.:]+)'", r'target=(?:torch\.ops\.)?([\w.]+)\]', r'operator (\S+::\w+)'):
        if found := re.search(pattern, text):
            return f'{name} cannot be exported: ONNX has no equivalent of its operator {found[1]}'
    if '.numpy()' in text:
        return f'{name} cannot be exported: it computes outside PyTorch (Tensor.numpy), which cannot be traced'
    if 'data-dependent' in text:
        return f'{name} cannot be exported: it branches on pixel values (aten::item), which cannot be traced'
    first = next((line.strip() for line in str(chain[-1]).splitlines() if line.strip()), type(chain[-1]).__name__)
    hint = ' with a dynamic frame size; give a size (--size HxW)' if is_dynamic else ''
    return f'{name} cannot be exported{hint}: {first[:200]}'


def _describe(model: 'onnx.ModelProto', spec: InputSpec, multiple: int, t: int) -> None:
    from onnx.helper import set_model_props

    entries = dict(
        scale=spec.scale,
        multiple_of=multiple,
        frames=t,
        output=spec.output,
        range='RGB in [0, 1]',
        overlap=spec.overlap,
        min_size=spec.min_size,
        pre_upsampled=spec.pre_upsampled,
    )
    set_model_props(model, {name: str(value) for name, value in entries.items()})


def _check(path: Path, network: _RgbNetwork, examples: list[Tensor]) -> float:
    """Maximum difference between onnxruntime and PyTorch over all examples, the first of the traced size.

    Raises:
        ValueError: If it exceeds the tolerance, or onnxruntime rejects the file.
    """
    import onnxruntime

    name = type(network.network).__name__
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    max_difference = 0.0
    for number, lqs in enumerate(examples):
        try:
            session = onnxruntime.InferenceSession(str(path), options, providers=['CPUExecutionProvider'])
            (output,) = session.run(None, {'lqs': lqs.numpy()})
            reason = ''
        except Exception as error:  # onnxruntime's errors have no common type
            reason = str(error).splitlines()[0]
        expected = network(lqs.clone()).numpy()
        if not reason and output.shape == expected.shape:
            max_difference = max(max_difference, float(np.abs(output - expected).max()))
            if max_difference <= TOLERANCE:
                continue
        if number:
            raise ValueError(
                f'{name} cannot be exported with a dynamic frame size: '
                'its code treats the size as a constant; give a size (--size HxW)'
            )
        reason = reason or f'its output differs by {max_difference:.1e}, more than the tolerance of {TOLERANCE:.0e}'
        raise ValueError(f'onnxruntime does not reproduce the output of {name}: {reason}')
    return max_difference


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the exporter's logs, warnings and prints."""
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(StringIO()), contextlib.redirect_stderr(StringIO()):
            warnings.simplefilter('ignore')
            yield
    finally:
        logging.disable(logging.NOTSET)
