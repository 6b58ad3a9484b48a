"""Saved plans: read, and held against the target they are for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.core.agreement import contradictions
from reconciler.files import RefusedFileError, read_regular
from reconciler.files.settings import Target
from reconciler.model import Plan
from reconciler.ports import Payload
from reconciler.render import plan_document
from reconciler.session.command_error import Exit, Problem

_MOST_BYTES = 512 * 1024**2  # far more than thousands of configs take, at 100 kB each at most


def load(path: Path) -> Plan:
    """A saved plan; raises ``Problem`` where it cannot be read or was altered."""
    try:
        return plan_document.from_text(_content(path).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _unreadable(path, "it is not UTF-8") from error
    except plan_document.PlanFileError as error:
        raise Problem(Exit.REFUSED, error.code, f"{path}: {error}", "make the plan again") from error


def load_for(path: Path, target: Target) -> Plan:
    """The same, for this target alone: two projects can share one URL, so the name counts too."""
    plan = load(path)
    if (plan.target.name, plan.target.api_url) != (target.name, target.api):
        raise Problem(
            Exit.REFUSED,
            "other-target",
            f"{path} was made for {plan.target.name} ({plan.target.api_url}), and this is {target.name} ({target.api})",
            "name the target that the plan was made for, with the same --target and --api-url",
        )
    return plan


def must_do_what_it_shows(plan: Plan, live: Sequence[Payload]) -> None:
    """Raises ``Problem`` where an update would change live otherwise than the plan shows; ``live`` is as it saw it."""
    for config_id, said in contradictions(plan.writes, live).items():
        message = f'the change of "{config_id}" contradicts itself: {said}; nothing was written'
        raise Problem(Exit.REFUSED, plan_document.PlanContradictionError.code, message, "make the plan again")


def _content(path: Path) -> bytes:
    """The file's bytes; a pipe is not waited for."""
    try:
        content = read_regular(path, _MOST_BYTES, follow_link=True)
    except RefusedFileError as error:
        raise _unreadable(path, error.flaw.message.removeprefix("cannot be read: "), error.flaw.hint) from error
    if len(content) > _MOST_BYTES:
        raise _unreadable(path, f"it is larger than {_MOST_BYTES // 1024**2} MiB")
    return content


def _unreadable(path: Path, why: str, hint: str | None = None) -> Problem:
    said = f"{path} cannot be read as a plan: {why}"
    return Problem(Exit.FAILED, "plan-unreadable", said, hint or "name a file that plan --out wrote")
