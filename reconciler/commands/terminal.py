"""Where output goes: the result to stdout, everything else to stderr, nothing raw to either."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from reconciler.commands.problems import Exit, Problem
from reconciler.redactor import Redactor, of_environment
from reconciler.render import inert

_WIDTH = 120  # where nothing says how wide the output is
_WORTH_A_LINE = 5.0  # seconds of waiting that a log tells of


@dataclass(slots=True)
class Terminal:
    """The streams of a run, and what may be done with them."""

    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    no_color: bool = False
    quiet: bool = False
    verbose: bool = False
    redactor: Redactor = field(default_factory=Redactor)
    """Knows the keys: they are struck out of all that is written, also where the API sends one back in a config."""
    has_result: bool = False
    """Whether anything was written to stdout: a second document would spoil the first."""
    _progress_shown: bool = False
    _how_far: Callable[[], str] = lambda: ""
    _waited_for: set[str] = field(default_factory=set)

    @property
    def color(self) -> bool:
        """NO_COLOR and the flag win over FORCE_COLOR, which wins over what stdout is."""
        if self.no_color or self.environ.get("NO_COLOR"):
            return False
        return bool(self.environ.get("FORCE_COLOR")) or (self.stdout.isatty() and self.environ.get("TERM") != "dumb")

    @property
    def width(self) -> int:
        return shutil.get_terminal_size((_WIDTH, 24)).columns if self.stdout.isatty() else _WIDTH

    @property
    def in_ci(self) -> bool:
        return self.environ.get("CI", "").lower() not in ("", "0", "false")

    @property
    def can_ask(self) -> bool:
        return not self.in_ci and sys.stdin is not None and sys.stdin.isatty() and self.stderr.isatty()

    @property
    def shows_progress(self) -> bool:
        return self.stderr.isatty() and not self.quiet and not self.in_ci

    def result(self, text: str) -> None:
        """What the command was asked for; raises ``Problem`` where it cannot be written."""
        self._clear()
        self.has_result = True
        try:
            self.stdout.write(self.redactor(text))
            self.stdout.flush()
        except OSError as error:
            said = f"the output could not be written: {error.strerror or error}"
            raise Problem(Exit.FAILED, "output-unwritable", said) from error

    def note(self, text: str) -> None:
        """A line beside the result; ``-q`` leaves it out."""
        if not self.quiet:
            self.warn(text)

    def detail(self, text: str) -> None:
        """A line for ``-v``."""
        if self.verbose:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Lines that are never left out: what went wrong."""
        self._clear()
        shown = "\n".join(inert.terminal(line) for line in self.redactor(text).split("\n"))
        self.stderr.write(inert.runner(shown) + "\n")
        self.stderr.flush()

    def progress(self, how_far: Callable[[], str]) -> None:
        """How far the command is: one line that replaces the one before it; only where a person looks on.

        It is asked again for every second of a wait.
        """
        self._how_far = how_far
        self._show(how_far())

    def waiting(self, seconds: float, why: str) -> None:
        """Count a wait down beside how far it is, for who looks on; a log gets one line for each reason to wait.

        No seconds left: the wait is over.
        """
        if self.shows_progress:
            wait = f"   waiting {seconds:.0f} s: {why}" if seconds else ""
            self._show((self._how_far() + wait).lstrip())
        elif seconds >= _WORTH_A_LINE and why not in self._waited_for:
            self._waited_for.add(why)
            self.note(f"waiting {seconds:.0f} s: {why}")

    def _show(self, line: str) -> None:
        if self.shows_progress:
            self._progress_shown = True
            self.stderr.write(f"\r\x1b[K{inert.terminal(self.redactor(line))}")
            self.stderr.flush()

    def ask(self, question: str) -> bool:
        """True only for a plain yes."""
        self._clear()
        self.stderr.write(f"{question} ")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _clear(self) -> None:
        if self._progress_shown:
            self._progress_shown = False
            self.stderr.write("\r\x1b[K")


def standard(environ: Mapping[str, str] | None = None) -> Terminal:
    """The process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # A stream that was closed by the caller is None.
    stdout, stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115 - to the end
    environ = os.environ if environ is None else environ
    return Terminal(stdout, stderr, environ, redactor=of_environment(environ))
