"""Share an upscale among the processes started by ``torchrun``."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

Value = TypeVar('Value')
# How long the other processes wait while one restores; the default of half an hour is too short. In milliseconds it
# still fits 31 bits.
TIMEOUT = timedelta(days=14)


@dataclass(frozen=True)
class Workers:
    """The processes that share an upscale; a single one without ``torchrun``.

    Attributes:
        rank: Number of this process.
        count: Number of processes.
        local_rank: Number of this process on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> 'Workers':
        """Read the environment variables of ``torchrun`` and join its process group."""
        count = int(environment.get('WORLD_SIZE', 1))
        if count == 1:
            return cls()
        if not dist.is_initialized():
            # gloo suffices: only small Python objects are exchanged, never frames.
            dist.init_process_group('gloo', timeout=TIMEOUT)
        return cls(dist.get_rank(), count, int(environment.get('LOCAL_RANK', 0)))

    def device(self, name: str | None) -> torch.device:
        """Return the device to compute on: ``name``, or this process's own CUDA device, or the CPU.

        Raises:
            ValueError: If the device is unknown or not available.
        """
        if name is None:
            name = 'cuda' if torch.cuda.is_available() else 'cpu'
        try:
            device = torch.device(name)
        except RuntimeError as error:
            raise ValueError(f'device {name!r} is unknown; use for example cpu, cuda or cuda:1') from error
        if device.type == 'cuda':
            if not torch.cuda.is_available():
                raise ValueError(f'device {name} is not available: PyTorch finds no CUDA device')
            if device.index is None:
                device = torch.device('cuda', self.local_rank % torch.cuda.device_count())
            elif device.index >= torch.cuda.device_count():
                raise ValueError(f'device {name} is not available: there are {torch.cuda.device_count()} CUDA devices')
        try:
            torch.zeros(1, device=device).cpu()
        except (RuntimeError, AssertionError) as error:  # a back end that is not built in
            raise ValueError(f'device {name} is not available: PyTorch cannot compute on it') from error
        return device

    def shard(self, items: list[Value]) -> list[Value]:
        """Return this process's contiguous part of a list; the lengths of parts differ by at most one."""
        first, last = (len(items) * number // self.count for number in (self.rank, self.rank + 1))
        return items[first:last]

    def broadcast(self, value: Value | None) -> Value:
        """Return the first process's value in all processes."""
        if self.count == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values)
        return values[0]

    def barrier(self) -> None:
        """Wait until all processes have called this."""
        if self.count > 1:
            dist.barrier()
