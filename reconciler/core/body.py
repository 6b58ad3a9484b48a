"""Desired + raw live + paired rules → the request body.

A full update replaces the whole object: what the body leaves out goes back to its default. So the body of an update
carries every writable field of live that the file does not manage, and of every rule that survives its ``id`` and
``baseID``; nothing that is read-only, and nothing that this tool does not know (the API may refuse it).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.core import normalize
from reconciler.core.normalize import canonical_text
from reconciler.core.rule_identity import pair, pair_variants
from reconciler.dynamic_config.fields import (
    CONDITION,
    CONFIG,
    READ_ONLY,
    RULE,
    RULE_READ_ONLY,
    VARIANT,
    Field,
    Managed,
    group,
    unknown,
)
from reconciler.model import Resource, Rule, Twin


def creation(desired: Resource) -> dict[str, Any]:
    """The body of a create: what the file writes, with the API's required and documented defaults spelled out.

    A null that the file writes is sent where the API takes one: left out, the server fills in a creator of its own.
    """
    body: dict[str, Any] = {"id": desired.id, "name": desired.id, "idType": CONFIG["idType"].default}
    for name, field in CONFIG.items():
        if name in desired.spec:
            body |= _from_file(field, desired)
        elif field.managed is Managed.ALWAYS and field.twin_of is None and field.default is not None:
            body[name] = field.default  # unmanaged by the settings: still a config needs one to begin with
        elif field.managed is Managed.CREATE_ONLY and desired.raw.get(name) is not None:
            body[name] = desired.raw[name]
    if "rules" in desired.spec:
        body["rules"] = [_rule(rule, None) for rule in desired.rules]
    cleared = {name for name in desired.raw if name in CONFIG and CONFIG[name].nullable} - {"schema", "schemaJson5"}
    return _ordered({name: given for name, given in body.items() if given is not None or name in cleared})


def update(desired: Resource, live: Resource) -> dict[str, Any]:
    """The body of a full update of ``live``."""
    body: dict[str, Any] = {}
    for name, field in CONFIG.items():
        if field.managed not in (Managed.ALWAYS, Managed.WHEN_WRITTEN):
            continue
        if name in desired.spec:
            body |= _from_file(field, desired, live)
        elif name in live.raw and _stays(field, desired, live):
            body[name] = live.raw[name]
    body["rules"] = _rules(desired, live)
    body.setdefault("isEnabled", live.spec["isEnabled"])
    body.setdefault("description", live.spec["description"])
    return _ordered(body)


def claims(config_id: str, request: Mapping[str, Any]) -> Resource:
    """What a body asks for, as if a file had: what it leaves out is empty where files always manage it, else unmanaged.

    Raises ``PayloadError``.
    """
    meant = normalize.live({**request, "id": config_id})
    spoken = {
        name: wanted for name, wanted in meant.spec.items() if name in request or CONFIG[name].managed is Managed.ALWAYS
    }
    return replace(meant, spec=spoken)


def _rules(desired: Resource, live: Resource) -> list[dict[str, Any]]:
    ours, theirs = desired.rules, live.rules
    if "rules" not in desired.spec:
        return [_rule(rule, rule) for rule in theirs]
    return [
        _rule(ours[each.desired], None if each.live is None else theirs[each.live])
        for each in pair(ours, theirs)
        if each.desired is not None
    ]


def _stays(field: Field, desired: Resource, live: Resource) -> bool:
    """Whether a field that the file does not manage keeps live's value: not where another spelling of it changes.

    Live's null is a value like any other where the API takes one: left out, the server may fill in its own.
    """
    if live.raw[field.name] is None and not field.nullable:
        return False
    managed = [name for name in group(CONFIG, field.name) if name in desired.spec]
    if field.twin_of is not None:
        return not managed  # else the value decides about its twin
    return all(canonical_text(desired.spec[name]) == canonical_text(live.spec[name]) for name in managed)


def unknown_fields(payload: Mapping[str, Any]) -> list[str]:
    """Names of live fields that a body cannot carry, because this tool knows no such fields (``rules.*.x``: a rule's).

    They may be lost by an update.
    """
    found = set(unknown_in_config(payload))
    for rule in payload.get("rules") or ():
        found |= {f"rules.*.{name}" for name in unknown_in_rule(rule)}
    return sorted(found)


def unknown_in_config(payload: Mapping[str, Any]) -> list[str]:
    """The same for the config alone, without its rules."""
    return unknown(CONFIG, _present(payload), READ_ONLY)


def unknown_in_rule(rule: Mapping[str, Any]) -> list[str]:
    """The same for one rule, its variants and its conditions: ``x``, ``variants.*.x``, ``conditions.*.x``."""
    found = set(unknown(RULE, _present(rule), RULE_READ_ONLY))
    for name, fields in (("variants", VARIANT), ("conditions", CONDITION)):
        for part in rule.get(name) or ():
            found |= {f"{name}.*.{one}" for one in unknown(fields, _present(part))}
    return sorted(found)


def _present(given: Mapping[str, Any]) -> list[str]:
    return [name for name, value in given.items() if value is not None]


def _from_file(field: Field, desired: Resource, live: Resource | None = None) -> dict[str, Any]:
    """What a managed field puts into the body, its twin included."""
    name = field.name
    if name == "rules":
        return {}
    given = desired.raw.get(name)
    if name == "schema":
        return _schema(desired, live)
    if field.twin is not None:
        other = None if live is None else _Kept(live.spec[name], live.twins.get(f"/{name}"))
        return _twinned(field, desired.spec[name], desired.raw, desired.twins.get(f"/{name}"), other)
    if given is None and name == "name":
        return {name: desired.id}
    return {name: field.default if given is None else given}


def _schema(desired: Resource, live: Resource | None) -> dict[str, Any]:
    schema = desired.spec["schema"]
    if schema is None:
        return {} if live is None or live.spec["schema"] is None else {"schema": None}
    given = desired.raw.get("schema")
    text = given if isinstance(given, str) and _is_json(given) else json.dumps(schema, ensure_ascii=False)
    other = None if live is None else _Kept(live.spec["schema"], live.twins.get("/schema"))
    return _twinned(CONFIG["schema"], schema, desired.raw, desired.twins.get("/schema"), other) | {"schema": text}


class _Kept(NamedTuple):
    """What live holds of a value."""

    value: Any
    twin: Twin | None


def _twinned(field: Field, value: Any, raw: Mapping[str, Any], twin: Twin | None, live: _Kept | None) -> dict[str, Any]:
    """A value and its JSON5 twin: the file's comments, or live's where the value stays, or no twin at all."""
    assert field.twin is not None
    plain = {field.name: value if raw.get(field.name) is None else raw[field.name]}
    kept = live.twin if live is not None and canonical_text(live.value) == canonical_text(value) else None
    if kept is not None and (twin is None or twin.comments in ((), kept.comments)):
        return {**plain, field.twin: kept.text}
    if twin is not None and (twin.comments or field.twin in raw):
        return {**plain, field.twin: twin.text}
    return plain


def _rule(desired: Rule, live: Rule | None) -> dict[str, Any]:
    body: dict[str, Any] = {"name": desired.name}
    body |= _identity(live)
    percentage = desired.raw.get("passPercentage")
    # Spelled out where variants stand in for it: left out, it would be the server's choice, on an update live's own.
    body["passPercentage"] = desired.spec["passPercentage"] if percentage is None else percentage
    body["conditions"] = [_condition(condition) for condition in desired.raw.get("conditions") or ()]
    if desired.spec["environments"] is not None:
        body["environments"] = desired.raw["environments"]
    elif live is not None and live.spec["environments"] is not None:
        body["environments"] = None
    body |= _return_value(RULE["returnValue"], desired, live)
    ours, theirs = desired.variants, () if live is None else live.variants
    if ours:
        body["variants"] = [
            _variant(ours[each.desired], None if each.live is None else theirs[each.live])
            for each in pair_variants(ours, theirs)
            if each.desired is not None
        ]
    return body


def _variant(variant: Rule, live: Rule | None) -> dict[str, Any]:
    body = {"name": variant.name, "passPercentage": variant.raw.get("passPercentage")}
    body = {name: given for name, given in body.items() if given is not None}
    return body | _identity(live) | _return_value(VARIANT["returnValue"], variant, live)


def _return_value(field: Field, desired: Rule, live: Rule | None) -> dict[str, Any]:
    if not {field.name, field.twin} & desired.raw.keys() and (live is None or live.raw.get(field.name) is None):
        return {}
    other = None if live is None else _Kept(live.spec["returnValue"], live.twin)
    return _twinned(field, desired.spec["returnValue"], desired.raw, desired.twin, other)


def _identity(live: Rule | None) -> dict[str, Any]:
    return {} if live is None else {name: live.raw[name] for name in ("id", "baseID") if live.raw.get(name)}


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition as written, less nulls and empty strings (the API refuses them) and what it does not know."""
    given = dict(condition)
    if given.get("targetValue") == "":
        given["targetValue"] = [""]  # to compare with an empty text is a condition like any other
    return {name: given[name] for name in CONDITION if given.get(name) not in (None, "")}


def _ordered(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in CONFIG if name in body}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
