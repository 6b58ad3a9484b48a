"""The clock of a real run: waits end early when the run is asked to stop."""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue


class RealClock:
    """``ports.Clock`` on the system's monotonic clock, which no change of the date can move."""

    def __init__(self) -> None:
        self._stopping = False
        # One token wakes all: whoever takes it puts it back. Unlike an Event's, a SimpleQueue's lock cannot be held
        # by the very code that a signal handler has interrupted.
        self._token: SimpleQueue[None] = SimpleQueue()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """Wait; False as soon as ``stop`` was called, from whichever thread or signal handler."""
        try:
            self._token.get(timeout=max(0.0, seconds))
        except Empty:
            return not self._stopping
        self._token.put(None)
        return False

    @property
    def stopping(self) -> bool:
        return self._stopping

    def stop(self) -> None:
        """Ask the run to stop: waits end, nothing new is sent, what is in flight gets a few seconds more."""
        self._stopping = True
        self._token.put(None)
