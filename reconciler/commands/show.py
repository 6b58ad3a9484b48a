"""``reconciler show``: draw a saved plan in another format. Reads that file alone."""

from __future__ import annotations

import shlex
from pathlib import Path

from reconciler.files.settings import Settings, Target
from reconciler.session import connecting, saved_plans, writing
from reconciler.session.command_error import Exit
from reconciler.session.terminal import Terminal


def run(terminal: Terminal, saved: Path, *, output: str = "text", limit: int | None = None) -> Exit:
    """Draw it; ``limit`` is the size of a Markdown comment in bytes."""
    plan = saved_plans.load(saved)
    command = shlex.join(["reconciler", "apply", str(saved)])
    windows = connecting.windows_of(Settings(), Target(api=plan.target.api_url))
    terminal.result(writing.plan_text(plan, output, terminal, windows=windows, limit=limit, command=command))
    writing.summary(plan, output, terminal, windows)
    return Exit.DONE
