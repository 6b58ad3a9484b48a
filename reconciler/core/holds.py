"""Which changes are not written, and what the person who finds one held can do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.dynamic_config.fields import ARCHIVED
from reconciler.model import FieldChange, Hold, Kind, Origin

NOT_CONVERGED = "not-converged"
"""The code of a write that the server made something else of, at once and for as long as the file still asks for it."""

_NAMED = 3  # fields that a message names; the rest are counted
_SHOWN = 60  # characters of a value that a message shows


def hold(
    config_id: str, fields: Sequence[FieldChange], live: Mapping[str, Any] | None, *, drift_is_held: bool
) -> Hold | None:
    """Why a change must wait, or None. ``live`` is the payload it was compared with; None where there is none."""
    if live is not None and live.get("status") == ARCHIVED:
        return Hold("archived", _archived(config_id, live))
    conflicts = [one for one in fields if one.origin is Origin.CONFLICT]
    drifted = [one for one in fields if one.origin is Origin.DRIFT] if drift_is_held else []
    if conflicts or drifted:
        code = "conflict" if conflicts else "drift"
        return Hold(code, _edited(config_id, [*conflicts, *drifted], live))
    if live is not None and _has_pending_rollout(live) and any(one.path.startswith("/rules") for one in fields):
        return Hold("rollout-pending", _rollout(config_id, live))
    return None


def not_kept(config_id: str, fields: Sequence[FieldChange]) -> Hold | None:
    """The hold of a config whose last write the server answered with other values in these fields: never a person's."""
    if not fields:
        return None
    named = "; ".join(_sent_and_read(one) for one in fields[:_NAMED])
    more = f"; and {len(fields) - _NAMED} more" if len(fields) > _NAMED else ""
    return Hold(
        NOT_CONVERGED,
        f"Statsig does not keep what was written: {named}{more}. "
        f"Write what it keeps into the file. To send it again: --overwrite {config_id}",
    )


def who_and_when(live: Mapping[str, Any]) -> str:
    """``Jane Console at 2026-11-20 14:02 UTC``, as far as live says."""
    name = live.get("lastModifierName") or live.get("lastModifierEmail") or "somebody"
    moment = live.get("lastModifiedTime")
    if not isinstance(moment, int | float):
        return str(name)
    try:
        at = datetime.fromtimestamp(moment / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return str(name)
    return f"{name} at {at:%Y-%m-%d %H:%M} UTC"


def _edited(config_id: str, fields: Sequence[FieldChange], live: Mapping[str, Any] | None) -> str:
    if live is None:
        return (
            "the config was deleted in Statsig since the base, and the file still has it. "
            f"Keep it deleted: remove the file. Create it again: --overwrite {config_id}"
        )
    named = "; ".join(_field(one) for one in fields[:_NAMED])
    more = f"; and {len(fields) - _NAMED} more" if len(fields) > _NAMED else ""
    return f"live was changed by {who_and_when(live)}: {named}{more}. Discard it: --overwrite {config_id}"


def _field(one: FieldChange) -> str:
    """What differs, and the edit that makes the file say what live says."""
    part = one.path if one.rule is None else f'rule "{one.rule}" {one.path}'
    both = " (both changed it)" if one.origin is Origin.CONFLICT else ""
    where = "in the file" if one.location is None else f"at {one.location.file}:{one.location.line}"
    before, after = _short(one.before), _short(one.after)
    match one.kind:
        case Kind.ADDED:
            return f"{part} is not live, but in the file{both}; keep live's: remove it {where}"
        case Kind.REMOVED:
            what = f"add it {where}: {before}" if before else f"add it {where}, as `reconciler pull --to` writes it"
            return f"{part} is live, but not in the file{both}; keep it: {what}"
        case Kind.MOVED:
            places = f"number {one.before + 1} live, number {one.after + 1} in the file"
            return f"{part} is {places}{both}; keep live's order {where}"
        case Kind.COMMENTS:
            return f"the comments of {part} differ{both}; keep live's: take them over {where}"
        case Kind.CHANGED | Kind.RENAMED if before and after:
            return f"{part} is {before} live, {after} in the file{both}; keep live's: set it to {before} {where}"
        case Kind.CHANGED | Kind.RENAMED:
            return f"{part} differs{both}; keep live's: take it over {where}"


def _sent_and_read(one: FieldChange) -> str:
    part = one.path if one.rule is None else f'rule "{one.rule}" {one.path}'
    where = "" if one.location is None else f" ({one.location.file}:{one.location.line})"
    return f"{part} sent {_short(one.after) or 'a longer value'}, read {_short(one.before) or 'a longer value'}{where}"


def _short(value: Any) -> str | None:
    """A value that a sentence can hold; None for a longer one."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else None


def _has_pending_rollout(live: Mapping[str, Any]) -> bool:
    return any(rule.get("pendingAutomatedRollouts") for rule in live.get("rules") or ())


def _archived(config_id: str, live: Mapping[str, Any]) -> str:
    return (
        f"it is archived in Statsig (last changed by {who_and_when(live)}), and the file still has it. "
        f"Keep it archived: remove the file. Unarchive it, then make it what the file says: --overwrite {config_id}"
    )


def _rollout(config_id: str, live: Mapping[str, Any]) -> str:
    names = ", ".join(f'"{rule["name"]}"' for rule in live["rules"] if rule.get("pendingAutomatedRollouts"))
    return (
        f"Statsig will move the percentage of {names} by schedule, and the file changes a rule; "
        f"wait for its end or remove it in the console. Write over it: --overwrite {config_id}"
    )
