"""Measure the cost of a network: operations, time and memory for one output frame."""

import json
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import nullcontext
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
import torch.nn.functional as F
from mmengine.config import Config
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.flop_counter import FlopCounterMode

from ..evaluation.tables.method_table import Cost
from ..models.blocks.fast.switch import MERGED_EMBEDDINGS, ROW_WINOGRAD, STACKED_FRAMES, WINOGRAD, fast_paths_off
from ..models.data_mismatch import explained_mismatch
from .memory import peak_memory

# Seconds for which calls are repeated to take a median.
REPEAT_SECONDS = 2.0
SCALED_DOT_PRODUCT_ATTENTION = F.scaled_dot_product_attention


def measure_apart(model: dict, shape: tuple[int, ...], device: str = 'cpu', imports: Sequence[str] = ()) -> Cost:
    """Measure the cost of a model in a separate process, so that nothing else adds to its memory.

    Args:
        model: The ``model`` entry of a config.
        shape: Input shape of the network without the batch axis: (t, c, h, w), or (c, h, w) for one frame.
        device: Device to measure on.
        imports: Modules that register the model, the ``custom_imports`` of its config.

    Raises:
        ValueError: If the process was killed, as happens when it runs out of memory.
    """
    with ProcessPoolExecutor(1, get_context('spawn')) as pool:
        try:
            return pool.submit(
                measure_model, json.dumps(model), shape, device, torch.get_num_threads(), tuple(imports)
            ).result()
        except BrokenProcessPool:
            raise ValueError(
                f'the process that measured the cost at {shape} was killed; it may have run out of memory'
            ) from None


def measure_model(model: str, shape: tuple[int, ...], device: str, threads: int, imports: Sequence[str] = ()) -> Cost:
    """Build and measure a model; ``measure_apart`` runs this in its process. ``model`` is JSON."""
    from .load_model import load_model

    torch.set_num_threads(threads)
    for name in imports:
        import_module(name)
    return measure_cost(load_model(Config({'model': json.loads(model)}), None, device), shape, device)


def measure_cost(model: nn.Module, shape: tuple[int, ...], device: str = 'cpu') -> Cost:
    """Measure the operations, time and memory that the network of ``model`` takes on random frames.

    Args:
        model: A subclass of mmagic's ``BaseEditModel``, on ``device``.
        shape: See ``measure_apart``.
        device: Device of ``model``.
    """
    from mmagic.structures import DataSample

    frames = torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    sample = DataSample(metainfo={'key': 'cost'}, gt_img=torch.zeros(frames.shape))
    batch = {'inputs': [frames], 'data_samples': [sample]}
    data = model.data_preprocessor(batch, False)

    def call() -> Tensor:
        return model(mode='tensor', **data)

    with explained_mismatch(model), torch.no_grad():
        memory = peak_memory(call, device)
        flops, output = count_flops(call)
        seconds = median_seconds(call, device)
    count = output.shape[1] if output.ndim == 5 else 1
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.generator.parameters())
    return Cost(
        flops=flops / count,
        seconds=seconds / count,
        memory=None if memory is None else memory + weights,
        size=(shape[-2], shape[-1]),
        frames=(shape[0] if len(shape) == 4 else 1, count),
        machine=machine(device),
    )


def median_seconds(
    call: Callable[[], object],
    device: torch.device | str = 'cpu',
    max_seconds: float = REPEAT_SECONDS,
    max_calls: int = 5,
) -> float:
    """Median time of a call, including the wait until the device has finished.

    Args:
        call: Function to time, called at least once. The caller makes the warm-up call, which fills caches and
            compiles.
        device: Device that it computes on.
        max_seconds: Total time in seconds after which it is not called again.
        max_calls: Maximum number of calls.
    """
    is_cuda = torch.device(device).type == 'cuda'
    seconds: list[float] = []
    while not seconds or (sum(seconds) < max_seconds and len(seconds) < max_calls):
        if is_cuda:
            torch.cuda.synchronize(device)
        start = time.perf_counter()
        call()
        if is_cuda:
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def count_flops(call: Callable[[], Tensor], by_definition: bool = True) -> tuple[int, Tensor]:
    """Count the floating-point operations of a call; return them and the output of the call.

    A multiply-add counts as two. Counted are convolutions (deformable ones too) and attention, both by their
    definitions, and matrix products. Element-wise operations and look-ups are not counted.

    Args:
        call: Function that computes something.
        by_definition: Count what the networks are defined to compute. Otherwise count what is computed here: fast
            paths, which save some of it, stay on.
    """
    import torchvision.ops  # noqa: F401

    counter = FlopCounterMode(display=False, custom_mapping={torch.ops.torchvision.deform_conv2d: _deform_conv_flops})
    attention = _AttentionByDefinition(counter)
    # The other paths take as many.
    paths = fast_paths_off(WINOGRAD, ROW_WINOGRAD, STACKED_FRAMES, MERGED_EMBEDDINGS)
    with counter, attention, paths if by_definition else nullcontext():
        output = call()
    return counter.get_total_flops() + attention.difference, output


class _AttentionByDefinition(TorchFunctionMode):
    """Count attention as two matrix products, whichever kernel computes them.

    PyTorch's counter has formulas for some kernels only, and which ones depends on the release: a kernel without a
    formula counts as zero, and a kernel that pads the channels counts the padding.

    Attributes:
        difference: Operations to add to the count of ``counter``.
    """

    def __init__(self, counter: FlopCounterMode) -> None:
        super().__init__()
        self.counter = counter
        self.difference = 0

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Intercept a PyTorch function; PyTorch calls this for outermost functions only."""
        kwargs = kwargs or {}
        if func is SCALED_DOT_PRODUCT_ATTENTION:
            return self._attend(*args, **kwargs)
        # multi_head_attention_forward calls scaled_dot_product_attention.
        with patch.object(F, 'scaled_dot_product_attention', self._attend):
            return func(*args, **kwargs)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        before = self.counter.get_total_flops()
        output = SCALED_DOT_PRODUCT_ATTENTION(query, key, value, *args, **kwargs)
        counted = self.counter.get_total_flops() - before
        queries, keys = output.shape[:-1].numel(), key.shape[-2]
        self.difference += 2 * queries * keys * (query.shape[-1] + value.shape[-1]) - counted
        return output


def _deform_conv_flops(x: Any, weight: Any, *args: Any, out_shape: Any = None, **kwargs: Any) -> int:
    n, c_out, h, w = out_shape
    return 2 * n * h * w * c_out * int(torch.Size(weight[1:]).numel())


def machine(device: str = 'cpu') -> str:
    """Describe the hardware and software that determine the time: device, threads, PyTorch version."""
    if torch.device(device).type == 'cuda':
        return f'{torch.cuda.get_device_name(device)}, PyTorch {torch.__version__}'
    name = platform.processor() or platform.machine()
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
        name = next(line.partition(':')[2].strip() for line in lines if line.startswith('model name'))
    except (OSError, StopIteration):
        pass
    threads = torch.get_num_threads()
    return f'{name}, {threads} thread{"" if threads == 1 else "s"}, PyTorch {torch.__version__}'
