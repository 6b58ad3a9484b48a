"""Whatever ended a command before it had a result: as a ``Problem``, and what is printed of that."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from reconciler import __version__
from reconciler.files import top_level
from reconciler.files.git import GitError
from reconciler.model import Plan, TargetRef
from reconciler.ports import ApiError
from reconciler.render import plan_document
from reconciler.session.command_error import Exit, Problem, Terminated
from reconciler.session.reading import texts
from reconciler.session.terminal import Terminal

_BUG = "internal"
_NO_PLAN = Plan(TargetRef("", ""), None, None, (), 0, (), (), (), "", "")


def problem(error: BaseException) -> Problem:
    """What was raised, for the person who must act; what nobody foresaw is a bug of ours."""
    match error:
        case Problem():
            return error
        case Terminated():
            return Problem(Exit.TERMINATED, "stopped-by-sigterm", "stopped by SIGTERM; nothing more was done")
        case KeyboardInterrupt():
            return Problem(Exit.INTERRUPTED, "stopped-by-sigint", "interrupted; nothing more was done")
        case ApiError():
            return Problem(Exit.FAILED, error.code, error.message)
        case GitError():
            return Problem(Exit.FAILED, "git-failed", str(error))
        case OSError():
            named = f"{error.filename}: " if error.filename else ""
            return Problem(Exit.FAILED, "system", f"{named}{error.strerror or error}")
        case _:
            said = f"internal error in reconciler {__version__}: {type(error).__name__}"
            return Problem(Exit.FAILED, _BUG, said, "run it again with -v, and report what it shows")


def tell(what: Problem, error: BaseException, terminal: Terminal, *, command: str, output: str) -> Exit:
    """Say it: a document or findings on stdout where nothing is there yet, and lines on stderr."""
    what = _redacted(what, terminal)
    with contextlib.suppress(OSError, Problem):  # a stream that cannot be written to must not hide the exit code
        if terminal.has_result:
            pass
        elif output == "json":
            from reconciler.render import json

            terminal.result(json.dumps(document(command, what)))
        elif what.diagnostics:
            terminal.result(findings(what, output, terminal))
    with contextlib.suppress(OSError):
        terminal.warn(f"reconciler: {what.message}")
        if what.hint:
            terminal.warn(f"  help: {what.hint}")
        if what.code == _BUG and terminal.verbose:
            import traceback

            terminal.warn("".join(traceback.format_exception(error)))
    _give_up_unwritable(terminal)
    return what.exit_code


def _redacted(what: Problem, terminal: Terminal) -> Problem:
    """The same without the key, before anything cuts or escapes what it says."""
    redact = terminal.redactor
    said = redact.value((what.message, what.hint))
    found, target = redact.value((what.diagnostics, what.target))
    return Problem(what.exit_code, what.code, *said, diagnostics=found, target=target)


def _give_up_unwritable(terminal: Terminal) -> None:
    """What a stream still holds and cannot be rid of is dropped, or the interpreter would fail over it at its end."""
    for stream in (terminal.stdout, terminal.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def document(command: str, what: Problem) -> dict[str, Any]:
    """The command's own JSON document, empty, with ``errored`` and the ``error``."""
    from reconciler.render import json

    error = json.error(what.code, what.message, what.hint)
    if command in ("plan", "show"):
        return plan_document.failed(what.target, what.diagnostics) | error
    if command == "apply":
        found = [json.diagnostic(one) for one in what.diagnostics]
        return json.outcomes([], _NO_PLAN) | {"digest": None, "diagnostics": found} | error
    if command == "validate":
        return json.findings(what.diagnostics, 0) | error
    return error


def findings(what: Problem, output: str, terminal: Terminal) -> str:
    """The findings that stop the command, drawn as ``validate`` would draw them."""
    root = top_level(Path.cwd())
    files = {one.location.file for one in what.diagnostics}
    sources = texts(files, root, terminal)
    if output == "github":
        from reconciler.render import github

        return github.findings(what.diagnostics, sources, 0)
    from reconciler.render import markdown, text

    color = terminal.color and output != "markdown"
    drawn = text.findings(what.diagnostics, sources, 0, color=color, width=terminal.width)
    return markdown.findings(drawn) if output == "markdown" else drawn
