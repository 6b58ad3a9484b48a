"""The two ways in which the emulator says no: to its operator, and to a client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class EmulatorError(Exception):
    """The emulator cannot start with what it was given. One line, for the person who started it."""


class Problem(NamedTuple):
    """One entry of the API's ``errors``: a dotted path into the body (``rules.0.name``) and a message."""

    property: str
    message: str


class Refusal(Exception):  # noqa: N818 - it is an answer to the client, not an error of ours
    """An answer other than success, raised by whatever finds the reason and turned into a response."""

    def __init__(
        self,
        status: int,
        message: str,
        problems: Sequence[Problem] = (),
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.problems = tuple(problems)
        self.headers = tuple(headers)


def invalid(problems: Sequence[Problem]) -> Refusal:
    """The API's answer to a body that fails its validation."""
    return Refusal(400, "Bad Request Exception", problems)


def rule_refusal(message: str) -> Refusal:
    """The shape in which the API refuses a list of rules as a whole."""
    return Refusal(400, message, [Problem("rules", message)])
