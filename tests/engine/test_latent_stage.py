import json

import pytest
import torch
import torch.distributed
from mmengine.model import BaseModel, MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from torch import nn

import vsr_plugins  # noqa: F401
from vsr_plugins.engine import LatentStageHook
from vsr_plugins.models.blocks.stochastic import LatentHead, latent_heads


class Headed(BaseModel):
    """A layer with a latent head that records at each step whether the head is active."""

    def __init__(self):
        super().__init__()
        self.generator = nn.Sequential(nn.Conv3d(2, 2, 1), LatentHead(2))
        self.opened = []

    def forward(self, inputs, mode='loss'):
        self.opened.append(self.generator[1].sampling)
        return {'loss': (self.generator(inputs) - 1).square().mean()}


class Volumes(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return {'inputs': torch.full((2, 1, 2, 2), float(index))}


def build(work_dir, max_iters, switch_iter, resume=False, model=None):
    return Runner(
        model=model or Headed(),
        work_dir=str(work_dir),
        train_dataloader={
            'batch_size': 2,
            'num_workers': 0,
            'dataset': Volumes(),
            'sampler': {'type': 'InfiniteSampler', 'shuffle': True},
            'collate_fn': {'type': 'default_collate'},
        },
        train_cfg={'by_epoch': False, 'max_iters': max_iters},
        optim_wrapper={'optimizer': {'type': 'Adam', 'lr': 0.01}},
        custom_hooks=[LatentStageHook(switch_iter)],
        default_hooks={
            'checkpoint': {'type': 'CheckpointHook', 'interval': 1, 'by_epoch': False},
            'logger': {'type': 'LoggerHook', 'interval': 1},
        },
        log_processor={'by_epoch': False},
        resume=resume,
        experiment_name=f'{work_dir.name}_{max_iters}',
        default_scope='mmagic',
    )


def test_heads_are_activated_at_an_iteration_also_after_a_resume(tmp_path):
    runner = build(tmp_path, max_iters=3, switch_iter=2)
    runner.train()
    assert runner.model.opened == [False, False, True]
    runner = build(tmp_path, max_iters=5, switch_iter=4, resume=True)
    runner.train()
    assert runner.model.opened == [False, True]


def test_stage_1_keeps_the_variance_layers_and_stage_2_trains_them(tmp_path):
    runner = build(tmp_path, max_iters=2, switch_iter=2)
    runner.train()
    layer = runner.model.generator[1].log_variance
    assert not layer.weight.any() and (layer.bias == -6).all()
    runner = build(tmp_path, max_iters=4, switch_iter=2, resume=True)
    runner.train()
    assert (runner.model.generator[1].log_variance.bias != -6).all()


def test_sigma_is_logged_while_the_heads_are_active(tmp_path):
    runner = build(tmp_path, max_iters=3, switch_iter=1)
    runner.train()
    path = next(tmp_path.glob('*/vis_data/*.json'))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    by_step = {line['step']: line for line in lines if 'loss' in line}
    assert 'sigma/1' not in by_step[1]
    # The first sample uses the initial bias -6 in every iteration before the variance layer changes.
    assert by_step[2]['sigma/1'] == pytest.approx(0.0497871, abs=1e-5)


def test_a_model_without_heads_raises(tmp_path):
    class Plain(BaseModel):
        def __init__(self):
            super().__init__()
            self.layer = nn.Conv3d(2, 2, 1)

        def forward(self, inputs, mode='loss'):
            return {'loss': self.layer(inputs).mean()}

    with pytest.raises(ValueError, match='variational=True'):
        build(tmp_path, max_iters=1, switch_iter=0, model=Plain()).train()
    with pytest.raises(ValueError, match='switch_iter.*-1'):
        LatentStageHook(-1)


def test_both_stages_run_in_distributed_training(tmp_path):
    torch.distributed.init_process_group('gloo', init_method=f'file://{tmp_path}/meet', rank=0, world_size=1)
    try:
        model = Headed()
        wrapped = MMDistributedDataParallel(model, find_unused_parameters=True)
        optimizer = OptimWrapper(torch.optim.Adam(model.parameters(), lr=0.01))
        hook, runner = LatentStageHook(2), type('AtIteration', (), {'model': wrapped, 'logger': _Silent()})()
        hook.before_train(runner)
        for runner.iter in range(4):
            hook.before_train_iter(runner, runner.iter)
            wrapped.train_step({'inputs': torch.rand(2, 2, 1, 2, 2)}, optimizer)
        assert model.opened == [False, False, True, True]
        assert (latent_heads(wrapped)['module.generator.1'].log_variance.bias != -6).all()
    finally:
        torch.distributed.destroy_process_group()


class _Silent:
    def info(self, message):
        assert 'variance heads' in message
