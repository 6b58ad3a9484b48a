"""SIGINT and SIGTERM: an exception while a run only reads, a request to stop once it writes."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from reconciler.commands.problems import Exit, Terminated


class Stoppable(Protocol):
    """What a signal stops: the run's clock."""

    def stop(self) -> None: ...


class Signals:
    """Which signal came, and what to do with the next one."""

    def __init__(self) -> None:
        self.received: int | None = None
        self._stops: Stoppable | None = None

    @property
    def exit_code(self) -> Exit | None:
        """The code that a signal asks for, None where none came."""
        if self.received is None:
            return None
        return Exit.TERMINATED if self.received == signal.SIGTERM else Exit.INTERRUPTED

    @contextmanager
    def stopping(self, clock: Stoppable) -> Iterator[None]:
        """Within, a signal asks the clock to stop and raises nothing: writes are finished or classified."""
        self._stops = clock
        try:
            yield
        finally:
            self._stops = None

    def handle(self, number: int, _frame: FrameType | None) -> None:
        self.received = self.received or number
        if self._stops is not None:
            self._stops.stop()
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
