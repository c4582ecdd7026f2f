"""Trainings with a time budget."""

import json

import pytest
import training
from mmengine.config import Config

from vsr_plugins.engine import loops
from vsr_plugins.engine.time_budget import TimeBudget


class Clock:
    """A clock that advances only by ``takes``."""

    now = 1000.0

    def __call__(self):
        return self.now

    def takes(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    """Iterations take a second, validations ``clock.validation``, checkpoints ``clock.saving``."""
    clock = Clock()
    clock.validation = clock.saving = 0.0
    monkeypatch.setattr(loops, 'TimeBudget', lambda seconds, planned: TimeBudget(seconds, planned, clock))
    forward = training.Noisy.forward

    def timed(self, x, index, mode='loss'):
        clock.takes(1.0 if mode == 'loss' else clock.validation / 11)
        return forward(self, x, index, mode)

    monkeypatch.setattr(training.Noisy, 'forward', timed)
    save = loops.Runner.save_checkpoint
    monkeypatch.setattr(
        loops.Runner, 'save_checkpoint', lambda *args, **kwargs: (clock.takes(clock.saving), save(*args, **kwargs))
    )
    return clock


def log(work_dir):
    (path,) = work_dir.rglob('scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


class TestTraining:
    def test_it_ends_with_its_minutes_at_the_end_of_its_schedule(self, tmp_path, clock):
        """One minute at one second per iteration, with a schedule of 20 iterations: its cosine ends at 0."""
        runner = training.build(tmp_path, max_iters=20, max_minutes=1, interval=1000)
        runner.train()
        assert 59 <= clock.now - 1000 <= 60.1
        assert runner.iter == runner.max_iters == clock.now - 1000
        # Saved at the end, although the interval does not require it.
        assert (tmp_path / f'iter_{runner.iter}.pth').is_file()
        rates = {record['step']: record['lr'] for record in log(tmp_path) if 'lr' in record}
        half = rates[30]
        assert half == pytest.approx(0.005, rel=0.2)
        assert runner.optim_wrapper.get_lr()['lr'][0] == pytest.approx(0, abs=1e-4)

    def test_a_long_schedule_is_completed_in_few_iterations(self, tmp_path, clock):
        runner = training.build(tmp_path, max_iters=2000, max_minutes=0.5)
        runner.train()
        assert runner.iter in (29, 30) and clock.now - 1000 <= 30.1
        assert max(s.last_step for s in runner.param_schedulers) == 1999

    def test_the_minutes_include_validations_and_checkpoints(self, tmp_path, clock):
        clock.validation, clock.saving = 2.0, 1.0
        runner = training.build(tmp_path, max_iters=100, max_minutes=2, interval=10, val_interval=25)
        runner.train()
        assert 116 <= clock.now - 1000 <= 120.1
        validated = [record['step'] for record in log(tmp_path) if 'steps' in record]
        assert len(validated) == 4 and validated[-1] == runner.iter
        (scheduler,) = runner.param_schedulers
        assert scheduler.last_step >= 98

    def test_validations_take_a_fifth_of_the_time_at_most(self, tmp_path, clock):
        clock.validation = 10.0
        runner = training.build(tmp_path, max_iters=100, max_minutes=2, interval=1000, val_interval=5)
        runner.train()
        validated = [record['step'] for record in log(tmp_path) if 'steps' in record]
        # At 5, 50 and so on of 120 seconds, and at the end.
        assert 2 <= len(validated) <= 4 and validated[-1] == runner.iter
        assert clock.now - 1000 <= 120.1

    def test_the_last_validation_is_timed_before(self, tmp_path, clock):
        """Without an interval it is timed after half of the budget, so that its duration is known at the end."""
        clock.validation = 8.0
        runner = training.build(tmp_path, max_iters=100, max_minutes=1, interval=1000, val_interval=100)
        runner.train()
        validated = [record['step'] for record in log(tmp_path) if 'steps' in record]
        assert len(validated) == 2 and validated[0] == 31 and validated[1] == runner.iter
        assert 58 <= clock.now - 1000 <= 60.1

    def test_a_resumed_training_takes_the_remaining_minutes(self, tmp_path, clock):
        training.build(tmp_path, max_iters=20, max_minutes=0.5, interval=10).train()
        for path in tmp_path.glob('iter_*.pth'):
            if path.name != 'iter_10.pth':
                path.unlink()
        (tmp_path / 'last_checkpoint').write_text(str(tmp_path / 'iter_10.pth'))
        clock.takes(5000)
        before = clock.now
        runner = training.build(tmp_path, max_iters=20, max_minutes=0.5, interval=10, resume=True)
        runner.train()
        assert 19 <= clock.now - before <= 20.1 and runner.iter in (29, 30)
        assert max(s.last_step for s in runner.param_schedulers) == 19

    @pytest.mark.parametrize('minutes', [0.4, 0.5])
    def test_a_spent_budget_leaves_nothing_to_train(self, tmp_path, clock, minutes):
        """Also if its last checkpoint was saved before the end, because the validation still had to come."""
        clock.validation, clock.saving = 2.0, 1.0
        first = training.build(tmp_path, max_iters=20, max_minutes=0.5, interval=100, val_interval=5)
        first.train()
        before = clock.now
        runner = training.build(tmp_path, max_iters=20, max_minutes=minutes, val_interval=5, resume=True)
        runner.train()
        assert runner.iter == first.iter and clock.now - before <= clock.validation + clock.saving + 0.1

    def test_a_larger_budget_goes_on(self, tmp_path, clock):
        training.build(tmp_path, max_iters=20, max_minutes=0.5).train()
        before = clock.now
        training.build(tmp_path, max_iters=20, max_minutes=1, resume=True).train()
        assert 29 <= clock.now - before <= 30.1

    @pytest.mark.parametrize('minutes', [0, -1, float('nan'), float('inf')])
    def test_minutes_are_a_number_above_zero(self, tmp_path, minutes):
        runner = training.build(tmp_path, max_minutes=minutes)
        with pytest.raises(ValueError, match='max_minutes'):
            runner.train()

    def test_it_can_be_set_for_every_config(self, tmp_path):
        """Set as by --cfg-options."""
        config = Config(dict(train_cfg=dict(type='ResumableIterBasedTrainLoop', max_iters=8)))
        config.merge_from_dict({'train_cfg.max_minutes': 2})
        assert config.train_cfg == dict(type='ResumableIterBasedTrainLoop', max_iters=8, max_minutes=2)
