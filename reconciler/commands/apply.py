"""``reconciler apply``: carry a plan out, and always know what became of it.

    files (or a saved plan) → plan → consent → live unchanged? → write → read again → record → say it

Up to the consent a signal ends the run at once. From then on it keeps new writes from beginning, and the rest of the
way is still gone: what is in flight is finished or classified, recorded, and said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from reconciler.apply import execution
from reconciler.diagnostics import Location
from reconciler.files import top_level
from reconciler.files.git import GitError, Tip
from reconciler.files.settings import Settings, Target
from reconciler.model import Action, Failure, Outcome, Plan
from reconciler.ports import ApiError, Clock, Payload
from reconciler.session import approval, connecting, pipeline, saved_plans, writing
from reconciler.session.approval import Consent
from reconciler.session.base_files import BaseFiles, read_base
from reconciler.session.closing import look_again
from reconciler.session.command_error import Exit, Problem
from reconciler.session.exit_code import exit_code
from reconciler.session.pipeline import Choice, Planned
from reconciler.session.progress import Progress, TickingClock
from reconciler.session.reading import Files, settings_must_be_valid
from reconciler.session.recording import Recorder, usable
from reconciler.session.signals import Signals, Stoppable
from reconciler.session.terminal import HowFar, Terminal

if TYPE_CHECKING:
    from reconciler.console_api import Connection


class StoppableClock(Clock, Stoppable, Protocol):
    """The clock of a run that writes: a signal can stop it."""


@dataclass(slots=True)
class _Run:
    """One apply, and what is known so far: its plan, ``live`` as listed last, and what became of the changes.

    ``files`` may be None and ``planned`` is None where the plan was saved. ``is_complete``: no exception ended it.
    """

    terminal: Terminal
    clock: StoppableClock
    signals: Signals
    settings: Settings
    target: Target
    connection: Connection
    files: Files | None
    plan: Plan | None
    base: BaseFiles | None = None
    recorder: Recorder | None = None
    planned: Planned | None = None
    live: Sequence[Payload] | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    is_complete: bool = False


def run(
    terminal: Terminal,
    clock: StoppableClock,
    signals: Signals,
    configs: Path,
    choice: Choice,
    given: Consent,
    *,
    saved: Path | None = None,
    record: str | None = None,
    push_record: str | None = None,
    target: str | None = None,
    api_url: str | None = None,
    output: str = "text",
) -> Exit:
    """Plan (or read a saved plan), ask, write, verify, record, and say for every change what is known of it."""
    files = None if saved is not None and record is None else pipeline.read_valid(configs)
    tip = None if record is None or files is None else usable(files, record, push_record)
    settings = files.settings if files else settings_must_be_valid(configs)
    chosen = connecting.choose(settings, target, api_url)
    if chosen.is_embedded and terminal.in_ci and target is None and api_url is None:
        raise _unnamed_emulator()
    root = top_level(configs)
    with connecting.connected(chosen, settings, terminal, clock, root) as connection:
        plan = None if saved is None else saved_plans.load_for(saved, chosen)
        this = _Run(terminal, clock, signals, settings, chosen, connection, files, plan)
        this.base = _base(this, choice, record, tip)
        if record is not None and files is not None:
            this.recorder = Recorder(record, tip, files, this.base, chosen, remote=push_record)
        unrecorded: GitError | None = None
        try:
            _carry_out(this, choice, given, output)
            this.is_complete = True
        finally:
            signals.only_stop(clock)
            unrecorded = _record(this)
        try:
            terminal.result(_drawn(this, output, record, unrecorded))
        except Problem:  # nobody reads the output any more, but what was written must be shown
            terminal.warn(f"what became of the changes: {_in_short(this.outcomes)}")
            raise
    code = exit_code(this.outcomes)
    return Exit.FAILED if unrecorded and code is Exit.DONE else code


def _unnamed_emulator() -> Problem:
    return Problem(
        Exit.REFUSED,
        "emulator-in-ci",
        "this would apply to the local emulator, in CI, and no flag asked for that",
        "name the target: --target NAME (or RECONCILER_TARGET)",
    )


def _base(this: _Run, choice: Choice, record: str | None, tip: Tip | None) -> BaseFiles | None:
    """The files that the plan's third side is made of; of a saved plan they are needed for the record alone.

    That may have moved on since the plan: by runs that changed nothing of what it is about.
    """
    if this.files is None:
        return None
    if this.plan is None:
        return pipeline.base_of(this.files, this.target, choice, record)
    known = tip.name if tip else this.plan.base
    return None if known is None else read_base(this.files, known)


def _carry_out(this: _Run, choice: Choice, given: Consent, output: str) -> None:
    """From the plan to the outcomes, which stay in ``this`` also where it ends with an exception."""
    if this.plan is None:
        assert this.files is not None
        this.planned = pipeline.make(this.files, this.target, this.connection.reader, this.clock, choice, this.base)
        this.plan, this.live = this.planned.plan, this.planned.live
        this.terminal.detail(pipeline.described(this.planned))
    plan = this.plan
    if output == "text":
        this.terminal.result(_shown(plan, this) + "\n")
    approval.check(plan, given)
    _refuse_older_files(plan, this)
    if not plan.writes:
        this.outcomes = execution.not_begun(plan.changes, execution.stopped())
        return
    is_saved = this.planned is None
    is_asked = not is_saved and not given.yes
    if is_asked:
        if output != "text" and this.terminal.can_ask:
            this.terminal.warn(_shown(plan, this))
        approval.ask(plan, this.terminal)
    this.signals.only_stop(this.clock)
    if (is_saved or is_asked) and not _is_as_planned(plan, this):
        return
    _warn_of_unknown_age(plan, this)
    _begin_record(plan, this)
    _write(plan, this)
    _check_again(plan, this)


def _refuse_older_files(plan: Plan, this: _Run) -> None:
    """Files that are older than what was applied last would take configs back; raises ``Problem``."""
    records = [one for one in (this.base and this.base.base.record, this.recorder and this.recorder.record) if one]
    if this.files is not None and any(pipeline.is_older(this.files, one, plan.commit) for one in records):
        raise Problem(
            Exit.REFUSED,
            "files-older-than-record",
            "these files are older than what was applied last; nothing was written",
            "update the checkout (git pull); to go back on purpose, revert the commits and merge that",
        )


def _warn_of_unknown_age(plan: Plan, this: _Run) -> None:
    """A shallow clone may lack the commit that was applied last."""
    recorder = this.recorder
    if recorder and this.files and not pipeline.is_age_known(this.files, recorder.record, plan.commit):
        this.terminal.warn(
            f"warning: this clone does not have the commit that was applied last ({str(recorder.record.source)[:12]}), "
            "so it is not known whether these files are older; fetch the whole history (git fetch --unshallow)"
        )


def _begin_record(plan: Plan, this: _Run) -> None:
    """All that is about to be written goes on record first; where that is not possible, nothing is written."""
    if this.recorder is not None:
        assert this.live is not None
        if this.base is None and any(one.action is Action.UPDATE for one in plan.writes):
            this.terminal.warn(
                f"warning: {this.recorder.ref} is not in this repository yet, so edits in the console cannot be "
                "recognized; if other runs have recorded it, fetch it first (--push-record origin does)"
            )
        recorder, this.recorder = this.recorder, None
        try:
            recorder.begin(plan, this.live)
        except GitError as error:
            said = f"{recorder.ref} cannot be written, so no config was: {error}"
            raise Problem(Exit.FAILED, "record-unwritable", said) from error
        this.recorder = recorder
    elif this.base is not None:
        this.terminal.warn(
            f"warning: this run is not recorded, so the next plan against {this.base.base.name[:12]} will take its "
            "writes for somebody's edits in the console; to record it, add --record REF"
        )


def _shown(plan: Plan, this: _Run) -> str:
    windows = connecting.windows_of(this.settings, this.target)
    sources = this.planned.files.sources if this.planned else None
    return writing.plan_text(plan, "text", this.terminal, windows=windows, sources=sources, command=None)


def _is_as_planned(plan: Plan, this: _Run) -> bool:
    """Time went by since the plan: only where live is still what it saw may anything be written."""
    reader, wanted = this.connection.reader, {one.id for one in plan.changes}
    fresh = execution.until_stopped(
        this.clock,
        lambda: pipeline.caught_up(reader.list_configs(), this.base, wanted, reader, this.clock),
        this.terminal.tick,
    )
    if fresh is None:
        this.outcomes = execution.not_begun(plan.changes, execution.stopped())
        return False
    this.live = fresh
    moved = {one.change.id: one for one in execution.stale(plan, fresh)}
    if not moved:
        if this.planned is None:
            saved_plans.must_do_what_it_shows(plan, fresh)
        return True
    rest = Failure("plan-stale", "not begun, since live has changed since the plan; plan again")
    this.outcomes = [moved.get(one.change.id) or one for one in execution.not_begun(plan.changes, rest)]
    return False


def _write(plan: Plan, this: _Run) -> None:
    windows = connecting.windows_of(this.settings, this.target)
    progress = Progress(len(plan.writes), windows, this.clock)
    this.terminal.progress(progress)
    for outcome in execution.apply(
        plan,
        this.connection.reader,
        this.connection.writer,
        TickingClock(this.clock, this.terminal.tick),
        locate=_locator(this.planned),
        may_be_reviewed=this.target.respect_review_settings,
        on_tick=this.terminal.tick,
    ):
        this.outcomes.append(outcome)
        progress.add(outcome)
        this.terminal.progress(progress)
    if not all(one.sees_races for one in this.outcomes):
        this.terminal.warn(
            "Statsig shows no version that rises with each write here: had somebody else written in the same moment, "
            "this run could not have seen it"
        )
    this.outcomes.sort(key=lambda one: one.change.id)
    this.terminal.progress(lambda: HowFar(f"{progress.text}, reading live configs again"))


def _check_again(plan: Plan, this: _Run) -> None:
    """List again, compare again: of what was verified nothing may be left to do."""
    clock = TickingClock(this.clock, this.terminal.tick)
    listed = partial(execution.until_stopped, this.clock, this.connection.reader.list_configs, this.terminal.tick)
    try:
        this.outcomes, fresh = look_again(plan, this.planned, this.outcomes, listed, clock)
    except ApiError as error:
        this.terminal.warn(f"every write was verified by itself, but the closing read failed: {error.message}")
        return
    this.live = this.live if fresh is None else fresh


def _locator(planned: Planned | None) -> execution.Locate:
    documents = {} if planned is None else {one.id: one for one in planned.files.documents}

    def locate(config_id: str, path: str) -> Location | None:
        document = documents.get(config_id)
        return None if document is None else document.locate(path)

    return locate


def _record(this: _Run) -> GitError | None:
    """Commit the record. Why it could not be is returned: it must not hide what became of the changes."""
    recorder = this.recorder
    if recorder is None:
        return None
    try:
        commit = recorder.end(this.plan, this.outcomes, this.live, is_complete=this.is_complete)
    except GitError as error:
        this.terminal.warn(f"the run was not recorded in {recorder.ref}: {error}")
        return error
    this.terminal.detail(f"recorded {commit} in {recorder.ref}")
    return None


def _in_short(outcomes: Sequence[Outcome]) -> str:
    counts = Counter(one.status.value for one in outcomes)
    return ", ".join(f"{number} {status}" for status, number in counts.items()) or "nothing was to be done"


def _drawn(this: _Run, output: str, record: str | None, unrecorded: GitError | None) -> str:
    assert this.plan is not None
    terminal = this.terminal
    outcomes, plan = terminal.redactor.value((this.outcomes, this.plan))
    if output == "json":
        from reconciler.render import json

        failure = json.error("not-recorded", str(unrecorded)) if unrecorded else {}
        return json.dumps(json.outcomes(outcomes, plan) | failure)
    from reconciler.render import text

    recorded = None if unrecorded else record
    return text.outcome(outcomes, plan, color=terminal.color, width=terminal.width, record=recorded)
