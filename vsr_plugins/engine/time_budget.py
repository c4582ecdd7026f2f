"""Training for so many minutes: when it ends, and where in its schedule it is."""

import math
import time
from collections.abc import Callable

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

SECONDS, POSITION = 'seconds_trained', 'schedule_position'
# Validations on the way may take this share of the time; the one at the end has its own.
VALIDATION_SHARE = 0.2
LONGEST_LAST_VALIDATION = 0.25


class TimeBudget:
    """Seconds that a training may take, with its validations and checkpoints.

    Args:
        seconds: How many; above 0.
        planned: Iterations that the config's schedule is written for.
        clock: What tells the time in seconds; default ``time.monotonic``.

    Attributes:
        position: The iteration of the schedule that the share of time stands for, 0 to ``planned``.

    Raises:
        ValueError: If ``seconds`` is not above 0.
    """

    def __init__(self, seconds: float, planned: int, clock: Callable[[], float] | None = None) -> None:
        if not (seconds > 0 and math.isfinite(seconds)):
            raise ValueError(f'max_minutes must be a number above 0, but got {seconds / 60}')
        self.seconds = seconds
        self.planned = planned
        self.position = 0
        self._clock = clock or time.monotonic
        self._start = self._clock()
        self._typical = 0.0
        self._longest = 0.0
        self._iterations = 0
        self._validating = 0.0
        self._validation: float | None = None

    def start(self, spent: float = 0.0, position: int = 0) -> None:
        """Begin to count, after so many seconds of the training that is resumed."""
        self._start = self._clock() - spent
        self.position = position

    @property
    def spent(self) -> float:
        """Seconds since the training began, those before it was resumed included."""
        return self._clock() - self._start

    @property
    def reserve(self) -> float:
        """Seconds that are kept for the checkpoint and the validation at the end, as far as is known."""
        saving = max(self._longest - self._typical, 0.0)
        validation = self._validation or 0.0
        return saving + (validation if validation <= LONGEST_LAST_VALIDATION * self.seconds else 0.0)

    @property
    def left(self) -> float:
        """Seconds left for iterations."""
        return self.seconds - self.reserve - self.spent

    @property
    def is_last(self) -> bool:
        """Whether the iteration that is about to begin is the last one for which there is time."""
        return self.left < 2 * self._typical or self.left <= 0

    @property
    def expected_iterations(self) -> int:
        """How many more iterations there is time for, at least two; a guess."""
        return max(int(self.left / self._typical), 2) if self._typical else self.planned

    def add_iteration(self, seconds: float) -> None:
        """Take note of how long an iteration took."""
        self._iterations += 1
        if self._iterations == 1:
            # Warming up; what is typical begins with it all the same, so that a very short budget ends.
            self._typical = seconds
            return
        weight = max(1 / (self._iterations - 1), 0.05)
        # One that saved a checkpoint shall not pass for typical.
        self._typical += weight * (min(seconds, 3 * self._typical) - self._typical)
        self._longest = max(self._longest, seconds)

    def advance(self) -> int:
        """Move ``position`` to where the time is; returns by how many iterations of the schedule."""
        available = max(self.seconds - self.reserve, 1e-9)
        reached = max(self.position, min(int(self.spent / available * self.planned + 1e-6), self.planned))
        steps, self.position = reached - self.position, reached
        return steps

    def allows_validation(self) -> bool:
        """Whether there is time for a validation on the way."""
        if self._validation is None:
            return True
        after = self.left - self._validation
        return self._validating + self._validation <= VALIDATION_SHARE * self.spent and after > 2 * self._typical

    def allows_last_validation(self) -> bool:
        """Whether there is time for the validation at the end, or it is not known."""
        return self._validation is None or self.spent + 0.8 * self._validation <= self.seconds

    @property
    def needs_measuring(self) -> bool:
        """Whether half of the time is over and no validation has told how long the last one will take."""
        return self._validation is None and self.spent > self.seconds / 2

    def add_validation(self, seconds: float) -> None:
        """Take note of how long a validation took."""
        self._validation = seconds
        self._validating += seconds


@HOOKS.register_module()
class TimeScheduleHook(Hook):
    """Takes the place of ``ParamSchedulerHook`` where a training has so many minutes: schedules follow the time.

    Args:
        budget: What is left of them.
    """

    priority = 'LOW'

    def __init__(self, budget: TimeBudget) -> None:
        self.budget = budget

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None, outputs: dict | None = None
    ) -> None:
        """Step every schedule to where the time is, and keep that for the checkpoint that may be saved now."""
        steps = self.budget.advance()
        runner.message_hub.update_info(SECONDS, self.budget.spent)
        runner.message_hub.update_info(POSITION, self.budget.position)
        groups = runner.param_schedulers or []
        for schedulers in groups.values() if isinstance(groups, dict) else [groups]:
            for scheduler in schedulers:
                for _ in range(steps if not scheduler.by_epoch else 0):
                    scheduler.step()
