"""``reconciler plan``: what apply would do. Sends GET requests only."""

from __future__ import annotations

import shlex
from pathlib import Path

from reconciler.files.document import FORMATS
from reconciler.model import Plan
from reconciler.ports import Clock
from reconciler.render import plan_document
from reconciler.session import connecting, pipeline, writing
from reconciler.session.command_error import Exit, Problem
from reconciler.session.pipeline import Choice, Planned
from reconciler.session.terminal import Terminal


def run(
    terminal: Terminal,
    clock: Clock,
    configs: Path,
    choice: Choice,
    *,
    target: str | None = None,
    api_url: str | None = None,
    output: str = "text",
    out: Path | None = None,
    detailed_exitcode: bool = False,
    limit: int | None = None,
    command: str = "reconciler apply",
) -> Exit:
    """Plan and show it. ``out``: also write the JSON plan there, whatever ``output`` says.

    ``command`` is what would carry the plan out, as the output tells it.
    """
    files = pipeline.read_valid(configs)
    chosen = connecting.choose(files.settings, target, api_url)
    with connecting.connected(chosen, files.settings, terminal, clock, files.root) as connection:
        base = pipeline.base_of(files, chosen, choice)
        planned = pipeline.make(files, chosen, connection.reader, clock, choice, base)
    terminal.detail(pipeline.described(planned))
    plan = planned.plan
    windows = connecting.windows_of(files.settings, chosen)
    if out is not None:
        _save(plan, out, configs, terminal)
    terminal.result(
        writing.plan_text(
            plan,
            output,
            terminal,
            windows=windows,
            sources=files.sources,
            command=_recording(command, planned, chosen.base if choice.base is None else choice.base),
            limit=limit,
        )
    )
    writing.summary(plan, output, terminal, windows)
    return exit_code(plan, detailed=detailed_exitcode)


def _recording(command: str, planned: Planned, base: str | None) -> str:
    """The command that carries the plan out. Where the base is a record, it records as well.

    If it did not, the next plan would take its writes for somebody's edits.
    """
    if planned.base is None or base is None or not base.startswith("refs/") or planned.base.base.record.api_url is None:
        return command
    words = shlex.split(command)
    if "--base" in words:
        at = words.index("--base")
        del words[at : at + 2]
    return shlex.join([*words, "--record", base])


def _save(plan: Plan, out: Path, configs: Path, terminal: Terminal) -> None:
    if out.suffix in FORMATS and out.name[:1] not in "._" and out.resolve().is_relative_to(configs.resolve()):
        terminal.warn(f"{out} is among the configs, and the next run will take it for one: write plans elsewhere")
    if terminal.redactor.value(plan) != plan:
        said = "a config holds the Console API key, so its plan cannot be saved: take the key out of it, and revoke it"
        raise Problem(Exit.FAILED, "plan-holds-key", said)
    writing.atomically(out, writing.json_text(plan_document.to_document(plan)))


def exit_code(plan: Plan, *, detailed: bool) -> Exit:
    """Errors first; then, only where asked for, whether anything is pending."""
    if plan.errored:
        return Exit.INVALID
    return Exit.PENDING if detailed and plan.changes else Exit.DONE
