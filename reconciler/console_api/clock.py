"""The clock of a real run: waits end early when the run is asked to stop."""

from __future__ import annotations

import threading
import time


class RealClock:
    """``ports.Clock`` on the system's monotonic clock, which no change of the date can move."""

    def __init__(self) -> None:
        self._stop = threading.Event()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """Wait; False as soon as ``stop`` was called, from whichever thread or signal handler."""
        return not self._stop.wait(max(0.0, seconds))

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """Ask the run to stop: waits end, nothing new is sent, what is in flight gets a few seconds more."""
        self._stop.set()
