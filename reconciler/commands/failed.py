"""What a command prints in place of a result when it ends before it has one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reconciler import planfile
from reconciler.commands.problems import Problem
from reconciler.commands.terminal import Terminal
from reconciler.commands.validate import texts
from reconciler.documents import top_level
from reconciler.model import Plan, TargetRef

_NO_PLAN = Plan(TargetRef("", ""), None, None, (), 0, (), (), (), "", "")


def document(command: str, problem: Problem) -> dict[str, Any]:
    """The command's own JSON document, empty, with ``errored`` and the ``error``."""
    from reconciler.render import json

    error = json.error(problem.code, problem.message, problem.hint)
    if command in ("plan", "show"):
        return planfile.failed(problem.target, problem.diagnostics) | error
    if command == "apply":
        found = [json.diagnostic(one) for one in problem.diagnostics]
        return json.outcomes([], _NO_PLAN) | {"digest": None, "diagnostics": found} | error
    if command == "validate":
        return json.findings(problem.diagnostics, 0) | error
    return error


def findings(problem: Problem, output: str, terminal: Terminal) -> str:
    """The findings that stop the command, drawn as ``validate`` would draw them."""
    root = top_level(Path.cwd())
    files = {one.location.file for one in problem.diagnostics}
    sources = texts(files, root)
    if output == "github":
        from reconciler.render import github

        return github.findings(problem.diagnostics, sources, len(files))
    from reconciler.render import text

    return text.findings(problem.diagnostics, sources, len(files), color=terminal.color, width=terminal.width)
