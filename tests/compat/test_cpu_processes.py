"""Two training processes without a GPU."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[2]
CODE = """
import sys
sys.path.insert(0, {engine!r})
import torch, training

class Plain(training.Noisy):
    # Its first layer is never frozen, which DistributedDataParallel would refuse.
    def forward(self, x, index, mode='loss'):
        self.step_counter.fill_(7)
        return super().forward(x, index, mode)


training.Noisy = Plain
runner = training.build({folder!r}, max_iters=2, launcher='pytorch')
runner.train()
# A file of its own: what two processes print at once may come in pieces.
with open({folder!r} + f'/rank{{runner.rank}}.txt', 'w') as file:
    print('of', runner.world_size, type(runner.model).__name__, torch.distributed.get_backend(), file=file)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason='the processes would use the GPUs')
def test_two_processes_on_the_cpu(tmp_path):
    script = tmp_path / 'train.py'
    script.write_text(CODE.format(engine=str(ROOT / 'tests' / 'engine'), folder=str(tmp_path / 'run')))
    environment = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    command = [sys.executable, '-m', 'torch.distributed.run', '--nproc-per-node', '2', '--standalone', str(script)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):
        assert (tmp_path / 'run' / f'rank{rank}.txt').read_text() == 'of 2 MMDistributedDataParallel gloo\n'
    assert (tmp_path / 'run' / 'iter_2.pth').is_file()
