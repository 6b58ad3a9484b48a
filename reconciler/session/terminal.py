"""Where output goes: the result to stdout, everything else to stderr, nothing raw to either."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TextIO

from reconciler.redactor import Redactor, of_environment
from reconciler.render import inert
from reconciler.session.command_error import Exit, Problem

_WIDTH = 120  # where nothing says how wide the output is
_WORTH_A_LINE = 5.0  # seconds of waiting that a log names at once
_SILENCE = 25.0  # seconds after which a log gets a line: a CI that sees none for minutes ends the job
_DAY = 86_400


class HowFar(NamedTuple):
    """``text`` says what was done, of how much; ``left`` is how many seconds are left, None where that is not known."""

    text: str = ""
    left: float | None = None


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
    monotonic: Callable[[], float] = time.monotonic
    """The run's own time; tests turn it."""
    _progress_shown: bool = False
    _how_far: Callable[[], HowFar] = HowFar
    _wait: tuple[float, str] | None = None  # when it ends, and what for
    _waited_for: set[str] = field(default_factory=set)
    _logged_at: float | None = None
    _saying: threading.Lock = field(default_factory=threading.Lock)

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

    def progress(self, how_far: Callable[[], HowFar]) -> None:
        """How far the command is: one line that replaces the one before it where a person looks on, else a log's lines.

        It is asked again for every second of a wait.
        """
        self._how_far = how_far
        self._say_how_far()

    def waiting(self, seconds: float, why: str) -> None:
        """Count a wait down beside how far the command is; a log has the first wait for each reason at once.

        No seconds left: the wait is over.
        """
        self._wait = (self.monotonic() + seconds, why) if seconds else None
        self._say_how_far(at_once=why if seconds >= _WORTH_A_LINE else None)

    def tick(self) -> None:
        """Time goes by: a log that was silent for long gets a line. Any thread may call it, as often as it likes."""
        if not self.shows_progress:
            self._say_how_far()

    def _say_how_far(self, at_once: str | None = None) -> None:
        if not self._saying.acquire(blocking=False):
            return  # another thread is about to say it
        try:
            with suppress(OSError):  # that nobody reads this any more must not end a run that writes
                if self.shows_progress:
                    self._show(self._for_a_person())
                else:
                    self._log(at_once)
        finally:
            self._saying.release()

    def _log(self, at_once: str | None) -> None:
        now = self.monotonic()
        is_new = at_once is not None and at_once not in self._waited_for
        if self._logged_at is None:
            self._logged_at = now
        if is_new or now - self._logged_at >= _SILENCE:
            self._waited_for |= {at_once} if at_once else set()
            self._logged_at = now
            self.note(self._for_a_log())

    def _for_a_person(self) -> str:
        from reconciler.render.phrases import duration

        how_far, (left, why) = self._how_far(), self._waits_for()
        ends = 0.0 if how_far.left is None else max(how_far.left, left)
        done = f"done in {duration(ends)}" if ends > 1 else ""
        return "   ".join(filter(None, [how_far.text, done, f"waiting {left:.0f} s: {why}" if why else ""]))

    def _for_a_log(self) -> str:
        how_far, (left, why) = self._how_far(), self._waits_for()
        ends = 0.0 if how_far.left is None else max(how_far.left, left)
        wait = f"waiting for {why} until {_time_in(left)}" if why else ""
        done = f"done about {_time_in(ends)}" if ends > 0 else ""
        return ", ".join(filter(None, [how_far.text, wait, done])) or "still running"

    def _waits_for(self) -> tuple[float, str]:
        """The seconds that are left of a wait and what for; 0.0 and nothing where there is no wait."""
        ends, why = self._wait or (0.0, "")
        left = ends - self.monotonic()
        return (left, why) if left > 0 else (0.0, "")

    def _show(self, line: str) -> None:
        if self.shows_progress:
            self._progress_shown = True
            self.stderr.write(f"\r\x1b[K{inert.terminal(self.redactor(line))}")
            self.stderr.flush()

    def ask(self, question: str) -> bool:
        """True only for a plain yes."""
        self._clear()
        self.stderr.write(f"{inert.terminal(self.redactor(question))} ")
        self.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")

    def _clear(self) -> None:
        if self._progress_shown:
            self._progress_shown = False
            self.stderr.write("\r\x1b[K")


def _time_in(seconds: float) -> str:
    """The time of day in so many seconds, by the wall clock; arithmetic alone, since that clock may be far off."""
    now = time.time()
    days, second = divmod(int(now + seconds), _DAY)
    said = f"{second // 3600:02}:{second // 60 % 60:02} UTC"
    return said if seconds < _DAY else f"{said} in {days - int(now) // _DAY} days"


def standard(environ: Mapping[str, str] | None = None) -> Terminal:
    """The process's own streams."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    # A stream that was closed by the caller is None.
    stdout, stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115 - to the end
    environ = os.environ if environ is None else environ
    return Terminal(stdout, stderr, environ, redactor=of_environment(environ))
