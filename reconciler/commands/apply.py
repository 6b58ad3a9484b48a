"""``reconciler apply``: carry a plan out, and always know what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler import apply as applying
from reconciler import planfile
from reconciler.commands import connecting, planning, recording, writing
from reconciler.commands.files import Files, settings_must_be_valid
from reconciler.commands.planning import BaseFiles, Choice, Planned
from reconciler.commands.problems import Exit, Problem
from reconciler.commands.signals import Signals, Stoppable
from reconciler.commands.terminal import Terminal
from reconciler.diagnostics import Location
from reconciler.diff import diff
from reconciler.documents import top_level
from reconciler.git import Repository
from reconciler.model import Change, Failure, Origin, Outcome, Plan, Resource, Status
from reconciler.normalize import PayloadError
from reconciler.normalize import live as normalized
from reconciler.ports import ApiError, Clock, Payload
from reconciler.settings import Settings, Target
from reconciler.verify import differences

if TYPE_CHECKING:
    from reconciler.console_api import Connection

_WRITTEN_ALL_THE_SAME = frozenset({"not-converged", "raced"})  # failures that came after a write was accepted


class StoppableClock(Clock, Stoppable, Protocol):
    """The clock of a run that writes: a signal can stop it."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What the caller agreed to beforehand."""

    yes: bool = False
    expect: str | None = None
    allow_changes: int | None = None


@dataclass(slots=True)
class _Run:
    """What one apply works with; ``planned`` is None for a saved plan."""

    terminal: Terminal
    clock: StoppableClock
    signals: Signals
    settings: Settings
    target: Target
    connection: Connection
    plan: Plan
    planned: Planned | None
    live: list[Payload] | None = None


def run(
    terminal: Terminal,
    clock: StoppableClock,
    signals: Signals,
    configs: Path,
    choice: Choice,
    consent: Consent,
    *,
    saved: Path | None = None,
    record: str | None = None,
    target: str | None = None,
    api_url: str | None = None,
    output: str = "text",
) -> Exit:
    """Plan (or read a saved plan), ask, write, verify, record, and say for every change what is known of it."""
    if record is not None:
        Repository.around(configs).head()  # outside a repository nothing must be written first
    files = None if saved is not None and record is None else planning.read_valid(configs)
    settings = files.settings if files else settings_must_be_valid(configs)
    chosen = connecting.choose(settings, target, api_url)
    if chosen.is_embedded and terminal.in_ci and target is None and api_url is None:
        raise Problem(
            Exit.REFUSED,
            "emulator-in-ci",
            "this would apply to the local emulator, in CI, and no flag asked for that",
            "name the target: --target NAME (or RECONCILER_TARGET)",
        )
    root = top_level(configs)
    with connecting.connected(chosen, settings, terminal.environ, clock, root, _on_wait(terminal)) as connection:
        if saved is not None:
            plan, planned = read_plan(saved, chosen), None
        else:
            assert files is not None
            planned = planning.make(files, chosen, connection.reader, choice)
            plan = planned.plan
        this = _Run(terminal, clock, signals, settings, chosen, connection, plan, planned)
        outcomes: list[Outcome] = []
        noted: str | None = None
        try:
            outcomes = _carry_out(this, consent, output, target)
        finally:
            if record is not None and files is not None:
                noted = _record(this, record, files, outcomes)
    terminal.result(_drawn(outcomes, plan, output, terminal, noted and record))
    return signals.exit_code or exit_code(outcomes)


def read_plan(path: Path, target: Target) -> Plan:
    """A saved plan that was not altered and is for this target; raises ``Problem``."""
    plan = load_plan(path)
    if plan.target.api_url != target.api:
        raise Problem(
            Exit.REFUSED,
            "other-target",
            f"{path} was made for {plan.target.name} ({plan.target.api_url}), and this is {target.name} ({target.api})",
            f"name the plan's target: --target {plan.target.name}",
        )
    return plan


