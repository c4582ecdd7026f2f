"""Train for a fixed time: decide when to stop, and follow the schedules by time."""

import math
import time
from collections.abc import Callable

from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

from .agreement import of_main_process

SECONDS, POSITION, SPENT_BUDGET = 'seconds_trained', 'schedule_position', 'seconds_of_spent_budget'
# Maximum share of the time for intermediate validations; the last one has a separate limit.
MAX_VALIDATION_SHARE = 0.2
MAX_LAST_VALIDATION_SHARE = 0.25


class TimeBudget:
    """Time budget of a training, including its validations and checkpoints.

    Args:
        seconds: The budget; above 0.
        planned: Iterations of the config's schedule.
        clock: Returns the time in seconds; default ``time.monotonic``.

    Attributes:
        position: Iteration of the schedule that corresponds to the elapsed share of the time, 0 to ``planned``.

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
        """Start the clock, with the seconds already spent by a resumed training."""
        self._start = self._clock() - spent
        self.position = position

    @property
    def spent(self) -> float:
        """Seconds since the training began, including those before a resume."""
        return self._clock() - self._start

    @property
    def reserve(self) -> float:
        """Estimated seconds reserved for the checkpoint and the validation at the end."""
        saving = max(self._longest - self._typical, 0.0)
        validation = self._validation or 0.0
        return saving + (validation if validation <= MAX_LAST_VALIDATION_SHARE * self.seconds else 0.0)

    @property
    def left(self) -> float:
        """Seconds left for iterations."""
        return self.seconds - self.reserve - self.spent

    @property
    def is_last(self) -> bool:
        """Whether the next iteration is the last one in the budget."""
        return self.left < 2 * self._typical or self.left <= 0

    @property
    def expected_iterations(self) -> int:
        """Estimated number of remaining iterations, at least two."""
        return max(int(self.left / self._typical), 2) if self._typical else self.planned

    def add_iteration(self, seconds: float) -> None:
        """Record the duration of an iteration."""
        self._iterations += 1
        if self._iterations == 1:
            # The warm-up is the first estimate of a typical iteration, so that a very short budget ends.
            self._typical = seconds
            return
        weight = max(1 / (self._iterations - 1), 0.05)
        # An iteration that saved a checkpoint is not typical.
        self._typical += weight * (min(seconds, 3 * self._typical) - self._typical)
        self._longest = max(self._longest, seconds)

    def advance(self) -> int:
        """Move ``position`` to the elapsed time and return by how many iterations of the schedule."""
        available = max(self.seconds - self.reserve, 1e-9)
        reached = max(self.position, min(int(self.spent / available * self.planned + 1e-6), self.planned))
        steps, self.position = reached - self.position, reached
        return steps

    def allows_validation(self) -> bool:
        """Whether there is time for an intermediate validation."""
        if self._validation is None:
            return True
        after = self.left - self._validation
        return self._validating + self._validation <= MAX_VALIDATION_SHARE * self.spent and after > 2 * self._typical

    def allows_last_validation(self) -> bool:
        """Whether there is time for the validation at the end, or its duration is unknown."""
        return self._validation is None or self.spent + 0.8 * self._validation <= self.seconds

    @property
    def needs_measuring(self) -> bool:
        """Whether half of the time is over and no validation has been timed."""
        return self._validation is None and self.spent > self.seconds / 2

    def add_validation(self, seconds: float) -> None:
        """Record the duration of a validation."""
        self._validation = seconds
        self._validating += seconds


@HOOKS.register_module()
class TimeScheduleHook(Hook):
    """Replace ``ParamSchedulerHook`` in a training with a time budget: schedules follow the time.

    The clock of the main process counts for all.

    Args:
        budget: The time budget.
    """

    priority = 'LOW'

    def __init__(self, budget: TimeBudget) -> None:
        self.budget = budget

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: object = None, outputs: dict | None = None
    ) -> None:
        """Step every schedule to the elapsed time, and record it for a checkpoint."""
        steps = of_main_process(self.budget.advance())
        runner.message_hub.update_info(SECONDS, self.budget.spent)
        runner.message_hub.update_info(POSITION, self.budget.position)
        groups = runner.param_schedulers or []
        for schedulers in groups.values() if isinstance(groups, dict) else [groups]:
            for scheduler in schedulers:
                for _ in range(steps if not scheduler.by_epoch else 0):
                    scheduler.step()
