"""Numbers from their digits, cheap however many there are."""

from __future__ import annotations

import math

from reconciler.files import flaws
from reconciler.files.file_limits import MAX_INTEGER_DIGITS
from reconciler.files.flaws import Flaw

_TOO_LARGE = 10**MAX_INTEGER_DIGITS


def integer(digits: str, base: int) -> tuple[int, Flaw | None]:
    """An integer, exact; 0 and a flaw where it is too long. Bounded first: ``int`` of decimal digits is quadratic."""
    if len(digits) > 4 * MAX_INTEGER_DIGITS:
        return 0, flaws.integer_too_long()
    value = int(digits, base)
    return (value, None) if -_TOO_LARGE < value < _TOO_LARGE else (0, flaws.integer_too_long())


def decimal(text: str) -> tuple[float, Flaw | None]:
    """The nearest float; 0.0 and a flaw where that is infinite."""
    value = float(text)
    return (value, None) if math.isfinite(value) else (0.0, flaws.value_not_finite(text))
