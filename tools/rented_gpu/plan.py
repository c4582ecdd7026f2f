"""How the minutes of a machine are shared among the phases."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

# Phase -> its share of the time, in the order in which they run. What a phase leaves over goes to those after it.
SHARES = {'install': 1.0, 'data': 1.5, 'check': 2.0, 'time': 2.0, 'train': 8.0}
# Share of the whole, and seconds at least, that are kept for writing the table at the end.
RESERVE, MIN_RESERVE = 0.01, 2.0


@dataclass(frozen=True)
class Plan:
    """When the work began, when it must be over, and what there is to do.

    Attributes:
        start: Seconds of ``time.time()``.
        end: Likewise; the table is complete by then.
        phases: Which phases run, in order.
    """

    start: float
    end: float
    phases: tuple[str, ...]

    @classmethod
    def of(cls, minutes: float, phases: Sequence[str] = tuple(SHARES), now: float | None = None) -> 'Plan':
        """A plan that begins now.

        Args:
            minutes: All the time there is.
            phases: Some of ``SHARES``, in any order.
            now: ``time.time()``, if not the present.

        Raises:
            ValueError: If there is no time, or no such phase.
        """
        if not minutes > 0:
            raise ValueError(f'the time must be more than 0 minutes, but got {minutes}')
        unknown = sorted(set(phases) - set(SHARES))
        if unknown or not phases:
            raise ValueError(f'phases are {", ".join(SHARES)}, but got {", ".join(unknown) or "none"}')
        start = time.time() if now is None else now
        return cls(start, start + 60 * minutes, tuple(phase for phase in SHARES if phase in phases))

    def until(self, phase: str, now: float | None = None) -> float:
        """When a phase that begins now must be over, in seconds of ``time.time()``.

        It gets its share of the time that is left, among the phases that are still to come.

        Raises:
            ValueError: If the phase is not part of the plan.
        """
        now = time.time() if now is None else now
        coming = self.phases[self.phases.index(phase) :]
        reserve = max(RESERVE * (self.end - self.start), MIN_RESERVE)
        left = max(self.end - reserve - now, 0.0)
        return now + left * SHARES[phase] / sum(SHARES[name] for name in coming)
