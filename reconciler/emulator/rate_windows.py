"""Rate windows: how many mutations a project may send in how many seconds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence


class RateWindows:
    """Sliding windows that all have room, or the request is refused (and then counts in none)."""

    def __init__(self, limits: Sequence[tuple[int, float]], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows = [(count, seconds, deque[float]()) for count, seconds in limits]
        self._lock = threading.Lock()

    def admit(self) -> float:
        """0 where the request may pass, else the seconds until it might."""
        with self._lock:
            now = self._clock()
            wait = 0.0
            for count, seconds, sent in self._windows:
                while sent and sent[0] <= now - seconds:
                    sent.popleft()
                if len(sent) >= count:
                    wait = max(wait, sent[0] + seconds - now)
            if not wait:
                for _, _, sent in self._windows:
                    sent.append(now)
            return wait
