"""429 Too Many Requests: one pause for all of a run's threads, as long as the server asks or a growing guess."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random

from reconciler.console_api import failures
from reconciler.console_api.waiting import Waits

LONGEST_PAUSE = 120.0
PATIENCE = 20 * 60.0
"""Longer than the API's longer window (15 min), after which it must let someone through."""

_LONGEST_GUESS = 60.0
_ROWS_BEFORE_LONG_WINDOW = 3
_WHY = "the API asks to slow down (429)"
_WHY_LONG = "the API asks to slow down (429 again and again: its 15-minute window is assumed to be used up)"


class Pause:
    """Nothing is sent before a moment that every 429 moves on.

    429s of requests that were under way together count once: they are one refusal, seen several times.
    """

    def __init__(self, waits: Waits, rng: Random) -> None:
        self._waits = waits
        self._clock = waits.clock
        self._rng = rng
        self._lock = threading.Lock()
        self._until = 0.0
        self._row = 0
        self._first = 0.0
        self._latest = 0.0

    def wait(self) -> None:
        """Wait until sending is allowed again; raises ``ApiError`` (interrupted) if asked to stop meanwhile."""
        while (left := self._until - self._clock.monotonic()) > 0:
            self._waits.sleep(left, _WHY if self._row <= _ROWS_BEFORE_LONG_WINDOW else _WHY_LONG)

    def refused(self, call: str, sent_at: float, retry_after: str | None, date: str | None) -> None:
        """Note a 429 for a request that was sent at ``sent_at``; raises ``ApiError`` once patience has run out."""
        with self._lock:
            now = self._clock.monotonic()
            if self._row and sent_at < self._latest:
                wait = 0.0
            else:
                wait = self._rng.uniform(0, min(_LONGEST_GUESS, 2.0**self._row))
                self._first = self._first if self._row else now
                self._row += 1
                self._latest = now
            if now - self._first > PATIENCE:
                raise failures.rate_limited(call, now - self._first)
            asked = retry_after_seconds(retry_after, date) or 0.0
            self._until = max(self._until, now + min(LONGEST_PAUSE, max(wait, asked)))

    def accepted(self) -> None:
        """Note an answer that was no 429."""
        with self._lock:
            self._row = 0


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
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
