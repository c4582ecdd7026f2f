import pytest
import torch

import vsr_plugins.apis.demo
import vsr_plugins.apis.stages
from vsr_plugins.apis.stages import train_stages
from vsr_plugins.cli import main
from vsr_plugins.engine.config_files import read_config
from vsr_plugins.engine.training_record import KEY, starting_weights, training_config

BEST = 'best_clips_PSNR_iter_5.pth'


def write_training(config, work_dir, options, complete=True):
    """Write checkpoints as a training does."""
    settings = read_config(config)
    settings.merge_from_dict(dict(options))
    record = {
        'config': training_config(settings),
        'starts_from': starting_weights(settings, work_dir.parent),
        'complete': complete,
    }
    work_dir.mkdir(parents=True, exist_ok=True)
    torch.save({'meta': {'iter': 5}, KEY: record}, work_dir / 'iter_5.pth')
    (work_dir / 'last_checkpoint').write_text(str(work_dir / 'iter_5.pth'))
    best = work_dir / BEST
    best.touch()
    return best


@pytest.fixture
def trainings(monkeypatch):
    """Record calls of ``train``; each call ends with a best checkpoint."""
    calls = []

    def train(config, work_dir, options, gpus):
        calls.append((config.stem, work_dir, dict(options)))
        return write_training(config, work_dir, options)

    monkeypatch.setattr(vsr_plugins.apis.stages, 'train', train)
    return calls


@pytest.fixture
def configs(tmp_path):
    paths = [tmp_path / 'configs' / f'{name}.py' for name in ('first', 'second')]
    paths[0].parent.mkdir()
    for path in paths:
        path.touch()
    return paths


def test_stages_are_trained_in_order_in_neighbouring_folders(configs, tmp_path, trainings):
    best = train_stages(configs, tmp_path / 'out', {'a': 1})
    assert trainings == [(name, tmp_path / 'out' / name, {'a': 1}) for name in ('first', 'second')]
    assert [path.parent.name for path in best] == ['first', 'second']


def test_a_finished_stage_is_skipped_and_an_interrupted_one_is_not(configs, tmp_path, trainings, monkeypatch):
    working = vsr_plugins.apis.stages.train

    def fails_in_the_second(config, work_dir, options, gpus):
        if config.stem == 'second':
            raise ValueError('the training ended with status 1')
        return working(config, work_dir, options, gpus)

    monkeypatch.setattr(vsr_plugins.apis.stages, 'train', fails_in_the_second)
    with pytest.raises(ValueError, match='status 1'):
        train_stages(configs, tmp_path / 'out')
    monkeypatch.setattr(vsr_plugins.apis.stages, 'train', working)
    train_stages(configs, tmp_path / 'out')
    assert [name for name, _, _ in trainings] == ['first', 'second']
    train_stages(configs, tmp_path / 'out')
    assert len(trainings) == 2
    (tmp_path / 'out' / 'first' / 'best_clips_PSNR_iter_5.pth').unlink()
    train_stages(configs, tmp_path / 'out')
    assert [name for name, _, _ in trainings] == ['first', 'second', 'first']


def test_nothing_is_trained_if_a_later_config_is_missing(configs, tmp_path, trainings):
    with pytest.raises(FileNotFoundError, match='third.py'):
        train_stages([*configs, tmp_path / 'third.py'], tmp_path / 'out')
    with pytest.raises(ValueError, match="'first', 'first'"):
        train_stages([configs[0], configs[0]], tmp_path / 'out')
    assert not trainings


def test_command(configs, tmp_path, trainings, capsys):
    arguments = ['stages', *map(str, configs), '--out', str(tmp_path / 'out')]
    assert main([*arguments, '--cfg-options', 'train_cfg.max_iters=3']) == 0
    assert trainings[1][2] == {'train_cfg.max_iters': 3}
    assert capsys.readouterr().out.splitlines()[0].endswith('out/first/best_clips_PSNR_iter_5.pth')
    assert main([*arguments, '--cfg-options', 'fast']) == 2
    assert "'fast'" in capsys.readouterr().err


HOOK = "custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint='first', optional=True)])]\n"


def best_of(tmp_path, name):
    return tmp_path / 'out' / name / BEST


@pytest.fixture
def trained(configs, tmp_path, trainings):
    """Two finished stages, the second trained from the weights of the first."""
    configs[0].write_text('train_cfg = dict(max_iters=5)\ntrain_dataloader = dict(num_workers=1)\n')
    configs[1].write_text(f'train_cfg = dict(max_iters=6)\n{HOOK}')
    train_stages(configs, tmp_path / 'out')
    return configs


