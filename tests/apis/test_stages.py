import pytest

import vsr_plugins.apis.stages
from vsr_plugins.apis.stages import train_stages
from vsr_plugins.cli import main


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

    monkeypatch.setattr(vsr_plugins.apis.stages, 'train', train)
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
    working = vsr_plugins.apis.stages.train

    def fails_in_the_second(config, work_dir, options):
        if config.stem == 'second':
            raise ValueError('the training ended with status 1')
        return working(config, work_dir, options)

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


HOOK = "custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint='first', optional=True)])]\n"


def best_of(tmp_path, name):
    return tmp_path / 'out' / name / 'best_clips_PSNR_iter_5.pth'


@pytest.fixture
def trained(configs, tmp_path, trainings):
    """Two stages that are done, the second from the weights of the first."""
    configs[0].write_text('train_cfg = dict(max_iters=5)\ntrain_dataloader = dict(num_workers=1)\n')
    configs[1].write_text(f'train_cfg = dict(max_iters=6)\n{HOOK}')
    train_stages(configs, tmp_path / 'out')
    return configs


def test_a_stage_that_is_done_and_is_what_is_asked_is_passed_over(trained, tmp_path, trainings):
    trained[0].write_text(
        '# Of these none decides about the weights.\ntrain_cfg = dict(max_iters=5)\nname = 2\n'
        "train_dataloader = dict(num_workers=4)\ntest_cfg = dict(type='TestLoop')\n"
    )
    train_stages(trained, tmp_path / 'out')
    # Weights that are gone are not others.
    best_of(tmp_path, 'first').unlink()
    train_stages(trained[1:], tmp_path / 'out')
    assert len(trainings) == 2


def options(configs, tmp_path):
    return {'train_cfg.max_iters': 7}


def config(configs, tmp_path):
    configs[0].write_text(configs[0].read_text().replace('5', '7'))


def weights(configs, tmp_path):
    best_of(tmp_path, 'first').write_bytes(b'damaged')


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (options, r'train_cfg\.max_iters was 5 and is 7 now'),
        (config, r'train_cfg\.max_iters was 5 and is 7 now'),
        (weights, 'best_clips_PSNR_iter_5.pth is not the file that the training left'),
    ],
)
def test_a_stage_that_is_not_what_is_asked_is_an_error_or_kept(trained, tmp_path, trainings, change, message):
    changed = change(trained, tmp_path)
    with pytest.raises(ValueError, match=rf'out/first is not what is asked: {message}; remove that folder'):
        train_stages(trained[:1], tmp_path / 'out', changed)
    said = []
    for _ in range(2):
        train_stages(trained[:1], tmp_path / 'out', changed, keep=True, report=said.append)
    # It is what was asked from then on.
    train_stages(trained[:1], tmp_path / 'out', changed, report=said.append)
    assert len(trainings) == 2 and len(said) == 1 and 'first: kept, though' in said[0]


def test_a_stage_whose_first_stage_was_trained_anew_is_an_error(trained, tmp_path, trainings, monkeypatch):
    out = tmp_path / 'out'
    train = vsr_plugins.apis.stages.train
    monkeypatch.setattr(
        vsr_plugins.apis.stages, 'train', lambda *args: (best := train(*args), best.write_bytes(b'better'))[0]
    )
    best_of(tmp_path, 'first').unlink()
    with pytest.raises(ValueError, match='second is not what is asked: it was started from other weights of first'):
        train_stages(trained, out)
    assert len(trainings) == 3
    for path in (*(out / 'second').iterdir(), *(out / 'first').iterdir()):
        path.unlink()
    train_stages(trained[1:], out)
    train_stages(trained[:1], out)
    with pytest.raises(ValueError, match='it was started without first'):
        train_stages(trained, out)


def test_a_stage_that_was_begun_otherwise_is_not_gone_on_with(trained, tmp_path, trainings):
    out = tmp_path / 'out'
    (out / 'first' / 'stage_done').unlink()
    # Without a checkpoint it begins anew.
    train_stages(trained[:1], out, {'train_cfg.max_iters': 8})
    (out / 'first' / 'stage_done').unlink()
    (out / 'first' / 'last_checkpoint').touch()
    with pytest.raises(ValueError, match=r'train_cfg\.max_iters was 8 and is 9 now'):
        train_stages(trained[:1], out, {'train_cfg.max_iters': 9})
    assert len(trainings) == 3
    train_stages(trained[:1], out, {'train_cfg.max_iters': 9}, keep=True)
    assert len(trainings) == 4


def test_a_record_of_an_earlier_version_is_that_of_a_stage_that_is_done(trained, tmp_path, trainings, capsys):
    (tmp_path / 'out' / 'first' / 'stage_done').write_text('best_clips_PSNR_iter_5.pth')
    command = ['stages', str(trained[0]), '--out', str(tmp_path / 'out'), '--cfg-options', 'train_cfg.max_iters=9']
    assert main(command) == 0
    assert len(trainings) == 2
    assert 'out/first: done, though how it was trained is not on record' in capsys.readouterr().err
