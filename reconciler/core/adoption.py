"""Live payload → the data of a file that asks for exactly what is live: how a project is adopted.

Keys come in the API's order, and what equals its default is left out. Who created and owns a config, and the ids
of its rules, stay in Statsig: a file that does not speak of them leaves them as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.dynamic_config.fields import CONDITION, CONFIG, RULE
from reconciler.dynamic_config.sizes import SAFE_INTEGER
from reconciler.model import Resource, Rule

_LEFT_TO_STATSIG = frozenset({"owner", "creatorID", "creatorEmail"})


def file_data(live: Resource, *, with_ids: bool = False) -> dict[str, Any]:
    """The data of a config's file, less its ``id``. ``with_ids`` writes each rule's ``baseID``."""
    data: dict[str, Any] = {}
    for name, field in CONFIG.items():
        given = _writable(live.raw.get(name))
        if name in _LEFT_TO_STATSIG or not (name in live.spec or name == "isTemplate"):
            continue
        if name == "rules":
            given = [_rule(rule, with_ids=with_ids) for rule in live.rules] or None
        elif name == "schema":
            given = live.spec["schema"]
        elif field.twin is not None:
            given = _writable(live.spec[name]) if given is None else given
        if given is None or given == field.default or (name == "name" and given == live.id):
            continue
        if not (name == "teamID" and data.get("team")):
            data[name] = given
    return data


def commented(live: Resource) -> dict[str, str]:
    """JSON Pointer → the author's text of each value that has comments, which a JSON5 file can keep."""
    return {path: twin.text for path, twin in live.twins.items() if twin.comments}


def _rule(rule: Rule, *, with_ids: bool) -> dict[str, Any]:
    has_variants = bool(rule.spec["variants"])
    data: dict[str, Any] = {"name": rule.name}
    if not (has_variants and rule.spec["passPercentage"] == RULE["passPercentage"].default):
        data["passPercentage"] = rule.spec["passPercentage"]
    both = zip(rule.spec["conditions"], rule.raw.get("conditions") or (), strict=True)
    data["conditions"] = [_condition(canonical, condition) for canonical, condition in both]
    if rule.spec["environments"] is not None:
        data["environments"] = rule.raw["environments"]
    data |= _return_value(rule)
    if with_ids and rule.raw.get("baseID"):
        data["baseID"] = rule.raw["baseID"]
    if has_variants:
        data["variants"] = [_variant(variant) for variant in rule.variants]
    return data


def _variant(variant: Rule) -> dict[str, Any]:
    return {"name": variant.name, "passPercentage": variant.spec["passPercentage"], **_return_value(variant)}


def _return_value(rule: Rule) -> dict[str, Any]:
    given = rule.raw.get("returnValue")
    given = _writable(rule.spec["returnValue"] if given is None else given)
    return {} if given == {} else {"returnValue": given}


def _writable(value: Any) -> Any:
    """A value as a file may hold it: a whole number beyond 2^53 is written as the double that it is everywhere."""
    if isinstance(value, dict):
        return {key: _writable(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_writable(one) for one in value]
    return float(value) if type(value) is int and abs(value) > SAFE_INTEGER else value


def _condition(canonical: Mapping[str, Any], condition: Mapping[str, Any]) -> dict[str, Any]:
    """A condition in live's spelling, less what means nothing."""
    return {name: condition[name] for name in CONDITION if name in canonical}
