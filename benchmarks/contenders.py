"""Rows of a benchmark that take turns, each in a process of its own, so that what else a machine does hits all of them.

Hosts are shared: the minimum of several turns is the time of a row, and its spread is how far the median lies above.
"""

import os
import re
import statistics
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from vsr_plugins.inference.cost import count_flops
from vsr_plugins.models.blocks.fast.allocator import SWITCH, keep_freed_memory


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        build: Function of a module, called in the row's process; returns the call that is timed.
        args: Its arguments.
        keeps_memory: Whether the process may keep freed memory for reuse, as the package lets it.
    """

    build: Callable[..., Callable[[], Tensor]]
    args: tuple[Any, ...]
    keeps_memory: bool = True


@dataclass
class Measured:
    """What the turns of a row gave.

    Attributes:
        memory: MB by which the first call raised the peak of its process.
        flops: Operations of a call as computed, in convolutions, attention and matrix products.
        seconds: Of each turn.
        output: Of the last.
    """

    memory: float
    flops: int
    seconds: list[float] = field(default_factory=list)
    output: np.ndarray | None = None

    @property
    def least(self) -> float:
        """Seconds of the fastest turn."""
        return min(self.seconds)

    @property
    def spread(self) -> float:
        """How far the median lies above the minimum, as a share of it."""
        return statistics.median(self.seconds) / self.least - 1


def take_turns(rows: Mapping[str, Row], repeats: int) -> dict[str, Measured]:
    """Call every row once to warm up, then all of them ``repeats`` times in turn."""
    fresh = get_context('spawn')
    with ExitStack() as stack:
        pools = {name: stack.enter_context(ProcessPoolExecutor(1, mp_context=fresh)) for name in rows}
        measured = {}
        for name, row in rows.items():
            # The first call starts the process, which decides on its memory by its environment.
            with patch.dict(os.environ, {SWITCH: '1' if row.keeps_memory else '0'}):
                measured[name] = Measured(*pools[name].submit(_start, row).result())
        for _ in range(repeats):
            for name, pool in pools.items():
                measured[name].output, seconds = pool.submit(_call).result()
                measured[name].seconds.append(seconds)
    return measured


def _start(row: Row) -> tuple[float, int]:
    global call
    keep_freed_memory()
    call = row.build(*row.args)
    before = _peak()
    call()
    memory = _peak() - before
    return memory, count_flops(call, by_definition=False)[0]


def _call() -> tuple[np.ndarray, float]:
    start = time.perf_counter()
    output = call()
    if output.is_cuda:
        torch.cuda.synchronize()
    return output.float().cpu().numpy(), time.perf_counter() - start


def _peak() -> float:
    """The largest resident memory of this process so far, MB; ru_maxrss would begin with its parent's."""
    return int(re.search(r'VmHWM:\s*(\d+)', Path('/proc/self/status').read_text())[1]) / 1000


def machine(threads: int, device: str = 'cpu') -> str:
    """What the times depend on."""
    capability = torch.backends.cpu.get_cpu_capability() if device == 'cpu' else torch.cuda.get_device_name(device)
    return f'{device} ({capability}), {threads} threads, torch {torch.__version__}'
