"""What a phase does in its own process: one item after the other, each with a row and a time limit of its own."""

import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from .results import DONE, Results

# Relative root mean square difference from float32 on the CPU that is taken for rounding, by precision.
TOLERANCES = {'float32': 1e-3, 'bfloat16': 5e-2}


class TimeIsUpError(BaseException):
    """What an item is ended with when its time is over; no ``except Exception`` on the way may hold it up."""


class DiffersError(Exception):
    """An item ran, but its numbers are not what they should be; its values are kept.

    Args:
        values: What was measured.
        note: Which of them is wrong.
    """

    def __init__(self, values: dict[str, Any], note: str) -> None:
        super().__init__(note)
        self.values = values


@dataclass
class Work:
    """What all phases are given.

    Attributes:
        results: Where rows go.
        device: Where to compute.
        until: When the phase must be over, in seconds of ``time.time()``.
        folder: For what need not be brought back.
    """

    results: Results
    device: torch.device
    until: float
    folder: Path

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.until - time.time()

    def item(self, phase: str, name: str, run: Callable[[], dict[str, Any]], limit: float | None = None) -> None:
        """Run one item and write its row; errors become part of it.

        Args:
            phase: The phase.
            name: The item. One that was done before, in an earlier call too, is not done again.
            run: Returns what was measured.
            limit: Seconds that it may take at most.
        """
        row = self.results.find(phase, name)
        if row is not None and row.state in DONE:
            return
        seconds = min(self.left, limit or self.left)
        if seconds <= 0:
            self.results.put(phase, name, 'skipped', note='no time was left')
            return
        self.results.put(phase, name, 'running')
        started = time.perf_counter()
        try:
            with time_limit(seconds):
                values = run()
            state, note = 'ok', values.pop('note', '')
        except TimeIsUpError:
            state, values, note = 'stopped', self._values(phase, name), f'not done within {seconds:.0f} s'
        except DiffersError as error:
            state, values, note = 'differs', error.values, error
        except Exception as error:
            traceback.print_exc()
            state, values, note = 'failed', self._values(phase, name), f'{type(error).__name__}: {str(error)[:500]}'
        values['seconds'] = round(time.perf_counter() - started, 2)
        self.results.put(phase, name, state, values, note)
        print(f'{phase}: {name}: {state} {values} {note}', flush=True)
        self._require_device()

    def _values(self, phase: str, name: str) -> dict[str, Any]:
        """What an item has written down itself so far."""
        row = self.results.find(phase, name)
        return {} if row is None else row.values

    def _require_device(self) -> None:
        """End the process where the device answers no more, so that the next item gets a new one."""
        if self.device.type == 'cuda':
            torch.cuda.synchronize()
            torch.cuda.empty_cache()


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End what runs within the context after so many seconds, as soon as Python gets a word in.

    Raises:
        TimeIsUpError: When the time is over.
    """
    if not hasattr(signal, 'setitimer'):  # Windows
        yield
        return

    def stop(*_: object) -> None:
        raise TimeIsUpError

    before = signal.signal(signal.SIGALRM, stop)
    # Again and again: what is raised may be caught and passed over.
    signal.setitimer(signal.ITIMER_REAL, seconds, 5.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether a device has units for bfloat16; a CPU without takes a hundred times as long as for float32."""
    if device.type == 'cuda':
        return torch.cuda.is_bf16_supported(including_emulation=False)
    try:
        flags = Path('/proc/cpuinfo').read_text(encoding='utf-8')
    except OSError:
        return False
    return 'avx512_bf16' in flags or 'amx_bf16' in flags


def describe(device: torch.device) -> dict[str, Any]:
    """What decides the numbers: device, versions, precision of float32."""
    import platform

    from vsr_plugins.inference.cost import machine

    told: dict[str, Any] = {'machine': machine(str(device)), 'Python': platform.python_version()}
    told['PyTorch'] = torch.__version__
    if device.type == 'cuda':
        properties = torch.cuda.get_device_properties(device)
        told['device'] = f'{properties.name}, {properties.total_memory / 2**30:.1f} GiB'
        told['compute capability'] = f'{properties.major}.{properties.minor}'
        told['CUDA'] = str(torch.version.cuda)
        told['cuDNN'] = str(torch.backends.cudnn.version())
    told['tolerances'] = ', '.join(f'{name} {value:g}' for name, value in TOLERANCES.items())
    told['TF32'] = 'off in the phase check; in the others PyTorch decides'
    return told


@contextmanager
def full_precision() -> Iterator[None]:
    """Within the context float32 is float32: no TF32 in products or convolutions."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
