"""Functions that tests run in several processes at once, and how they are run."""

import multiprocessing
import os
import pickle
import shutil
import sys
from functools import cache
from itertools import count
from multiprocessing import forkserver
from pathlib import Path
from unittest.mock import patch

import mmengine.config.config
import torch
import training
from mmengine.fileio.backends import LocalBackend
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from vsr_plugins.engine import loops
from vsr_plugins.engine.time_budget import TimeBudget

MEETINGS = count()
# mmengine draws seeds up to 2**31.
SEED = 2**31 - 7
# Of mmagic, which imports them when they are needed.
PARTS = ('apis', 'datasets', 'datasets.transforms', 'engine', 'evaluation', 'models', 'visualization')


@cache
def server():
    """Return the context of a server that has imported everything, and so starts a process in milliseconds."""
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['processes', *(f'mmagic.{part}' for part in PARTS)])
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        forkserver.ensure_running()
    return context


def run(function, folder, *args, processes=2, timeout=200):
    """Call ``function(rank, folder, *args)`` in processes that share a gloo group; return the results by rank.

    Raises:
        RuntimeError: If a process fails or hangs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meeting = folder / f'meeting{next(MEETINGS)}'
    members = [(function, rank, processes, meeting, folder, args) for rank in range(processes)]
    found = [server().Process(target=_member, args=member) for member in members]
    for process in found:
        process.start()
    for process in found:
        process.join(timeout)
    hung = [rank for rank, process in enumerate(found) if process.exitcode is None]
    for process in found:
        process.kill()
        process.join()
    if hung or any(process.exitcode for process in found):
        raise RuntimeError(f'processes {hung} hang; exit codes are {[process.exitcode for process in found]}')
    return [pickle.loads(Path(f'{meeting}.{rank}').read_bytes()) for rank in range(processes)]


def _member(function, rank, processes, meeting, folder, args):
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(processes))
    os.chdir(folder)
    torch.set_num_threads(1)
    # Laying out the text of a config takes seconds.
    mmengine.config.config.FormatCode = lambda text, **options: (text, True)
    torch.distributed.init_process_group('gloo', init_method=f'file://{meeting}', rank=rank, world_size=processes)
    Path(f'{meeting}.{rank}').write_bytes(pickle.dumps(function(rank, folder, *args)))
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


class Plain(training.Noisy):
    """Its first layer is never frozen, which ``DistributedDataParallel`` would refuse."""

    def forward(self, x, index, mode='loss'):
        self.step_counter.fill_(7)
        return super().forward(x, index, mode)


class Normalised(Plain):
    """With statistics of the samples that a process has seen."""

    def __init__(self):
        super().__init__()
        self.layer.insert(0, nn.BatchNorm1d(4))

    def forward(self, x, index, mode='loss'):
        if mode == 'predict':
            return [{'steps': float(self.layer[0].running_mean.sum())}]
        return super().forward(x, index, mode)


class Watch(Hook):
    """Keep what a process has in each iteration."""

    priority = 'LOWEST'

    def __init__(self):
        self.rates, self.draws, self.indices = [], [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(runner.optim_wrapper.get_lr()['lr'][0])
        self.indices += [int(index) for index in data_batch['index']]

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        state = torch.get_rng_state()
        self.draws.append(float(torch.rand(1)))
        torch.set_rng_state(state)


def build(folder, network=Plain, **options):
    """Build a training of several processes."""
    training.Noisy = network
    watch = Watch()
    runner = training.build(folder, launcher='pytorch', hooks=[watch], **options)
    runner.watch = watch
    return runner


def parameters(runner):
    """Return the parameters of a runner's model."""
    return {name: value.tolist() for name, value in runner.model.module.state_dict().items()}


def nothing(rank, folder):
    """Return the rank."""
    return rank


def timed(rank, folder):
    """Train for a fixed time by clocks that differ: iterations of rank 1 seem to take longer."""
    now = [1000.0 * rank]
    loops.TimeBudget = lambda seconds, planned: TimeBudget(seconds, planned, lambda: now[0])
    forward = Plain.forward

    def slow(self, x, index, mode='loss'):
        now[0] += (1.0, 1.7)[rank] if mode == 'loss' else (0.1, 0.9)[rank]
        return forward(self, x, index, mode)

    Plain.forward = slow
    runner = build(folder / 'work', max_iters=20, max_minutes=0.5, interval=5, val_interval=4)
    runner.train()
    return dict(iterations=runner.iter, rates=runner.watch.rates, weights=parameters(runner))


def resumed(rank, folder, wrapper):
    """Train without a break, and once more from a checkpoint in the middle."""
    options = dict(max_iters=6, interval=3, seed=SEED, wrapper=wrapper)
    whole = build(folder / 'whole', **options)
    whole.train()
    if rank == 0:
        (folder / 'half').mkdir()
        shutil.copy(folder / 'whole' / 'iter_3.pth', folder / 'half')
        (folder / 'half' / 'last_checkpoint').write_text(str(folder / 'half' / 'iter_3.pth'))
    torch.distributed.barrier()
    second = build(folder / 'half', resume=True, **options)
    second.train()
    return [
        dict(weights=parameters(each), draws=each.watch.draws, indices=each.watch.indices) for each in (whole, second)
    ]


def validated(rank, folder):
    """Return the statistics that each process measures with."""
    runner = build(folder / 'work', Normalised, max_iters=2, val_interval=2)
    runner.train()
    return parameters(runner)['layer.0.running_mean']


def poisoned(rank, folder, value, hooks):
    """Train with a loss of rank 1 that is not finite once."""
    forward = Plain.forward

    def forward_once(self, x, index, mode='loss'):
        self.calls = getattr(self, 'calls', 0) + 1
        losses = forward(self, x, index, mode)
        return {'loss': losses['loss'] * value} if rank == 1 and self.calls == 2 else losses

    Plain.forward = forward_once
    runner = build(folder / 'work', max_iters=4)
    for hook in hooks:
        runner.register_custom_hooks([hook])
    try:
        runner.train()
    except FloatingPointError as error:
        return str(error)
    return parameters(runner)


def written(rank, folder):
    """Write one file many times while another process does."""
    for _ in range(100):
        LocalBackend().put_text('x' * 1000, folder / 'file.json')


def measured(rank, folder, config, in_parts):
    """Test a model; return its metrics and the samples of this process."""
    from vsr_plugins.datasets import clip_frames

    clip_frames.PART_BYTES = 0 if in_parts else clip_frames.PART_BYTES
    results, samples = {}, []

    class Keep(Hook):
        def after_test_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            samples.extend((sample.key, sample.get('part')) for sample in outputs)

        def after_test_epoch(self, runner, metrics=None):
            results.update(metrics)

    runner = Runner.from_cfg(config)
    runner.register_hook(Keep())
    runner.test()
    return results, samples
