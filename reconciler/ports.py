"""What planning and applying need of the outside: something to read, something to write, a clock.

Planning holds a ``Reader``, which has no way to write.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

Payload = dict[str, Any]
"""A dynamic config as the Console API sends it (DynamicConfigDto)."""


class Fate(StrEnum):
    """What is known of a request that failed."""

    NOT_SENT = "not-sent"  # it never left, or the server certainly did not act on it: safe to send again
    REFUSED = "refused"  # the server answered no (4xx): nothing was written, and asking again will not help
    UNKNOWN = "unknown"  # it may have been carried out: read before doing anything else


class ApiError(Exception):
    """The Console API or the network refused.

    ``message`` is one line for people, with no key in it. ``errors`` are the API's own findings as
    (property, message), where property is a dotted path into the body (``rules.0.name``) or "".
    """

    def __init__(
        self,
        message: str,
        *,
        fate: Fate,
        status: int | None = None,
        errors: tuple[tuple[str, str], ...] = (),
        code: str = "api-error",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fate = fate
        self.status = status
        self.errors = errors
        self.code = code


class Reader(Protocol):
    """Reads live state; each call may raise ``ApiError``."""

    def list_configs(self) -> list[Payload]:
        """Every dynamic config of the project, archived ones included, consistent and without duplicates."""
        ...

    def get(self, config_id: str) -> Payload | None:
        """One config, or None where the API answers 404."""
        ...


Look = Callable[[], None]
"""A last look before a request is sent; what it raises ends the call, and nothing is sent."""


class Writer(Protocol):
    """Writes live state. Each call sends its request at most once after it may have been carried out.

    ``look`` is called right before each sending, when all waiting (for the pace, after a 429) is over. What it raises
    is passed on as it is, and must be no ``ApiError``.
    Raises ``ApiError``: with ``Fate.UNKNOWN`` the caller must read before it decides what happened.
    Returns the payload of the answer, or None where a 2xx answer carried none that could be read.
    """

    def create(self, body: Mapping[str, Any], look: Look | None = None) -> Payload | None: ...

    def update(self, config_id: str, body: Mapping[str, Any], look: Look | None = None) -> Payload | None: ...

    def unarchive(self, config_id: str, look: Look | None = None) -> Payload | None: ...


class Clock(Protocol):
    """Time that tests can turn. Seconds, never going back."""

    def monotonic(self) -> float: ...

    def sleep(self, seconds: float) -> bool:
        """Wait; True where the full time passed, False where the run was asked to stop meanwhile."""
        ...

    @property
    def stopping(self) -> bool:
        """True once the run was asked to stop: start nothing new."""
        ...
