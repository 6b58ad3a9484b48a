"""Documents and drawings on their way out: formats by name, files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconciler.model import Plan
from reconciler.render import plan_document
from reconciler.session.command_error import Exit, Problem
from reconciler.session.terminal import Terminal

Windows = Sequence[tuple[int, float]]


def json_text(document: Any) -> str:
    """A JSON document as it is printed."""
    from reconciler.render import json

    return json.dumps(document)


def plan_text(
    plan: Plan,
    output: str,
    terminal: Terminal,
    *,
    windows: Windows,
    sources: Mapping[str, str] | None = None,
    command: str | None = "reconciler apply",
    limit: int | None = None,
) -> str:
    """A plan in one of the formats: text, json, markdown or github."""
    seconds = apply_seconds(plan, windows)
    plan = terminal.redactor.value(plan)
    if output == "json":
        return json_text(plan_document.to_document(plan))
    shown = {file: terminal.redactor.source(text) for file, text in (sources or {}).items()}
    if output == "markdown":
        from reconciler.render import markdown

        return markdown.plan(plan, seconds=seconds, limit=limit or markdown.COMMENT_LIMIT)
    if output == "github":
        from reconciler.render import github

        return github.plan(plan, sources=shown, seconds=seconds, command=command)
    from reconciler.render import text

    return text.plan(
        plan,
        color=terminal.color,
        width=terminal.width,
        seconds=seconds,
        sources=shown,
        command=command,
    )


def summary(plan: Plan, output: str, terminal: Terminal, windows: Windows) -> None:
    """The job's summary page, for the github format where GitHub names a file for it."""
    path = terminal.environ.get("GITHUB_STEP_SUMMARY")
    if output != "github" or not path:
        return
    from reconciler.render import github

    drawn = github.summary(terminal.redactor.value(plan), seconds=apply_seconds(plan, windows), head_commit=plan.commit)
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(terminal.redactor(drawn))
    except OSError as error:  # the plan itself was shown
        terminal.warn(f"the job summary could not be written: {error.strerror or error}")


def apply_seconds(plan: Plan, windows: Windows) -> float:
    """How long carrying the plan out takes at the least, at the pace that the API allows."""
    from reconciler.console_api.pacing import plan_seconds

    return plan_seconds(sum(1 if one.then is None else 2 for one in plan.writes), tuple(windows))


def atomically(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside it first, then in its place. Raises ``Problem``."""
    try:
        if path.exists() and not path.is_file():  # /dev/stdout, /dev/full: no folder to put a file into
            with path.open("w", encoding="utf-8") as file:
                file.write(text)
        else:
            _beside_first(path, text)
    except OSError as error:
        raise Problem(Exit.FAILED, "file-unwritable", f"{path} could not be written: {error.strerror}") from error


def _beside_first(path: Path, text: str) -> None:
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", text=True)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
