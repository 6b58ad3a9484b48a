"""429 Too Many Requests: one pause for all of a run's threads, as long as the server asks or a growing guess."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from random import Random

from reconciler.console_api import failures
from reconciler.console_api.waiting import Waits

LONGEST_PAUSE = 120.0
PATIENCE = 20 * 60.0
"""Longer than the API's longer window (15 min), after which it must let someone through."""

_LONGEST_GUESS = 60.0
_ROW_OF_LONG_WINDOW = 3
_WHY = "the API, which asks to slow down (429)"
_WHY_LONG = "the API, which asks to slow down (429 again and again: its 15-minute window is assumed to be used up)"


class Pause:
    """Nothing is sent before a moment that every 429 may move on; all threads of a run share it."""

    def __init__(self, waits: Waits) -> None:
        self.waits = waits
        self._lock = threading.Lock()
        self._until = 0.0
        self._why = _WHY

    def wait(self) -> None:
        """Wait until sending is allowed again; raises ``ApiError`` (interrupted) if asked to stop meanwhile."""
        while (left := self._until - self.waits.clock.monotonic()) > 0:
            self.waits.sleep(left, self._why)

    def extend(self, until: float, why: str) -> None:
        with self._lock:
            self._until = max(self._until, until)
            self._why = why


class Refusals:
    """The 429s in a row of one kind of requests: reads or writes, since the API may limit just one of the two.

    429s of requests that were under way together count once: they are one refusal, seen several times.
    """

    def __init__(self, pause: Pause, rng: Random) -> None:
        self._pause = pause
        self._clock = pause.waits.clock
        self._rng = rng
        self._lock = threading.Lock()
        self._row = 0
        self._first = self._latest = 0.0

    def refused(self, call: str, sent_at: float, retry_after: str | None, date: str | None) -> None:
        """A request that was sent at ``sent_at`` got a 429; raises ``ApiError`` once patience has run out."""
        now = self._clock.monotonic()
        asked = retry_after_seconds(retry_after, date) or 0.0
        with self._lock:
            guess = 0.0
            if not self._row or sent_at >= self._latest:
                guess = self._count(now)
            waited = now - self._first
            why = _WHY if self._row < _ROW_OF_LONG_WINDOW else _WHY_LONG
        if waited > PATIENCE:
            raise failures.rate_limited(call, waited)
        self._pause.extend(now + max(guess, asked), why)

    def accepted(self, sent_at: float) -> None:
        """A request that was sent at ``sent_at`` got an answer that is no 429."""
        with self._lock:
            if sent_at >= self._latest:
                self._row = 0

    def _count(self, now: float) -> float:
        """One more in the row; the seconds to wait where the server does not ask for more: full jitter."""
        if not self._row:
            self._first = now
        guess = self._rng.uniform(0, min(_LONGEST_GUESS, 2.0**self._row))
        self._row += 1
        self._latest = now
        return guess


def retry_after_seconds(retry_after: str | None, date: str | None) -> float | None:
    """Seconds that ``Retry-After`` (RFC 9110 §10.2.3) asks for, at most ``LONGEST_PAUSE``; None where it is senseless.

    A date is read against the same answer's ``Date``, so that a wrong clock on this side does no harm.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]+", text):
        return LONGEST_PAUSE if len(text) > 6 else min(LONGEST_PAUSE, float(text))
    then, now = _moment(text), _moment(date or "")
    if then is None or now is None:
        return None
    return min(LONGEST_PAUSE, max(0.0, (then - now).total_seconds()))


def _moment(text: str) -> datetime | None:
    """An HTTP date; one without a zone is in UTC, as all HTTP dates are."""
    from email.utils import parsedate_to_datetime  # slow to import, and dates are rare

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
