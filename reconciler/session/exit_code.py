"""What became of all the changes of an apply, as one exit code."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.apply import execution
from reconciler.model import Change, Origin, Outcome, Status
from reconciler.session.command_error import Exit


def exit_code(outcomes: Sequence[Outcome]) -> Exit:
    """The weightiest of what happened: partly written, stale, refused (held), failed; or done."""
    statuses = {one.status for one in outcomes}
    written = any(execution.was_written(one) for one in outcomes)
    waiting = any(one.status is Status.HELD and not _is_pure_drift(one.change) for one in outcomes)
    failed = bool(statuses & {Status.FAILED, Status.SKIPPED})
    if Status.UNKNOWN in statuses or (written and (failed or waiting or Status.STALE in statuses)):
        return Exit.PARTLY
    if Status.STALE in statuses:
        return Exit.STALE
    if waiting:
        return Exit.REFUSED
    return Exit.FAILED if failed else Exit.DONE


def _is_pure_drift(change: Change) -> bool:
    """True where a held change has nothing that its file wants: only live was changed, or was archived."""
    if change.held is not None and change.held.code == "archived":
        return True
    return all(one.origin is Origin.DRIFT for one in change.fields)