def load_plan(path: Path) -> Plan:
    """A saved plan; raises ``Problem`` where it cannot be read or was altered."""
    try:
        return planfile.from_text(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(Exit.FAILED, "plan-unreadable", f"{path} cannot be read: {error}") from error
    except planfile.PlanFileError as error:
        raise Problem(Exit.REFUSED, "plan-altered", f"{path}: {error}", "make the plan again") from error


def exit_code(outcomes: Sequence[Outcome]) -> Exit:
    """The worst of what happened: partly written, stale, refused (held), failed; or done."""
    statuses = {one.status for one in outcomes}
    written = any(one.status is Status.VERIFIED or _was_written(one) for one in outcomes)
    waiting = any(one.status is Status.HELD and not is_pure_drift(one.change) for one in outcomes)
    failed = Status.FAILED in statuses or Status.SKIPPED in statuses
    if Status.UNKNOWN in statuses or any(_was_written(one) for one in outcomes):
        return Exit.PARTLY
    if written and (failed or waiting or Status.STALE in statuses):
        return Exit.PARTLY
    if Status.STALE in statuses:
        return Exit.STALE
    if waiting:
        return Exit.REFUSED
    return Exit.FAILED if failed else Exit.DONE


def is_pure_drift(change: Change) -> bool:
    """True where a held change has nothing that its file wants: only live was changed."""
    return all(one.origin is Origin.DRIFT for one in change.fields)


def _was_written(outcome: Outcome) -> bool:
    return outcome.error is not None and outcome.error.code in _WRITTEN_ALL_THE_SAME


def _carry_out(this: _Run, consent: Consent, output: str, target_flag: str | None) -> list[Outcome]:
    plan, terminal = this.plan, this.terminal
    windows = connecting.windows_of(this.settings)
    if output == "text":
        sources = this.planned.files.sources if this.planned else None
        terminal.result(
            writing.plan_text(plan, "text", terminal, windows=windows, sources=sources, target_flag=target_flag)
        )
    _refuse(plan, consent)
    asked = bool(plan.writes) and _ask(plan, consent, terminal)
    if plan.writes and (asked or this.planned is None):
        this.live = this.connection.reader.list_configs()
        moved = applying.stale(plan, this.live)
        if moved:
            return _nothing_written(plan, moved)
    with this.signals.stopping(this.clock):
        outcomes = _write(this)
        return _converged(this, outcomes)


def _refuse(plan: Plan, consent: Consent) -> None:
    """The reasons not to begin that need nobody's answer."""
    if plan.errored:
        said = "the plan has errors; nothing was sent"
        raise Problem(Exit.INVALID, "plan-errored", said, diagnostics=plan.diagnostics)
    if consent.expect is not None and consent.expect not in (plan.digest, plan.intent):
        raise Problem(
            Exit.REFUSED,
            "expect-differs",
            f"the plan is not the expected one: its digest is {plan.digest}, its intent {plan.intent}",
            "look at the plan again, then pass the digest or the intent that it shows",
        )
    limit = plan.limit
    if limit is not None and consent.allow_changes != limit.updates:
        raise Problem(
            Exit.REFUSED,
            "over-limit",
            f"{limit.updates} of {limit.managed} live configs would be updated, over {limit.max_changed_percent:g} %",
            f"if that is meant: --allow-changes {limit.updates}",
        )


def _ask(plan: Plan, consent: Consent, terminal: Terminal) -> bool:
    """Whether somebody was asked (time went by meanwhile); raises ``Problem`` where the answer is no."""
    if consent.yes:
        return False
    if not terminal.can_ask:
        raise Problem(
            Exit.REFUSED,
            "not-confirmed",
            "nobody can be asked here, and --yes was not given; nothing was written",
            "pass --yes to apply without asking",
        )
    if not terminal.ask(f"Apply to {plan.target.name} ({plan.target.api_url})? [y/N]"):
        raise Problem(Exit.REFUSED, "not-confirmed-by-hand", "not confirmed; nothing was written")
    return True


def _nothing_written(plan: Plan, moved: Sequence[Outcome]) -> list[Outcome]:
    """Live is not what the plan saw: the changes that this concerns are stale, all others were not begun."""
    stale = {one.change.id: one for one in moved}
    rest = Failure("plan-stale", "not begun, since live has changed since the plan; plan again")
    return [stale.get(change.id) or Outcome(change, Status.SKIPPED, rest) for change in plan.changes]


def _write(this: _Run) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for outcome in applying.apply(
        this.plan,
        this.connection.reader,
        this.connection.writer,
        this.clock,
        locate=_locator(this.planned),
        may_be_reviewed=this.target.respect_review_settings,
    ):
        outcomes.append(outcome)
        this.terminal.progress(f"{len(outcomes)}/{len(this.plan.changes)} {outcome.status} {outcome.change.id}")
    return sorted(outcomes, key=lambda one: one.change.id)


def _converged(this: _Run, outcomes: list[Outcome]) -> list[Outcome]:
    """List again, plan again: of what was verified nothing may be left to do."""
    if this.clock.stopping or not any(one.status is Status.VERIFIED for one in outcomes):
        return outcomes
    try:
        this.live = this.connection.reader.list_configs()
    except ApiError as error:
        this.terminal.warn(f"every write was verified by itself, but the closing read failed: {error.message}")
        return outcomes
    left = _left(this, this.live)
    return [
        Outcome(one.change, Status.FAILED, Failure("not-converged-at-the-end", left[one.change.id]))
        if one.status is Status.VERIFIED and one.change.id in left
        else one
        for one in outcomes
    ]


def _left(this: _Run, live: list[Payload]) -> dict[str, str]:
    """Id → what of it still differs."""
    said = "verified after its write, but by the end of the run live differed in"
    if this.planned is not None:
        changes = this.planned.again(live).changes
        return {one.id: f"{said} {', '.join(field.path for field in one.fields)}" for one in changes}
    payloads = {str(one.get("id")): one for one in live}
    wrong = {one.id: differences(one.id, one.request.body, payloads.get(one.id, {})) for one in this.plan.writes}
    return {config_id: f"{said} {', '.join(paths)}" for config_id, paths in wrong.items() if paths}


def _locator(planned: Planned | None) -> applying.Locate:
    documents = {} if planned is None else {one.id: one for one in planned.files.documents}

    def locate(config_id: str, path: str) -> Location | None:
        document = documents.get(config_id)
        return None if document is None else document.locate(path)

    return locate


def _record(this: _Run, ref: str, files: Files, outcomes: Sequence[Outcome]) -> str:
    base = this.planned.base if this.planned else _base_of(this.plan, files)
    if base is None and Repository.around(files.configs).find(ref) is not None:
        base = planning.read_base(files, ref)  # without a base the last record is what is known
    settled = {one.change.id for one in outcomes if one.status is Status.VERIFIED}
    unsettled = {one.change.id for one in outcomes} - settled
    live = {} if this.live is None else {str(one.get("id")): one for one in this.live}
    if this.live is None and this.planned is not None:
        live = {str(one.get("id")): one for one in this.planned.live}
    desired = planning.desired_of(files.documents, files.settings)
    settled |= {one.id for one in desired if one.id not in unsettled and _is_equal(one, live.get(one.id))}
    commit = recording.record(ref, files, base, settled, live or None, this.plan)
    this.terminal.detail(f"recorded {commit} in {ref}")
    return commit


def _base_of(plan: Plan, files: Files) -> BaseFiles | None:
    return None if plan.base is None else planning.read_base(files, plan.base)


def _is_equal(desired: Resource, payload: Payload | None) -> bool:
    try:
        return payload is not None and not diff(desired, normalized(payload))
    except PayloadError:
        return False


def _drawn(outcomes: Sequence[Outcome], plan: Plan, output: str, terminal: Terminal, record: str | None) -> str:
    if output == "json":
        from reconciler.render import json

        return json.dumps(json.outcomes(outcomes, plan))
    from reconciler.render import text

    return text.outcome(outcomes, plan, color=terminal.color, width=terminal.width, record=record)


def _on_wait(terminal: Terminal) -> connecting.OnWait:
    def say(seconds: float, why: str) -> None:
        terminal.progress(f"waiting {seconds:.0f} s: {why}")

    return say
