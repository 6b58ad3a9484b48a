"""A target, by flags and settings, and the connection to it: Statsig, or the emulator in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.files.settings import Settings, SettingsError, Target
from reconciler.model import TargetRef
from reconciler.ports import Clock
from reconciler.session.command_error import Exit, Problem
from reconciler.session.terminal import HowFar, Terminal

if TYPE_CHECKING:
    from reconciler.console_api import Connection

STATE = ".reconciler"
"""Where the embedded emulator keeps its file: a folder of its own that git ignores."""


def choose(settings: Settings, name: str | None, api_url: str | None) -> Target:
    """The target that the flags and the settings name; raises ``Problem`` (wrong usage)."""
    try:
        return settings.target(name, api_url)
    except SettingsError as error:
        raise Problem(Exit.USAGE, "target-unusable", error.message, error.hint) from error


def reference(target: Target) -> TargetRef:
    """A target as plans and outputs name it."""
    return TargetRef(target.name, target.api)


@contextmanager
def connected(
    target: Target,
    settings: Settings,
    terminal: Terminal,
    clock: Clock,
    root: Path,
) -> Iterator[Connection]:
    """A connection for the time of a ``with``. The key is checked before anything could be sent."""
    from reconciler.console_api import KeyProblem, checked_key, connect

    windows = windows_of(settings, target)
    terminal.monotonic = clock.monotonic
    if target.is_embedded:
        with (
            _embedded(root, target) as handle,
            connect(target, None, clock, handle=handle, windows=windows, on_wait=terminal.waiting) as opened,
        ):
            terminal.progress(_reading)
            yield opened
        return
    try:
        key = checked_key(terminal.environ.get(target.key_env), target.key_env)
    except KeyProblem as error:
        raise Problem(Exit.INVALID, "key-unusable", error.message, error.hint, target=reference(target)) from None
    terminal.redactor = terminal.redactor.also(key)
    with connect(target, key, clock, windows=windows, on_wait=terminal.waiting) as opened:
        terminal.progress(_reading)
        yield opened


def _reading() -> HowFar:
    return HowFar("reading live configs")


def windows_of(settings: Settings, target: Target) -> tuple[tuple[int, float], ...]:
    """How many mutations the settings allow, in how many seconds; the embedded emulator has no such limit."""
    if target.is_embedded:
        return ()
    return ((settings.mutations_per_10s, 10.0), (settings.mutations_per_15min, 900.0))


def state_file(root: Path, name: str) -> Path:
    """Where a local emulator keeps its file, in a folder that git ignores; raises ``Problem``.

    A branch can hold that folder too, so nothing is written through a link.
    """
    folder = root / STATE
    file = folder / f"{name}.db"
    for path in (folder, *(file.with_name(file.name + more) for more in ("", "-wal", "-shm", "-journal"))):
        if path.is_symlink():
            said = f"{path} is a link; the local emulator does not write through links"
            raise Problem(Exit.INVALID, "state-is-link", said, "remove the link; if it came with a branch, ask why")
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError), (folder / ".gitignore").open("x", encoding="utf-8") as ignore:
        ignore.write("# the local emulator's state\n*\n")
    return file


@contextmanager
def _embedded(root: Path, target: Target) -> Iterator[Callable[[Any], Any]]:
    from reconciler.emulator import Emulator, EmulatorError

    try:
        emulator = Emulator(state_file(root, target.name), require_key=False)
    except EmulatorError as error:
        hint = "close whatever holds the file, or move it elsewhere: the emulator then begins with an empty project"
        raise Problem(Exit.FAILED, "emulator-unusable", str(error), hint, target=reference(target)) from error
    try:
        yield emulator.handle
    finally:
        emulator.close()
