"""SIGINT and SIGTERM: an exception while a run only reads, a request to stop once it writes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from reconciler.session.command_error import Exit, Terminated


class Stoppable(Protocol):
    """What a signal stops: the run's clock."""

    def stop(self) -> None: ...


class Signals:
    """Which signal came, and what to do with the next one."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._stops: Stoppable | None = None
        self._is_ending = False

    @property
    def exit_code(self) -> Exit | None:
        """The code that a signal asks for, None where none came."""
        if self.received is None:
            return None
        return Exit.TERMINATED if self.received == signal.SIGTERM else Exit.INTERRUPTED

    def only_stop(self, clock: Stoppable) -> None:
        """From now on a signal asks the clock to stop and raises nothing: what was begun is finished or classified.

        For good, so that no signal comes between the last write, its record and what is printed of it.
        """
        self._stops = clock

    def only_note(self) -> None:
        """From now on a signal is noted and does nothing: the run is ending, and says so once."""
        self._is_ending = True

    def handle(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or number
        if self._stops is not None:
            self._stops.stop()
        elif self._is_ending:
            return
        elif number == signal.SIGTERM:
            raise Terminated
        else:
            raise KeyboardInterrupt


@contextmanager
def handled() -> Iterator[Signals]:
    """Take both signals for the time of a ``with``; elsewhere than in the main thread nothing is taken."""
    signals = Signals()
    if threading.current_thread() is not threading.main_thread():
        yield signals
        return
    before = {number: signal.signal(number, signals.handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
