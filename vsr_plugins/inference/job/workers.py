"""Sharing an upscale among the processes that ``torchrun`` started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist

Value = TypeVar('Value')
# As long as one process may restore while the others wait for it; the usual half an hour is none. Milliseconds of it
# still fit 31 bits.
PATIENCE = timedelta(days=14)


@dataclass(frozen=True)
class Workers:
    """The processes that work together; one alone without ``torchrun``.

    Attributes:
        rank: Number of this one.
        count: How many there are.
        local_rank: Number of this one on its machine.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> 'Workers':
        """What ``torchrun`` says; joins its process group."""
        count = int(environment.get('WORLD_SIZE', 1))
        if count == 1:
            return cls()
        if not dist.is_initialized():
            # Only words are exchanged, frames never are.
            dist.init_process_group('gloo', timeout=PATIENCE)
        return cls(dist.get_rank(), count, int(environment.get('LOCAL_RANK', 0)))

    def device(self, name: str | None) -> torch.device:
        """The device to compute on: ``name``, or a CUDA device of one's own, or the CPU.

        Raises:
            ValueError: If there is no such device here.
        """
        if name is None:
            name = 'cuda' if torch.cuda.is_available() else 'cpu'
        try:
            device = torch.device(name)
        except RuntimeError as error:
            raise ValueError(f'there is no kind of device called {name!r}; cpu, cuda and cuda:1 are such') from error
        if device.type == 'cuda':
            if not torch.cuda.is_available():
                raise ValueError(f'{name} was asked for, but PyTorch finds no CUDA device here')
            if device.index is None:
                device = torch.device('cuda', self.local_rank % torch.cuda.device_count())
            elif device.index >= torch.cuda.device_count():
                raise ValueError(f'{name} was asked for, but there are {torch.cuda.device_count()} CUDA devices')
        try:
            torch.zeros(1, device=device).cpu()
        except (RuntimeError, AssertionError) as error:  # what the back ends say where they are not built in
            raise ValueError(f'{name} was asked for, but PyTorch cannot compute on it here') from error
        return device

    def shard(self, items: list[Value]) -> list[Value]:
        """This process's part of a list, in one piece; pieces differ by one in length at most."""
        first, last = (len(items) * number // self.count for number in (self.rank, self.rank + 1))
        return items[first:last]

    def broadcast(self, value: Value | None) -> Value:
        """What the first process says, to all."""
        if self.count == 1:
            return value
        said = [value]
        dist.broadcast_object_list(said)
        return said[0]

    def barrier(self) -> None:
        """For all to come here."""
        if self.count > 1:
            dist.barrier()
