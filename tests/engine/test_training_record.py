import pytest
import torch
import training
from mmengine.config import Config

from vsr_plugins.engine.training_record import KEY, differences, git_state, read_record, starting_weights

CONFIG = {'model': {'generator': {'width': 1}, 'loss': 'l1'}, 'optim_wrapper': {'optimizer': {'lr': 0.01}}}


def build(work_dir, changes=None, **options):
    """Build a runner with a config beside it, which the record stores."""
    runner = training.build(work_dir, **options)
    runner.cfg = Config({**CONFIG, **(changes or {})})
    return runner


def trained(tmp_path, **options):
    build(tmp_path / 'run', **options).train()
    return tmp_path / 'run'


def log_of(work_dir):
    return ''.join(path.read_text() for path in work_dir.rglob('*.log'))


def test_each_checkpoint_has_what_it_was_trained_with(tmp_path):
    run = trained(tmp_path, val_interval=8)
    for name, complete in (('iter_2.pth', False), ('iter_8.pth', True)):
        record = read_record(run / name)
        assert record['config'] == CONFIG and record['complete'] is complete and record['seed'] == 3
        assert record['versions']['torch'] == torch.__version__.split('+')[0] and record['iter'] == int(name[5])
        assert len(record['git']['vsr_plugins'].removesuffix('-dirty')) in (0, 40)
    # Plain containers: the safe loader reads it.
    assert KEY in torch.load(run / 'iter_2.pth', weights_only=False)


LR = {'optim_wrapper': {'optimizer': {'lr': 0.02}}}
NETWORK = {'model': {'generator': {'width': 2}, 'loss': 'l1'}}
LOSS = {'model': {'generator': {'width': 1}, 'loss': 'l2'}}


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (LR, r'optim_wrapper\.optimizer\.lr was 0\.01, now 0\.02'),
        (NETWORK, r'model\.generator\.width was 1, now 2'),
        ({'param_scheduler': {'type': 'StepLR'}}, r'param_scheduler was None'),
    ],
)
def test_a_change_that_resuming_would_ignore_is_refused(tmp_path, change, message):
    run = trained(tmp_path)
    with pytest.raises(ValueError, match=message):
        build(run, change, resume=True, max_iters=9).train()
    runner = build(run, change, resume=True, max_iters=9)
    runner._train_loop['accept_changes'] = True
    runner.train()
    assert runner.iter == 9 and 'Kept from the checkpoint: ' in log_of(run)
    assert read_record(run / 'iter_9.pth')['config'] == CONFIG


def test_a_change_that_takes_effect_is_logged(tmp_path):
    run = trained(tmp_path)
    build(run, LOSS, resume=True, max_iters=9).train()
    assert "in effect from here on: model.loss was 'l1', now 'l2'" in log_of(run)
    assert read_record(run / 'iter_9.pth')['config']['model'] == LOSS['model']


def test_a_change_of_a_complete_training_is_an_error(tmp_path):
    run = trained(tmp_path)
    with pytest.raises(ValueError, match=r"iteration 8.*model\.loss was 'l1', now 'l2'"):
        build(run, LOSS, resume=True).train()
    build(run, resume=True).train()


def test_a_training_does_not_begin_where_there_are_checkpoints(tmp_path):
    run = trained(tmp_path)
    before = (run / 'iter_8.pth').read_bytes()
    with pytest.raises(ValueError, match=r"model\.loss was 'l1', now 'l2'"):
        build(run, LOSS).train()
    # Nor those of its own, which it would overwrite.
    with pytest.raises(ValueError, match='iteration 8.*--resume'):
        build(run).train()
    assert (run / 'iter_8.pth').read_bytes() == before
    runner = build(run)
    runner._train_loop['accept_changes'] = True
    runner.train()
    assert (run / 'iter_8.pth').read_bytes() != before


def test_a_checkpoint_without_a_record_is_resumed_with_a_line(tmp_path):
    run = trained(tmp_path)
    content = torch.load(run / 'iter_8.pth', weights_only=False)
    del content[KEY]
    torch.save(content, run / 'iter_8.pth')
    build(run, LR, resume=True, max_iters=9).train()
    assert (
        'no record' in log_of(run) and read_record(run / 'iter_9.pth')['config']['optim_wrapper'] == LR['optim_wrapper']
    )


def test_the_record_has_the_digests_of_the_weights_it_started_from(tmp_path):
    (tmp_path / 'a.pth').write_bytes(b'abc')
    parts = [{'checkpoint': str(tmp_path / 'a.pth')}, {'checkpoint': 'nowhere', 'optional': True}]
    config = Config({'custom_hooks': [{'type': 'LoadPartsHook', 'parts': parts}], 'load_from': str(tmp_path / 'b.pth')})
    # SHA-256 of 'abc', FIPS 180-2, appendix B.1.
    digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert starting_weights(config, tmp_path) == {
        str(tmp_path / 'a.pth'): digest,
        'nowhere': None,
        str(tmp_path / 'b.pth'): None,
    }


def test_all_differences_are_listed():
    before, now = {'a': [1, {'b': 2}], 'c': 3}, {'a': [1, {'b': 4}], 'd': 5}
    assert [name for name, _ in differences(before, now)] == ['a.1.b', 'c', 'd']
    assert differences([1], [1, 2], 'x') == [('x', 'x was [1], now [1, 2]')]


def test_git_outside_of_a_repository(tmp_path):
    assert git_state(tmp_path) == '' and git_state(tmp_path / 'none') == ''


def test_resume_with_load_from(tmp_path):
    """Without a checkpoint the training begins from these weights; else it continues its own."""
    stage = trained(tmp_path, max_iters=2)
    # The checkpoint of another training has an iteration, released weights have none.
    torch.save({'state_dict': training.weights(stage, 2)}, tmp_path / 'released.pth')
    for weights in (stage / 'iter_2.pth', tmp_path / 'released.pth'):
        folder = tmp_path / weights.stem
        for iterations, begin in ((3, 0), (5, 3)):
            runner = build(folder, resume=True, max_iters=iterations, interval=1)
            runner._load_from = str(weights)
            begun = []
            runner.register_hook(Begun(begun))
            runner.train()
            assert begun == [begin]
    # A checkpoint of the folder itself is the one to resume.
    runner = build(stage, resume=True, max_iters=3)
    runner._load_from = str(stage / 'iter_2.pth')
    runner.train()
    assert runner.iter == 3


class Begun(training.Hook):
    """Note the first iteration."""

    def __init__(self, begun):
        self.begun = begun

    def before_train_epoch(self, runner):
        self.begun.append(runner.iter)
