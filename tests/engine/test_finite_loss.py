import pytest
import torch
import training

from vsr_plugins.engine.finite_loss import FiniteLossHook


class Spoiled(training.Noisy):
    """Multiplies the loss, or the gradient, of some iterations."""

    def __init__(self, factor, iterations, gradient=False):
        super().__init__()
        self.factor, self.iterations, self.gradient = factor, set(iterations), gradient
        self.count = 0

    def forward(self, x, index, mode='loss'):
        losses = super().forward(x, index, mode)
        if mode == 'loss':
            self.count += 1
            if self.count in self.iterations and self.gradient:
                self.layer[2].weight.register_hook(lambda gradient: gradient * self.factor)
            elif self.count in self.iterations:
                losses['loss'] = losses['loss'] * self.factor
        return losses


def build(work_dir, factor, iterations, gradient=False, hooks=(), **options):
    runner = training.build(work_dir, hooks=hooks, **options)
    torch.manual_seed(0)
    runner.model = Spoiled(factor, iterations, gradient)
    return runner


@pytest.mark.parametrize(('factor', 'word'), [(float('nan'), 'NaN'), (float('inf'), 'infinite')])
def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_good_checkpoint(tmp_path, factor, word):
    with pytest.raises(FloatingPointError, match=rf'{word} at iteration 5.*iter_4\.pth'):
        build(tmp_path, factor, [5], max_keep_ckpts=1).train()
    assert [path.name for path in tmp_path.glob('*.pth')] == ['iter_4.pth']
    kept = training.weights(tmp_path, 4)
    assert all(torch.isfinite(value).all() for value in kept.values())


def test_before_the_first_checkpoint(tmp_path):
    with pytest.raises(FloatingPointError, match='iteration 1; there is no checkpoint'):
        build(tmp_path, float('nan'), [1]).train()


def test_weights_that_are_not_finite_never_replace_a_checkpoint(tmp_path):
    """The loss of iteration 4 is a number, its gradient is not; a checkpoint is due right after it."""
    with pytest.raises(FloatingPointError, match=r'iteration 4 \(layer\.\d.*iter_2\.pth'):
        build(tmp_path, float('nan'), [4], gradient=True, max_keep_ckpts=1).train()
    assert [path.name for path in tmp_path.glob('*.pth')] == ['iter_2.pth']


def test_a_step_is_skipped_on_request(tmp_path):
    hook = {'type': 'FiniteLossHook', 'action': 'skip'}
    runner = build(tmp_path, float('nan'), [3, 5], hooks=[hook])
    runner.train()
    assert runner.iter == 8 and all(torch.isfinite(value).all() for value in runner.model.state_dict().values())
    log = ''.join(path.read_text() for path in tmp_path.rglob('*.log'))
    assert 'iteration 3: this step is skipped' in log and 'iteration 5: this step is skipped' in log


def test_not_every_step_is_skipped(tmp_path):
    hook = {'type': 'FiniteLossHook', 'action': 'skip', 'max_skipped': 2}
    with pytest.raises(FloatingPointError, match='iteration 5'):
        build(tmp_path, float('nan'), range(3, 9), hooks=[hook]).train()


def test_the_guard_changes_no_weight(tmp_path):
    training.build(tmp_path / 'a').train()
    runner = training.build(tmp_path / 'b')
    runner.train()
    assert 'update_params' not in vars(runner.optim_wrapper)
    for name, value in training.weights(tmp_path / 'a', 8).items():
        assert torch.equal(value, training.weights(tmp_path / 'b', 8)[name])


def test_an_unknown_action():
    with pytest.raises(ValueError, match="'go'"):
        FiniteLossHook(action='go')
