"""How fast a run may write: two sliding windows that are never exceeded, shared by all its threads.

Statsig documents about 100 mutations in 10 s and 900 in 15 min, for a project. The server counts a mutation when it
arrives, which is somewhere between our sending it and its answer. So a request takes its place in every window from
the moment it is sent until a whole window after it was answered: however long it travelled, no window at the server
ever holds more than its limit.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from reconciler.console_api import failures
from reconciler.console_api.rate_limit import Pause

Windows = Sequence[tuple[int, float]]
"""(mutations, seconds) pairs: at most so many mutations in any so many seconds. None at all: no pace to keep."""

DEFAULT_WINDOWS: Windows = ((95, 10.0), (880, 900.0))
"""A little under what the API documents, since a project's other clients share it."""

_GUARD = 0.001
_WHY = "its turn within the project's rate limit"


def schedule(writes: int, windows: Windows = DEFAULT_WINDOWS) -> list[float]:
    """When each of that many writes is sent at best, in seconds from the first, if each one were answered at once."""
    sent: list[float] = []
    for index in range(writes):
        sent.append(max([0.0, *(sent[index - most] + seconds for most, seconds in windows if index >= most)]))
    return sent


def plan_seconds(writes: int, windows: Windows = DEFAULT_WINDOWS) -> float:
    """How long that many writes take at best, in seconds, if each one were answered at once."""
    return max(schedule(writes, windows), default=0.0)


class Pacer:
    """Hands out the right to send one mutation; ``slot`` blocks until there is room in every window."""

    def __init__(self, windows: Windows, pause: Pause) -> None:
        self._windows = tuple(windows)
        self._pause = pause
        self._waits = pause.waits
        self._clock = pause.waits.clock
        self._turn = threading.Lock()
        self._count = threading.Lock()
        self._in_flight = 0
        self._answered: deque[float] = deque(maxlen=max((most for most, _ in self._windows), default=0))

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Wait for room, then hold it while the request is under way.

        Raises ``ApiError`` (interrupted, not sent) where the run is asked to stop before there is room.
        """
        # One thread at a time waits at the head of the queue, so that a slot that opens wakes one and not all.
        with self._turn:
            self._wait_for_room()
        try:
            yield
        finally:
            with self._count:
                self._in_flight -= 1
                self._answered.append(self._clock.monotonic())

    def _wait_for_room(self) -> None:
        while True:
            self._pause.wait()
            if self._clock.stopping:
                raise failures.interrupted(_WHY)
            with self._count:
                wait, window = self._until_room(self._clock.monotonic())
                if wait <= 0:
                    self._in_flight += 1
                    return
            self._waits.sleep(wait, _named(window))

    def _until_room(self, now: float) -> tuple[float, float]:
        """The longest wait, and the length of the window that asks for it."""
        waits = ((self._until_room_in(most, seconds + _GUARD, now), seconds) for most, seconds in self._windows)
        return max(waits, default=(0.0, 0.0))

    def _until_room_in(self, most: int, seconds: float, now: float) -> float:
        """Seconds until one window has room; at least that long, where requests in flight alone fill it."""
        room = most - self._in_flight
        if room <= 0:
            return seconds
        if len(self._answered) < room:
            return 0.0
        return self._answered[-room] + seconds - now


def _named(seconds: float) -> str:
    return f"the {seconds / 60:g}-minute window" if seconds >= 60 else f"the {seconds:g}-second window"
