"""The last look of an apply: what was verified write by write must still be so in one list of all configs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from reconciler.apply.change_execution import SHOWING
from reconciler.apply.execution import undone
from reconciler.core.base import is_behind
from reconciler.core.fingerprint import version
from reconciler.core.verify import Difference, difference, unmet
from reconciler.model import Outcome, Plan, Status
from reconciler.ports import Clock, Payload
from reconciler.session.pipeline import Planned

List = Callable[[], Sequence[Payload] | None]
"""Every live config; None once the run was asked to stop."""


def look_again(
    plan: Plan, planned: Planned | None, outcomes: Sequence[Outcome], listed: List, clock: Clock
) -> tuple[list[Outcome], Sequence[Payload] | None]:
    """The outcomes, less what is undone by now, and the list that shows it; None where nothing was listed.

    A list that is older than a write lags behind it, and is asked for again. ``planned`` is None for a saved plan.
    Raises ``ApiError``.
    """
    verified = {one.change.id: one for one in outcomes if one.status is Status.VERIFIED}
    fresh: Sequence[Payload] | None = None
    left: Mapping[str, Sequence[Difference]] = {}
    for pause in SHOWING if verified else ():
        now = listed() if clock.sleep(pause) else None
        if now is None:  # asked to stop: each write was verified by itself
            return list(outcomes), fresh
        fresh, left = now, _left(plan, planned, now)
        if not _lagging(left, verified, now):
            break
    return [_judged(one, left.get(one.change.id), verified) for one in outcomes], fresh


def _judged(one: Outcome, left: Sequence[Difference] | None, verified: Collection[str]) -> Outcome:
    return undone(one, left) if left is not None and one.change.id in verified else one


def _lagging(left: Collection[str], verified: Mapping[str, Outcome], live: Sequence[Payload]) -> bool:
    """Whether anything that differs may do so because the list is older than the write. Without versions it may."""
    payloads = {str(one.get("id")): one for one in live}
    return any(
        one in left
        and (seen.version is None or version(now := payloads.get(one)) is None or is_behind(now, seen.version))
        for one, seen in verified.items()
    )


def _left(plan: Plan, planned: Planned | None, live: Sequence[Payload]) -> Mapping[str, Sequence[Difference]]:
    """Id → what still differs."""
    if planned is not None:
        return {one.id: [difference(each) for each in one.fields] for one in planned.again(live).changes}
    payloads = {str(one.get("id")): one for one in live}
    wrong = {one.id: unmet(one, payloads.get(one.id, {})) for one in plan.writes}
    return {config_id: found for config_id, found in wrong.items() if found}
