"""Which changes are not written, and what the person who finds one held can do about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from reconciler.model import FieldChange, Hold, Kind, Origin

_NAMED = 3  # fields that a message names; the rest are counted
_SHOWN = 60  # characters of a value that a message shows


def hold(
    config_id: str, fields: Sequence[FieldChange], live: Mapping[str, Any] | None, *, drift_is_held: bool
) -> Hold | None:
    """Why a change must wait, or None. ``live`` is the payload it was compared with; None where there is none."""
    conflicts = [one for one in fields if one.origin is Origin.CONFLICT]
    drifted = [one for one in fields if one.origin is Origin.DRIFT] if drift_is_held else []
    if conflicts or drifted:
        code = "conflict" if conflicts else "drift"
        return Hold(code, _edited(config_id, [*conflicts, *drifted], live))
    if live is not None and _has_pending_rollout(live) and any(one.path.startswith("/rules") for one in fields):
        return Hold("rollout-pending", _rollout(config_id, live))
    return None


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
            "the config was deleted in Statsig since the base, and the file still has it; "
            f"to keep it deleted, remove the file; to create it again: --overwrite {config_id}"
        )
    named = "; ".join(_field(one) for one in fields[:_NAMED])
    more = f"; and {len(fields) - _NAMED} more" if len(fields) > _NAMED else ""
    return f"live was changed by {who_and_when(live)}: {named}{more}. To discard what live has: --overwrite {config_id}"


def _field(one: FieldChange) -> str:
    what = "both changed" if one.origin is Origin.CONFLICT else "the file did not change it"
    part = one.path if one.rule is None else f'rule "{one.rule}" {one.path}'
    return f"{part} is {_before(one)} live and {_after(one)} in the file ({what}); {_keep(one)}"


def _keep(one: FieldChange) -> str:
    """The edit that makes the file say what live says."""
    where = "the file" if one.location is None else f"{one.location.file}:{one.location.line}"
    match one.kind:
        case Kind.ADDED:
            return f"to keep live's, remove it at {where}"
        case Kind.REMOVED:
            return f"to keep live's, add it at {where}: {_short(one.before)}"
        case Kind.MOVED:
            return f"to keep live's, make it number {one.before + 1} in {where}"
        case Kind.COMMENTS:
            return f"to keep live's, take over its comments at {where}"
        case Kind.CHANGED | Kind.RENAMED:
            return f"to keep live's, set it to {_short(one.before)} at {where}"


def _before(one: FieldChange) -> str:
    if one.kind is Kind.ADDED:
        return "absent"
    return f"number {one.before + 1}" if one.kind is Kind.MOVED else _short(one.before)


def _after(one: FieldChange) -> str:
    if one.kind is Kind.REMOVED:
        return "absent"
    return f"number {one.after + 1}" if one.kind is Kind.MOVED else _short(one.after)


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text)} characters)"


def _has_pending_rollout(live: Mapping[str, Any]) -> bool:
    return any(rule.get("pendingAutomatedRollouts") for rule in live.get("rules") or ())


def _rollout(config_id: str, live: Mapping[str, Any]) -> str:
    names = ", ".join(f'"{rule["name"]}"' for rule in live["rules"] if rule.get("pendingAutomatedRollouts"))
    return (
        f"Statsig will move the percentage of {names} by schedule, and the file changes a rule; "
        f"wait for the rollout or remove it in the console, or write over it: --overwrite {config_id}"
    )