def test_a_finished_stage_with_the_requested_config_is_skipped(trained, tmp_path, trainings):
    trained[0].write_text(
        '# None of these changes affects the weights.\ntrain_cfg = dict(max_iters=5)\nname = 2\n'
        "train_dataloader = dict(num_workers=4)\ntest_cfg = dict(type='TestLoop')\n"
    )
    train_stages(trained, tmp_path / 'out')
    # Deleted weights do not count as different.
    best_of(tmp_path, 'first').unlink()
    train_stages(trained[1:], tmp_path / 'out')
    assert len(trainings) == 2


def options(configs, tmp_path):
    return {'train_cfg.max_iters': 7}


def config(configs, tmp_path):
    configs[0].write_text(configs[0].read_text().replace('5', '7'))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (options, r'train_cfg\.max_iters.*5.*7'),
        (config, r'train_cfg\.max_iters.*5.*7'),
    ],
)
def test_a_stage_with_a_different_config_is_an_error_or_kept(trained, tmp_path, trainings, change, message):
    changed = change(trained, tmp_path)
    with pytest.raises(ValueError, match=f'out/first.*{message}'):
        train_stages(trained[:1], tmp_path / 'out', changed)
    lines = []
    for _ in range(2):
        train_stages(trained[:1], tmp_path / 'out', changed, keep=True, report=lines.append)
    assert len(trainings) == 2 and len(lines) == 2 and str(tmp_path / 'out' / 'first') in lines[0]


def test_a_stage_whose_first_stage_was_trained_again_is_an_error(trained, tmp_path, trainings, monkeypatch):
    out = tmp_path / 'out'
    train = vsr_plugins.apis.stages.train
    monkeypatch.setattr(
        vsr_plugins.apis.stages, 'train', lambda *args: (best := train(*args), best.write_bytes(b'better'))[0]
    )
    best_of(tmp_path, 'first').unlink()
    with pytest.raises(ValueError, match='second.* from .*first'):
        train_stages(trained, out)
    assert len(trainings) == 3
    for path in (*(out / 'second').iterdir(), *(out / 'first').iterdir()):
        path.unlink()
    train_stages(trained[1:], out)
    train_stages(trained[:1], out)
    with pytest.raises(ValueError, match='second.* without first'):
        train_stages(trained, out)


def test_a_training_started_with_a_different_config_is_resumed_with_keep_only(trained, tmp_path, trainings):
    out = tmp_path / 'out'
    changed = {'train_cfg.max_iters': 9}
    write_training(trained[0], out / 'first', {}, complete=False)
    with pytest.raises(ValueError, match=r'train_cfg\.max_iters.*5.*9'):
        train_stages(trained[:1], out, changed)
    assert len(trainings) == 2
    train_stages(trained[:1], out, changed, keep=True)
    # The training itself compares its checkpoint too, and is told to accept it.
    assert trainings[2][2] == {**changed, 'train_cfg.accept_changes': True}


def test_a_training_of_an_earlier_version_has_no_record(trained, tmp_path, trainings, capsys):
    folder = tmp_path / 'out' / 'first'
    torch.save({'meta': {'iter': 5}}, folder / 'iter_5.pth')
    command = ['stages', str(trained[0]), '--out', str(tmp_path / 'out'), '--cfg-options', 'train_cfg.max_iters=9']
    (folder / 'stage_done').write_text(BEST)
    assert main(command) == 0
    assert len(trainings) == 2 and 'out/first' in capsys.readouterr().err
    (folder / 'stage_done').unlink()
    assert main(command) == 0
    assert len(trainings) == 3 and 'out/first' in capsys.readouterr().err


def test_the_command_of_a_training_that_was_not_finished(trained, tmp_path, trainings):
    write_training(trained[0], tmp_path / 'out' / 'first', {}, complete=False)
    train_stages(trained[:1], tmp_path / 'out')
    assert trainings[2:] == [('first', tmp_path / 'out' / 'first', {})]


def test_several_processes_are_started_by_mim_not_by_torchrun(configs, tmp_path, monkeypatch):
    commands = []

    def call(command):
        commands.append(command)
        (tmp_path / 'out' / 'first').mkdir(parents=True)
        (tmp_path / 'out' / 'first' / BEST).touch()
        return 0

    monkeypatch.setattr(vsr_plugins.apis.demo.subprocess, 'call', call)
    arguments = ['stages', str(configs[0]), '--out', str(tmp_path / 'out'), '--gpus']
    assert main([*arguments, '2']) == 0
    ((*_, launched, count, launcher, kind),) = commands
    assert (launched, count, launcher, kind) == ('--gpus', '2', '--launcher', 'pytorch')
    with pytest.raises(ValueError, match='0'):
        train_stages(configs, tmp_path / 'others', gpus=0)
    monkeypatch.setenv('WORLD_SIZE', '3')
    with pytest.raises(ValueError, match='3 processes'):
        train_stages(configs, tmp_path / 'others')
    assert len(commands) == 1
