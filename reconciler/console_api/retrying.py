"""Sending again, by what a failure means.

    what happened                          GET                     write
    ─────────────────────────────────────  ──────────────────────  ─────────────────────────────────────
    never sent (refused connection, …)     again, with backoff     again, with backoff
    429                                    again, after the pause  again, after the pause: nothing was done
    5xx, reset, time-out, unreadable body  again, with backoff     ApiError, Fate.UNKNOWN: read first
    other 4xx, redirect                    ApiError, Fate.REFUSED  ApiError, Fate.REFUSED

Backoff is full jitter, and all retries of a run share one budget, so that trouble at the API is never multiplied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from reconciler.console_api.answer import Answer
from reconciler.console_api.pacing import Pacer
from reconciler.console_api.rate_limit import Pause, Refusals
from reconciler.ports import ApiError, Fate, Look

T = TypeVar("T")

MOST_TRIES = 5
_TOO_MANY = 429
_FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 10.0


class RetryBudget:
    """How many retries a run may make in all: a few, and one for every ten requests."""

    def __init__(self, at_least: int = 50, share: float = 0.1) -> None:
        self._at_least = at_least
        self._share = share
        self._requests = 0
        self._retries = 0
        self._lock = threading.Lock()

    def request(self) -> None:
        with self._lock:
            self._requests += 1

    def spend(self) -> bool:
        """Take one retry; False where there is none left."""
        with self._lock:
            if self._retries >= self._at_least + self._share * self._requests:
                return False
            self._retries += 1
            return True


@dataclass(frozen=True, slots=True)
class _Manner:
    """How one kind of requests is sent, and after which failures it may be sent again."""

    turn: Callable[[], AbstractContextManager[None]]
    refusals: Refusals
    may_repeat: Callable[[ApiError], bool]


class Retries:
    """Sends until there is an answer to keep, or a reason to stop."""

    def __init__(self, pause: Pause, pacer: Pacer, rng: Random) -> None:
        self._pause = pause
        self._clock = pause.waits.clock
        self._rng = rng
        self._budget = RetryBudget()
        self._reads = _Manner(self._any_time, Refusals(pause, rng), lambda failure: failure.fate is not Fate.REFUSED)
        self._writes = _Manner(pacer.slot, Refusals(pause, rng), lambda failure: failure.fate is Fate.NOT_SENT)

    def read(self, send: Callable[[], Answer], understand: Callable[[Answer], T]) -> T:
        """What ``understand`` makes of the answer; raises ``ApiError`` once asking again is of no use."""
        return self._until_kept(self._reads, send, understand)

    def write(self, send: Callable[[], Answer], understand: Callable[[Answer], T], look: Look | None = None) -> T:
        """The same for a mutation, which is sent again only where it certainly was not carried out.

        ``look`` comes before each sending, once there is room: what it saw is as fresh as can be, however long the
        mutation had to wait.
        """
        return self._until_kept(self._writes, send, understand, look)

    def _until_kept(
        self, manner: _Manner, send: Callable[[], Answer], understand: Callable[[Answer], T], look: Look | None = None
    ) -> T:
        tries = 0
        while True:
            try:
                answer, sent_at = self._send(manner, send, look)
                if answer.status != _TOO_MANY:
                    manner.refusals.accepted(sent_at)
                    return understand(answer)
            except ApiError as failure:
                tries += 1
                if self._clock.stopping or tries >= MOST_TRIES or not manner.may_repeat(failure):
                    raise
                if not self._budget.spend():
                    raise
                self._pause.waits.sleep(self._backoff(tries), f"another try ({failure.code})")
            else:
                asked = answer.headers.get("retry-after"), answer.headers.get("date")
                manner.refusals.refused(answer.call, sent_at, *asked)

    def _send(self, manner: _Manner, send: Callable[[], Answer], look: Look | None) -> tuple[Answer, float]:
        """The answer, and when its request was sent."""
        with manner.turn():
            if look is not None:
                look()
            self._budget.request()
            sent_at = self._clock.monotonic()
            return send(), sent_at

    @contextmanager
    def _any_time(self) -> Iterator[None]:
        """Reads keep no pace, but a 429 holds them up like all else."""
        self._pause.wait()
        yield

    def _backoff(self, tries: int) -> float:
        return self._rng.uniform(0, min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2.0**tries))
