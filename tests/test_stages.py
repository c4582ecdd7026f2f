import pytest

import vsr_plugins.stages
from vsr_plugins.cli import main
from vsr_plugins.stages import train_stages


@pytest.fixture
def trainings(monkeypatch):
    """What would have been trained; a training leaves a best checkpoint."""
    calls = []

    def train(config, work_dir, options):
        calls.append((config.stem, work_dir, dict(options)))
        work_dir.mkdir(parents=True, exist_ok=True)
        best = work_dir / 'best_clips_PSNR_iter_5.pth'
        best.touch()
        return best

    monkeypatch.setattr(vsr_plugins.stages, 'train', train)
    return calls


@pytest.fixture
def configs(tmp_path):
    paths = [tmp_path / 'configs' / f'{name}.py' for name in ('first', 'second')]
    paths[0].parent.mkdir()
    for path in paths:
        path.touch()
    return paths


def test_stages_follow_one_another_side_by_side(configs, tmp_path, trainings):
    best = train_stages(configs, tmp_path / 'out', {'a': 1})
    assert trainings == [(name, tmp_path / 'out' / name, {'a': 1}) for name in ('first', 'second')]
    assert [path.parent.name for path in best] == ['first', 'second']


def test_a_stage_that_is_done_is_passed_over_and_one_that_was_cut_off_is_not(configs, tmp_path, trainings, monkeypatch):
    working = vsr_plugins.stages.train

    def fails_in_the_second(config, work_dir, options):
        if config.stem == 'second':
            raise ValueError('the training ended with status 1')
        return working(config, work_dir, options)

    monkeypatch.setattr(vsr_plugins.stages, 'train', fails_in_the_second)
    with pytest.raises(ValueError, match='status 1'):
        train_stages(configs, tmp_path / 'out')
    monkeypatch.setattr(vsr_plugins.stages, 'train', working)
    train_stages(configs, tmp_path / 'out')
    assert [name for name, _, _ in trainings] == ['first', 'second']
    train_stages(configs, tmp_path / 'out')
    assert len(trainings) == 2
    (tmp_path / 'out' / 'first' / 'best_clips_PSNR_iter_5.pth').unlink()
    train_stages(configs, tmp_path / 'out')
    assert [name for name, _, _ in trainings] == ['first', 'second', 'first']


def test_nothing_is_trained_where_a_later_config_is_missing(configs, tmp_path, trainings):
    with pytest.raises(FileNotFoundError, match='third.py'):
        train_stages([*configs, tmp_path / 'third.py'], tmp_path / 'out')
    with pytest.raises(ValueError, match='different names'):
        train_stages([configs[0], configs[0]], tmp_path / 'out')
    assert not trainings


def test_command(configs, tmp_path, trainings, capsys):
    arguments = ['stages', *map(str, configs), '--out', str(tmp_path / 'out')]
    assert main([*arguments, '--cfg-options', 'train_cfg.max_iters=3']) == 0
    assert trainings[1][2] == {'train_cfg.max_iters': 3}
    assert capsys.readouterr().out.splitlines()[0].endswith('out/first/best_clips_PSNR_iter_5.pth')
    assert main([*arguments, '--cfg-options', 'fast']) == 2
    assert "'fast'" in capsys.readouterr().err
