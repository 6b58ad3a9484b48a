"""Changes → Plan: what is created and updated, what is held, the limits, the order, the digests.

Here is decided, once, what apply may do; renderers and apply only follow. The order is decided here too, so that
equal input gives equal bytes whatever came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.checks import changes as change_checks
from reconciler.checks import with_severities
from reconciler.core import body, diff, normalize
from reconciler.core.base import Base
from reconciler.core.fingerprint import planned_state, sha256
from reconciler.core.holds import hold, not_kept
from reconciler.core.normalize import canonical_text
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.dynamic_config.fields import ARCHIVED
from reconciler.files.settings import Settings, Target
from reconciler.model import (
    Action,
    Change,
    FieldChange,
    Kind,
    LimitExceeded,
    Origin,
    Plan,
    Request,
    Resource,
    TargetRef,
)
from reconciler.ports import Payload

API_PATH = "/console/v1/dynamic_configs"
_LIMIT_FROM = 10  # configs; below that a share says nothing


@dataclass(frozen=True, slots=True)
class Selection:
    """Which configs a run is about; empty ``only`` means all. ``overwrite`` lifts the holds of its ids."""

    only: frozenset[str] = frozenset()
    exclude: frozenset[str] = frozenset()
    overwrite: frozenset[str] = frozenset()

    def __contains__(self, config_id: str) -> bool:
        return (not self.only or config_id in self.only) and config_id not in self.exclude


@dataclass(slots=True)
class _Draft:
    """What comparing one config after the other has found so far."""

    changes: list[Change] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)


def make(
    desired: Sequence[Resource],
    live: Iterable[Payload],
    target: Target,
    settings: Settings,
    *,
    base: Base | None = None,
    selection: Selection | None = None,
    commit: str | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> Plan:
    """Compare every desired config with live and decide what an apply would do.

    ``diagnostics`` are the findings of loading and checking; the plan carries them on, with its own.
    """
    selection = selection or Selection()
    payloads = {str(payload.get("id")): payload for payload in live}
    draft = _Draft(diagnostics=list(diagnostics))
    for resource in sorted(desired, key=lambda one: one.id):
        _compare(resource, payloads.get(resource.id), base, settings, target, selection, draft)
    chosen = [change for change in draft.changes if change.id in selection]
    ids = {resource.id for resource in desired}
    unmanaged = payloads.keys() - ids
    released = sorted(unmanaged & base.ids) if base else []
    limit = _limit(draft.changes, sum(one in payloads for one in ids), settings)
    draft.diagnostics += _about_limit(limit)
    draft.diagnostics += _about_project(draft.changes, [one in payloads for one in ids])
    draft.diagnostics += _about_released(chosen, released, base)
    said = [one for one in draft.diagnostics if one.id is None or one.id in selection]
    return Plan(
        target=TargetRef(target.name, target.api),
        commit=commit,
        base=base.name if base else None,
        changes=tuple(chosen),
        unchanged=sum(one in selection for one in draft.unchanged),
        unmanaged=tuple(sorted(unmanaged.difference(released))),
        released=tuple(released),
        diagnostics=_settled(said, settings),
        digest=digest(target.api, chosen, limit),
        intent=intent(target.api, chosen),
        limit=limit,
    )


def _compare(
    desired: Resource,
    payload: Payload | None,
    base: Base | None,
    settings: Settings,
    target: Target,
    selection: Selection,
    draft: _Draft,
) -> None:
    if payload is None:
        before = base.of(desired.id, None) if base else None
        fields, request = diff.creation(desired, before), Request("POST", API_PATH, body.creation(desired))
        draft.changes.append(_change(desired, Action.CREATE, fields, request, None, base, settings, selection))
        draft.diagnostics += change_checks.check(Action.CREATE, desired, None, fields, request.body)
        return
    live = _plannable(desired, payload)
    if isinstance(live, Diagnostic):
        draft.diagnostics.append(live)
        return
    fields = diff.diff(desired, live, base.of(desired.id, live) if base else None)
    is_archived = payload.get("status") == ARCHIVED
    if not fields and not is_archived:
        draft.unchanged.append(desired.id)
        return
    if fields:
        update = Request("POST", f"{API_PATH}/{desired.id}", body.update(desired, live))
        change = _change(desired, Action.UPDATE, fields, update, live, base, settings, selection)
        draft.diagnostics += change_checks.check(Action.UPDATE, desired, live, fields, update.body)
    if is_archived:
        unarchive = Request("PUT", f"{API_PATH}/{desired.id}/unarchive", {})
        shown = [_status(desired, live, base), *fields]
        change = _change(desired, Action.UNARCHIVE, shown, unarchive, live, base, settings, selection)
        change = replace(change, then=update if fields else None)
    draft.changes.append(change)
    draft.diagnostics += _about_live(desired, live, target)


def _status(desired: Resource, live: Resource, base: Base | None) -> FieldChange:
    """That an archived config is in use again. A file cannot archive: where the base has it, live did so since."""
    is_enabled = desired.spec.get("isEnabled", live.spec["isEnabled"])
    is_known = base is not None and base.resources.get(desired.id) is not None
    origin = Origin.DRIFT if is_known else Origin.UNKNOWN
    place = None if desired.origin is None else desired.origin.locate("/id", key=True)
    after = "Enabled" if is_enabled else "Disabled"
    return FieldChange("/status", Kind.CHANGED, ARCHIVED, after, None, origin, place)


def _change(
    desired: Resource,
    action: Action,
    fields: Sequence[FieldChange],
    request: Request,
    live: Resource | None,
    base: Base | None,
    settings: Settings,
    selection: Selection,
) -> Change:
    held = None
    if desired.id not in selection.overwrite:
        raw = None if live is None else live.raw
        held = hold(desired.id, fields, raw, drift_is_held=settings.drift_policy == "hold")
        held = held or not_kept(desired.id, base.not_kept(desired.id, live, fields) if base else [])
    file = desired.origin.file if desired.origin else ""
    return Change(desired.id, action, file, tuple(fields), held, request, None if live is None else planned_state(live))


def digest(api_url: str, changes: Iterable[Change], limit: LimitExceeded | None) -> str:
    """Covers all that is carried out and all that is shown of it: a plan file that was altered has another one."""
    carried = [
        [
            change.id,
            change.action,
            change.file,
            [_field(one) for one in change.fields],
            None if change.held is None else [change.held.code, change.held.message],
            [change.request.method, change.request.path, change.request.body],
            None
            if change.live is None
            else [change.live.fingerprint, change.live.last_modifier_name, change.live.last_modified_time],
            *([] if change.then is None else [[change.then.method, change.then.path, change.then.body]]),
        ]
        for change in changes
    ]
    limits = None if limit is None else [limit.updates, limit.managed, limit.max_changed_percent]
    return sha256([api_url, carried, limits])


def intent(api_url: str, changes: Iterable[Change]) -> str:
    """Covers what a reviewer judged; the same after a console edit elsewhere in one of the configs."""
    judged = [
        [change.id, change.action, [[one.path, one.kind, one.before, one.after] for one in change.fields]]
        for change in changes
    ]
    return sha256([api_url, judged])


def _field(one: FieldChange) -> list[Any]:
    place = one.location and [one.location.file, one.location.line, one.location.column]
    return [one.path, one.rule, one.kind, one.before, one.after, one.origin, place]


# ── what the plan itself has to say ───────────────────────────────────────────────────────────────────────────────


def _plannable(desired: Resource, payload: Payload) -> Resource | Diagnostic:
    """What is live, or the error that makes it impossible to plan against."""
    try:
        live = normalize.live(payload)
    except normalize.PayloadError as error:
        message, hint = f"live state cannot be planned against: {error}", "fix it in the console, or remove the file"
        return _at(desired, Severity.ERROR, "live-unreadable", message, hint)
    wanted = desired.raw.get("isTemplate")
    if wanted is not None and bool(wanted) != bool(payload.get("isTemplate")):
        message = f"isTemplate is {str(bool(payload.get('isTemplate'))).lower()} live, and can be set on a create only"
        return _at(
            desired, Severity.ERROR, "is-template-changed", message, "make the file say what live says", "/isTemplate"
        )
    return live


def _about_live(desired: Resource, live: Resource, target: Target) -> Iterable[Diagnostic]:
    for name in body.unknown_fields(live.raw):
        message = f'live has a field "{name}" that this version does not know; an update does not send it'
        yield _at(
            desired,
            Severity.WARNING,
            "live-field-unknown",
            message,
            "the check after the write reports it if it is lost or changed",
        )
    known = {rule.raw.get(name) for rule in live.rules for name in ("id", "baseID")}
    for rule in desired.rules:
        for name in ("id", "baseID"):
            given = rule.raw.get(name)
            if given and given not in known:
                message = f'rule "{rule.name}" names {name} {given}, which no live rule of this config has'
                yield _at(
                    desired,
                    Severity.WARNING,
                    "rule-id-unknown",
                    message,
                    "it is matched by name instead",
                    f"{rule.path}/{name}",
                )
    if target.respect_review_settings:
        message = "the target respects review settings: the change may wait for a review and not show at once"
        yield _at(desired, Severity.WARNING, "write-may-be-reviewed", message)


def _limit(changes: Sequence[Change], managed: int, settings: Settings) -> LimitExceeded | None:
    updates = sum(change.action is not Action.CREATE and change.held is None for change in changes)
    if managed < _LIMIT_FROM or updates * 100 <= settings.max_changed_percent * managed:
        return None
    return LimitExceeded(updates, managed, settings.max_changed_percent)


def _about_limit(limit: LimitExceeded | None) -> Iterable[Diagnostic]:
    if limit is not None:
        share = f"more than {limit.max_changed_percent:g} %"
        message = f"{limit.updates} of {limit.managed} live configs would be updated, {share}"
        hint = f"if that is meant: apply --allow-changes {limit.updates}"
        yield Diagnostic(Severity.WARNING, "limit-exceeded", message, Location(""), hint)


def _about_project(changes: Sequence[Change], exists: Sequence[bool]) -> Iterable[Diagnostic]:
    if len(changes) >= _LIMIT_FROM and not any(exists):
        message = f"none of the {len(exists)} configs exists in this project: is this the right project?"
        yield Diagnostic(Severity.WARNING, "project-has-none", message, Location(""), "check the target and its key")


def _about_released(changes: Sequence[Change], released: Sequence[str], base: Base | None) -> Iterable[Diagnostic]:
    """A file that was renamed without an ``id`` shows as a create beside a released config."""
    before = {one: base.resources.get(one) for one in released} if base else {}
    for change in changes:
        for old, resource in before.items():
            if resource is None or change.action is not Action.CREATE:
                continue
            if _unnamed(body.creation(resource)) == _unnamed(change.request.body):
                yield Diagnostic(
                    Severity.WARNING,
                    "released-recreated",
                    f'it equals "{old}", and the file of that one was removed: a renamed file creates a new config',
                    Location(change.file, 1, 1, 1, 1),
                    f"to keep the config, add id: {old}",
                    change.id,
                )


def _unnamed(request: Mapping[str, Any]) -> str:
    return canonical_text({name: given for name, given in request.items() if name not in ("id", "name")})


def _at(
    desired: Resource, severity: Severity, code: str, message: str, hint: str | None = None, path: str | None = None
) -> Diagnostic:
    origin = desired.origin
    location = Location("") if origin is None else origin.locate(path or "/id", key=path is None)
    return Diagnostic(severity, code, message, location, hint, desired.id, path)


def _settled(diagnostics: Iterable[Diagnostic], settings: Settings) -> tuple[Diagnostic, ...]:
    return tuple(sorted(with_severities(diagnostics, settings), key=lambda one: one.sort_key))
