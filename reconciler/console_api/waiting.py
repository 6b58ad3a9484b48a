"""Every wait of a run goes through here: it is announced, counted down, and ends when the run is asked to stop."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.console_api import failures
from reconciler.ports import Clock

OnWait = Callable[[float, str], None]
"""Gets the seconds that remain and what is waited for, about once a second; 0.0 when that wait is over.

What is waited for reads well after "waiting for".
"""

_SLICE = 1.0
_SHORTEST = 0.001  # a wait below the clock's resolution must still end


class Waits:
    """A clock that says what it waits for."""

    def __init__(self, clock: Clock, on_wait: OnWait | None = None) -> None:
        self.clock = clock
        self._on_wait = on_wait or (lambda _seconds, _why: None)

    def go_on(self) -> None:
        """Nothing is waited for, and the run has got a step further."""
        self._on_wait(0.0, "")

    def sleep(self, seconds: float, why: str) -> None:
        """Wait; raises ``ApiError`` (interrupted) where the run was asked to stop meanwhile."""
        if seconds <= 0:
            return
        ends = self.clock.monotonic() + seconds
        while (left := ends - self.clock.monotonic()) > 0:
            self._on_wait(left, why)
            if not self.clock.sleep(max(min(left, _SLICE), _SHORTEST)):
                raise failures.interrupted(why)
        self._on_wait(0.0, why)
