"""What stops a command, for the person who must act; and the exit codes that scripts rely on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from reconciler.diagnostics import Diagnostic
from reconciler.model import TargetRef


class Exit(IntEnum):
    """Exit codes. Where several apply: a signal, then PARTLY, STALE, REFUSED, INVALID, FAILED."""

    DONE = 0
    FAILED = 1
    PENDING = 2
    INVALID = 3
    REFUSED = 4
    STALE = 5
    PARTLY = 6
    USAGE = 64
    INTERRUPTED = 130
    TERMINATED = 143


class Problem(Exception):  # noqa: N818 - also what users did, not only errors of ours
    """A command ends here. ``message`` and ``hint`` are lines for people; ``diagnostics`` what was found in files."""

    def __init__(
        self,
        exit_code: Exit,
        code: str,
        message: str,
        hint: str | None = None,
        *,
        diagnostics: Sequence[Diagnostic] = (),
        target: TargetRef | None = None,
    ) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.code = code
        self.message = message
        self.hint = hint
        self.diagnostics = tuple(diagnostics)
        self.target = target


class Terminated(KeyboardInterrupt):
    """SIGTERM, taken like Ctrl-C."""
