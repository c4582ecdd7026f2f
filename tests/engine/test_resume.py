import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import training
from mmengine.runner import Runner
from prepared import write

from vsr_plugins.compat.checkpoint_writing import find_latest_checkpoint
from vsr_plugins.datasets.prepare import BankSpec, plan_patches, write_patches


def assert_same_weights(a, b):
    assert a.keys() == b.keys()
    for key in a:
        assert torch.equal(a[key], b[key]), key


@pytest.mark.parametrize('workers', [0, 2])
@pytest.mark.parametrize('seed', [3, None])
def test_a_resumed_training_ends_in_the_weights_of_an_uninterrupted_one(tmp_path, workers, seed):
    training.build(tmp_path / 'whole', workers=workers, seed=seed).train()
    # Resume from the checkpoint in the middle; without a given seed, it contains the drawn one.
    part = tmp_path / 'part'
    part.mkdir()
    (part / 'iter_4.pth').write_bytes((tmp_path / 'whole' / 'iter_4.pth').read_bytes())
    training.build(part, workers=workers, seed=seed, resume=True).train()
    assert_same_weights(training.weights(part, 8), training.weights(tmp_path / 'whole', 8))


def copy_checkpoint(source, target, iteration):
    """Copy a work directory as if killed right after this checkpoint."""
    target.mkdir()
    name = f'iter_{iteration}.pth'
    (target / name).write_bytes((source / name).read_bytes())


def resumed_weights(tmp_path, iteration, **options):
    """Return the weights of an uninterrupted training, and of one resumed from one of its checkpoints."""
    training.build(tmp_path / 'whole', **options).train()
    copy_checkpoint(tmp_path / 'whole', tmp_path / 'part', iteration)
    training.build(tmp_path / 'part', resume=True, **options).train()
    return training.weights(tmp_path / 'part', 8), training.weights(tmp_path / 'whole', 8)


def test_validation_and_best_checkpoints_change_nothing(tmp_path):
    """A new best result saves another checkpoint during a validation that draws random numbers."""
    (tmp_path / 'plain').mkdir()
    without, _ = resumed_weights(tmp_path / 'plain', 4)
    resumed, whole = resumed_weights(tmp_path, 4, val_interval=4)
    assert_same_weights(resumed, whole)
    assert_same_weights(whole, without)


def test_validations_are_logged_by_their_iteration(tmp_path):
    training.build(tmp_path, val_interval=4).train()
    (scalars,) = tmp_path.rglob('scalars.json')
    records = [json.loads(line) for line in scalars.read_text().splitlines()]
    assert [record['step'] for record in records if 'steps' in record] == [4, 8]


def test_averaged_weights_are_resumed(tmp_path):
    ema = {'type': 'EMAHook', 'ema_type': 'ExponentialMovingAverage', 'momentum': 0.1}
    assert_same_weights(*resumed_weights(tmp_path, 4, hooks=[ema], val_interval=2))


def test_accumulated_gradients_are_resumed(tmp_path):
    """Saved at 4 and updated after every third iteration."""
    assert_same_weights(*resumed_weights(tmp_path, 4, wrapper={'accumulative_counts': 3}))


@pytest.mark.parametrize(('iteration', 'repeated'), [(4, True), (6, False), (8, False)])
def test_a_validation_interrupted_by_a_kill_is_repeated(tmp_path, iteration, repeated):
    """A checkpoint is written before the validation of its iteration; the last one again after it."""
    log = tmp_path / 'log'
    training.build(tmp_path / 'whole', log=log, val_interval=4, save_best=None).train()
    copy_checkpoint(tmp_path / 'whole', tmp_path / 'part', iteration)
    (tmp_path / 'log.validated').unlink()
    training.build(tmp_path / 'part', log=log, val_interval=4, save_best=None, resume=True).train()
    validated = tmp_path / 'log.validated'
    expected = ([iteration] if repeated else []) + ([8] if iteration < 8 else [])
    assert [*map(int, validated.read_text().split() if validated.is_file() else [])] == expected


def test_a_validation_that_was_done_is_not_repeated(tmp_path):
    log = tmp_path / 'log'
    training.build(tmp_path / 'whole', log=log, val_interval=4).train()
    training.build(tmp_path / 'whole', log=log, val_interval=4, resume=True).train()
    assert (tmp_path / 'log.validated').read_text().split() == ['4', '8']
    messages = ''.join(path.read_text() for path in (tmp_path / 'whole').rglob('*.log'))
    assert 'iteration 8 of 8' in messages


def test_the_number_of_workers_changes_nothing(tmp_path):
    for workers in (0, 2):
        training.build(tmp_path / str(workers), workers=workers).train()
    assert_same_weights(training.weights(tmp_path / '0', 8), training.weights(tmp_path / '2', 8))


def test_resuming_reads_only_the_remaining_samples(tmp_path):
    whole, part = tmp_path / 'whole', tmp_path / 'part'
    training.build(whole, log=tmp_path / 'whole.txt').train()
    part.mkdir()
    (part / 'iter_6.pth').write_bytes((whole / 'iter_6.pth').read_bytes())
    training.build(part, resume=True, log=tmp_path / 'part.txt').train()
    read = (tmp_path / 'whole.txt').read_text().split()
    assert len(read) == 8 * 3 and sorted(map(int, read[:11])) == list(range(11))
    assert (tmp_path / 'part.txt').read_text().split() == read[6 * 3 :]


