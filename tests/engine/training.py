"""A small training with random augmentation and a noisy network, used by tests and run as a program."""

import os
import sys
from pathlib import Path

import numpy as np
import torch
from mmengine.evaluator import BaseMetric, Evaluator
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

import vsr_plugins  # noqa: F401


class Noisy(BaseModel):
    """Regresses noise-augmented samples; draws from torch's generator in each forward.

    Its first layer is frozen for five steps, counted as upstream's EDVR and BasicVSR count theirs.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer('step_counter', torch.tensor(0), persistent=False)
        self.layer = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1))

    def forward(self, x, index, mode='loss'):
        if mode == 'predict':
            torch.rand(1), np.random.rand()
            return [{'steps': int(self.step_counter)}]
        if self.step_counter in (0, 5):
            self.layer[0].requires_grad_(bool(self.step_counter == 5))
        self.step_counter += 1
        x = torch.stack(list(x))
        return {'loss': (self.layer(x + 0.1 * torch.randn_like(x)) - x.sum(1, keepdim=True)).square().mean()}


class Augmented(torch.utils.data.Dataset):
    """Draw from numpy's generator in each sample, and log which process read which sample."""

    def __init__(self, log=None):
        self.log = log

    def __len__(self):
        return 11

    def __getitem__(self, index):
        if self.log:
            with open(self.log, 'a') as file:
                file.write(f'{index}\n')
        return {'x': torch.from_numpy(np.random.rand(4).astype(np.float32)) + index, 'index': index}


class Steps(BaseMetric):
    """Progress of the training: each validation beats the previous one. Logs results in a file next to ``log``."""

    def __init__(self, log=None):
        super().__init__()
        self.log = log

    def process(self, data_batch, data_samples):
        self.results += [sample['steps'] for sample in data_samples]

    def compute_metrics(self, results):
        if self.log:
            with open(f'{self.log}.validated', 'a') as file:
                file.write(f'{max(results)}\n')
        return {'steps': max(results)}


def build(
    work_dir,
    max_iters=8,
    workers=0,
    seed=3,
    resume=False,
    interval=2,
    log=None,
    val_interval=None,
    wrapper=None,
    hooks=(),
    max_minutes=None,
    launcher='none',
    **options,
):
    """Build a runner; ``options`` are passed to the checkpoint hook."""
    torch.manual_seed(0)
    validation = {}
    if val_interval:
        validation = {
            'val_dataloader': {
                'batch_size': 1,
                'num_workers': 0,
                'sampler': {'type': 'DefaultSampler', 'shuffle': True},
                'dataset': Augmented(),
            },
            'val_cfg': {'type': 'ValLoop'},
            'val_evaluator': Evaluator(Steps(log)),
        }
        options = {'save_best': 'steps', 'rule': 'greater', **options}
    return Runner(
        **validation,
        launcher=launcher,
        custom_hooks=list(hooks),
        model=Noisy(),
        work_dir=str(work_dir),
        train_dataloader={
            'batch_size': 3,
            'num_workers': workers,
            'persistent_workers': workers > 0,
            'sampler': {'type': 'InfiniteSampler', 'shuffle': True},
            'dataset': Augmented(log),
        },
        train_cfg={
            'type': 'ResumableIterBasedTrainLoop',
            'max_iters': max_iters,
            'val_interval': val_interval or 1000,
            'max_minutes': max_minutes,
        },
        optim_wrapper={'type': 'OptimWrapper', 'optimizer': {'type': 'Adam', 'lr': 0.01}, **(wrapper or {})},
        param_scheduler={'type': 'CosineAnnealingLR', 'T_max': 20, 'by_epoch': False},
        default_hooks={
            'checkpoint': {'type': 'CheckpointHook', 'by_epoch': False, 'interval': interval, **options},
            'logger': {'type': 'LoggerHook', 'interval': 1},
        },
        log_processor={'type': 'LogProcessor', 'window_size': 100, 'by_epoch': False},
        randomness={'seed': seed},
        default_scope='mmagic',
        resume=resume,
        experiment_name=f'test_{Path(work_dir).name}_{os.getpid()}_{np.random.default_rng().integers(1 << 40)}',
    )


def weights(work_dir, iteration):
    """Read the network's weights in a checkpoint."""
    return torch.load(Path(work_dir) / f'iter_{iteration}.pth', weights_only=False)['state_dict']


if __name__ == '__main__':
    # python training.py WORK_DIR KILL_AT_ITERATION WHEN: is killed by SIGKILL 'after' an iteration, during
    # the 'write' of a checkpoint or of the 'best' one, or when it is written but not yet 'named' in last_checkpoint.
    import signal

    from mmengine.fileio.backends import LocalBackend

    folder, kill_at, when = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    runner = build(folder, max_keep_ckpts=1, val_interval=2)

    class Kill(Hook):
        """Kill the process after an iteration."""

        priority = 'LOWEST'

        def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
            if batch_idx + 1 == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    if when == 'after':
        runner.register_hook(Kill())
    else:
        replace = os.replace

        def die(source, target):
            if Path(target).name == f'{"best_steps_" if when == "best" else ""}iter_{kill_at}.pth':
                if when == 'named':
                    replace(source, target)
                else:
                    os.truncate(source, os.path.getsize(source) // 2)
                os.kill(os.getpid(), signal.SIGKILL)
            return replace(source, target)

        os.replace = die
        assert LocalBackend.put.__module__ == 'vsr_plugins.compat.checkpoint_writing'
    runner.train()
