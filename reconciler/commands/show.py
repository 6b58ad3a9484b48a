"""``reconciler show``: draw a saved plan in another format. Reads that file alone."""

from __future__ import annotations

from pathlib import Path

from reconciler.commands import connecting, writing
from reconciler.commands import saved as saved_plans
from reconciler.commands.problems import Exit
from reconciler.commands.terminal import Terminal
from reconciler.settings import Settings


def run(terminal: Terminal, saved: Path, *, output: str = "text", limit: int | None = None) -> Exit:
    """Draw it; ``limit`` is the size of a Markdown comment in bytes."""
    plan = saved_plans.load(saved)
    windows = connecting.windows_of(Settings())
    terminal.result(writing.plan_text(plan, output, terminal, windows=windows, limit=limit))
    writing.summary(plan, output, terminal, windows)
    return Exit.DONE
