"""How far an apply is, when it will be done, and a clock that never lets a log fall silent."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.apply.execution import was_written
from reconciler.model import Outcome, Status
from reconciler.ports import Clock
from reconciler.session.terminal import HowFar

_SLICE = 1.0


class Progress:
    """What is written of a plan's writes, and the time that is left by the pace that the API allows.

    A run that is behind that pace, as where the project's other clients use up its windows, ends as much later.
    """

    def __init__(self, writes: int, windows: Sequence[tuple[int, float]], clock: Clock) -> None:
        from reconciler.console_api.pacing import schedule

        self._sent = schedule(writes, windows)
        self._has_pace = bool(windows)
        self._clock = clock
        self._began = clock.monotonic()
        self._written = self._ended = 0

    def add(self, outcome: Outcome) -> None:
        """One more outcome is known; held changes are not among the writes."""
        if outcome.status is not Status.HELD:
            self._ended += 1
            self._written += was_written(outcome)

    def __call__(self) -> HowFar:
        return HowFar(self.text, self._left())

    @property
    def text(self) -> str:
        return f"{self._written:,}/{len(self._sent):,} written"

    def _left(self) -> float | None:
        open_ones = len(self._sent) - self._ended
        passed = self._clock.monotonic() - self._began
        if open_ones <= 0:
            return 0.0
        if not self._has_pace:
            return passed / self._ended * open_ones if self._ended else None
        behind = max(0.0, passed - self._sent[self._ended])
        return self._sent[-1] + behind - passed


class TickingClock:
    """A clock whose sleeps are interrupted every second for ``tick``."""

    def __init__(self, clock: Clock, tick: Callable[[], None]) -> None:
        self._clock = clock
        self._tick = tick

    def monotonic(self) -> float:
        return self._clock.monotonic()

    @property
    def stopping(self) -> bool:
        return self._clock.stopping

    def sleep(self, seconds: float) -> bool:
        while seconds > 0:
            if not self._clock.sleep(min(seconds, _SLICE)):
                return False
            seconds -= _SLICE
            self._tick()
        return not self._clock.stopping