def test_another_seed_is_another_training(tmp_path):
    for seed in (3, 4):
        training.build(tmp_path / str(seed), max_iters=2, seed=seed).train()
    a, b = (training.weights(tmp_path / str(seed), 2) for seed in (3, 4))
    assert not all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.slow
@pytest.mark.parametrize(
    ('kill_at', 'when', 'left'), [(5, 'after', 4), (4, 'write', 2), (2, 'write', None), (4, 'named', 4), (4, 'best', 4)]
)
def test_a_killed_training_resumes_from_its_last_checkpoint(tmp_path, kill_at, when, left):
    """With one checkpoint kept, killed between two checkpoints or while writing one."""
    killed = tmp_path / 'killed'
    command = [sys.executable, training.__file__, str(killed), str(kill_at), when]
    assert subprocess.run(command, capture_output=True).returncode == -signal.SIGKILL
    latest = find_latest_checkpoint(str(killed))
    assert (latest and Path(latest).name) == (left and f'iter_{left}.pth')
    if left:
        assert len(list(killed.glob('best_steps_iter_[24].pth'))) == 1
    training.build(killed, resume=True, max_keep_ckpts=1, val_interval=2).train()
    training.build(tmp_path / 'whole', val_interval=2).train()
    assert_same_weights(training.weights(killed, 8), training.weights(tmp_path / 'whole', 8))
    names = {path.name for path in killed.glob('*.pth')}
    # If killed before the older one was deleted, it may remain.
    assert names - {'iter_2.pth'} == {'iter_8.pth', 'best_steps_iter_8.pth'} and (when == 'named' or len(names) == 2)
    assert not list(killed.glob('.*partial'))


def test_other_data_are_reported(tmp_path):
    training.build(tmp_path, max_iters=2).train()
    runner = training.build(tmp_path, max_iters=4, resume=True)
    loader = runner._train_dataloader
    loader['batch_size'] = 2
    runner.train()
    log = ''.join(path.read_text() for path in tmp_path.rglob('*.log'))
    assert 'batch_size 3 -> 2' in log


def test_a_custom_sampler_is_kept(tmp_path):
    runner = training.build(tmp_path, max_iters=5)
    runner._train_dataloader['sampler'] = torch.utils.data.SequentialSampler(range(4))
    runner.train()
    assert isinstance(runner.train_loop.dataloader.sampler, torch.utils.data.SequentialSampler)
    assert 'cannot be resumed' in ''.join(path.read_text() for path in tmp_path.rglob('*.log'))


def train_from_bank(work_dir, bank, workers, resume=False):
    """Train a small network on a bank of patches."""
    runner = Runner(
        model=dict(
            type='BaseEditModel',
            generator=dict(type='ESPCNNet'),
            pixel_loss=dict(type='MSELoss', loss_weight=1.0, reduction='mean'),
            data_preprocessor=dict(type='BatchDataPreprocessor', mean=[0.0], std=[255.0]),
        ),
        work_dir=str(work_dir),
        train_dataloader=dict(
            batch_size=4,
            num_workers=workers,
            persistent_workers=workers > 0,
            sampler=dict(type='InfiniteSampler', shuffle=True),
            collate_fn=dict(type='whole_batch'),
            dataset=dict(type='PatchBankDataset', data_root=str(bank), num_input_frames=1, gt_patch_size=16),
        ),
        train_cfg=dict(type='ResumableIterBasedTrainLoop', max_iters=8),
        optim_wrapper=dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3)),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=5)),
        randomness=dict(seed=3),
        default_scope='mmagic',
        resume=resume,
        experiment_name=f'{work_dir.name}_{workers}_{resume}',
    )
    runner.train()
    return training.weights(work_dir, 8)


def test_a_training_from_a_bank_resumes_with_the_next_sample(tmp_path):
    for name in 'ab':
        for number in range(4):
            write(tmp_path / 'src' / name / f'{number}.png', (32, 36))
    plan = plan_patches([tmp_path / 'src'], BankSpec(frames=3, patch_size=32), val_fraction=0)
    bank = write_patches(plan, [tmp_path / 'src'], tmp_path).folder
    whole = train_from_bank(tmp_path / 'whole', bank, workers=0)
    copy_checkpoint(tmp_path / 'whole', tmp_path / 'part', 5)
    assert_same_weights(train_from_bank(tmp_path / 'part', bank, workers=1, resume=True), whole)


def test_a_copied_work_directory_goes_on_by_itself(tmp_path):
    """Its checkpoints and its record have the paths of the original."""
    run, copy = tmp_path / 'run', tmp_path / 'copy'
    training.build(run, val_interval=4).train()
    shutil.copytree(run, copy)
    before = {path.name: path.read_bytes() for path in run.glob('*.pth')}
    assert any(name.startswith('best_') for name in before)
    (copy / 'iter_8.pth').write_bytes(before['iter_8.pth'][:500])
    training.build(copy, val_interval=4, resume=True, max_iters=12).train()
    assert {path.name: path.read_bytes() for path in run.glob('*.pth')} == before
    # It went on from the newest complete checkpoint of its own, and replaced its own best one.
    log = ''.join(path.read_text() for path in copy.rglob('*.log'))
    assert f'{copy}/iter_6.pth' in log
    assert [path.name for path in copy.glob('best_*')] == ['best_steps_iter_12.pth']
