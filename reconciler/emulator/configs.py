"""A body and the stored config → the config to store: defaults, resets, twins, rules, version.

What the API fills in was read from captured answers. What a full update leaves out is reset to its
default: the real API's choice is not known, and this one exposes a client that forgets.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator import rule_ids
from reconciler.emulator import twin_texts as twins
from reconciler.emulator.body_checks import WRITABLE
from reconciler.emulator.errors import Refusal
from reconciler.emulator.options import Options

Config = dict[str, Any]
Rule = dict[str, Any]

API_NAME = "CONSOLE API"
API_ID = "7cONsoLeApi0000000000x"

_ABSENT_WHEN_NULL = ("teamID", "owner", "schema", "schemaJson5", "releasePipelineID", "precommitWebhook")
_STAMPS = ("version", "lastModifierID", "lastModifierName", "lastModifierEmail", "lastModifiedTime")
_READ_ONLY = frozenset(
    {"id", "isTemplate", "holdoutIDs", "status", "creatorName", "createdTime", "checksPerHour", *_STAMPS}
)
# Operators that compare with a list, and operators that compare with one value, as the API reads them back.
_LIST_OPERATORS = frozenset(
    [
        "any",
        "none",
        "any_case_sensitive",
        "none_case_sensitive",
        "str_contains_any",
        "str_contains_none",
        "array_contains_any",
        "array_contains_none",
        "array_contains_all",
        "not_array_contains_all",
    ]
)
_SCALAR_OPERATORS = frozenset(
    [
        "gt",
        "gte",
        "lt",
        "lte",
        "version_gt",
        "version_gte",
        "version_lt",
        "version_lte",
        "version_eq",
        "after",
        "before",
        "on",
        "str_matches",
    ]
)
_SCALAR_TYPES = frozenset({"passes_gate", "fails_gate", "passes_segment", "fails_segment"})


def author(name: str, now: int, modifier_id: str = API_ID, email: str | None = None) -> Config:
    """The ``lastModifier...`` fields of one write; ``now`` in epoch milliseconds."""
    return {
        "lastModifierID": modifier_id,
        "lastModifierName": name,
        "lastModifierEmail": email,
        "lastModifiedTime": now,
    }


def created(body: Config, options: Options, now: int) -> Config:
    """A new config. Rule ids in the body are adopted: a create has no stored rule that they could miss."""
    config_id = body.get("id") or body["name"].lower().replace(" ", "_")
    rules = [_new_rule(rule, options.new_rule_id) for rule in body.get("rules", [])]
    return {
        "id": config_id,
        **_written(body, config_id),
        "rules": rules,
        **({"isTemplate": body["isTemplate"]} if "isTemplate" in body else {}),
        "holdoutIDs": [],
        "status": status(enabled=body.get("isEnabled", True)),
        "createdTime": now,
        "creatorName": API_NAME,
        **author(API_NAME, now),
        "version": 1,
    }


def updated(stored: Config, body: Config, options: Options, now: int) -> Config:
    """A full update: what the body leaves out is reset. ``stored`` itself where nothing changes."""
    kept = {
        key: value
        for key, value in stored.items()
        if key in _READ_ONLY or (options.keep_unknown_fields and key not in WRITABLE)
    }
    rules = _merged_rules(body["rules"], stored, options)
    config = {"id": stored["id"], **_written(body, stored["id"]), "rules": rules, **kept}
    return _settled(stored, config, now)


def patched(stored: Config, body: Config, options: Options, now: int) -> Config:
    """A partial update: what the body leaves out stays; ``rules`` is replaced as a whole."""
    named = set(body)
    for key in ("defaultValue", "schema"):
        if named & {key, twins.twin_of(key)}:
            named |= {key, twins.twin_of(key)}
    written = _written(body, stored["id"])
    config = {key: value for key, value in stored.items() if key not in named}
    config |= {key: value for key, value in written.items() if key in named}
    if "rules" in body:
        config["rules"] = _merged_rules(body["rules"], stored, options)
    return _settled(stored, config, now)


def switched(stored: Config, now: int, *, enabled: bool) -> Config:
    """Enable or disable."""
    return _settled(stored, {**stored, "isEnabled": enabled}, now)


def shelved(stored: Config, now: int, *, archived: bool) -> Config:
    """Archive or unarchive."""
    word = "Archived" if archived else status(enabled=stored.get("isEnabled", True))
    if stored.get("status") == word or (not archived and stored.get("status") != "Archived"):
        return stored
    return _stamped({**stored, "status": word}, stored, author(API_NAME, now))


def edited(stored: Config, changed: Config, by: Config) -> Config:
    """What a person in the console made of ``stored``: ids and twins follow, as the console sees to it."""
    before = {rule_ids.base_of(rule): rule for rule in stored.get("rules", [])}
    for rule in changed.get("rules", []):
        old = before.get(rule_ids.base_of(rule), {})
        _follow(rule, old, "returnValue")
        percentage = rule.get("passPercentage", 100)
        if old and rule.get("id") == old.get("id") and not values.same(old.get("passPercentage", 100), percentage):
            rule["id"] = rule_ids.next_id(str(rule_ids.base_of(rule)), str(rule.get("id")), percentage)
    _follow(changed, stored, "defaultValue")
    if changed.get("status") == stored.get("status") != "Archived":
        changed["status"] = status(enabled=changed.get("isEnabled", True))
    return _stamped(changed, stored, by)


def status(*, enabled: bool) -> str:
    return "Enabled" if enabled else "Disabled"


def _follow(holder: Config, old: Config, key: str) -> None:
    """Make the twin anew where its value was edited and the twin was not."""
    twin = twins.twin_of(key)
    if key in holder and not values.same(holder[key], old.get(key)) and holder.get(twin) == old.get(twin):
        holder[twin] = values.dump_text(holder[key])


def _stamped(config: Config, stored: Config, by: Config) -> Config:
    version = stored.get("version")
    return {**config, **by, "version": version + 1 if isinstance(version, int) else 2}


def _settled(stored: Config, config: Config, now: int) -> Config:
    """Count a version where something changed; defaults that were only implicit are no change."""
    if stored.get("status") == "Archived":
        raise Refusal(400, "Archived dynamic configs cannot be updated.")
    config["status"] = status(enabled=config.get("isEnabled", True))
    if values.same(_explicit(stored), _explicit(config)):
        return stored
    return _stamped(config, stored, author(API_NAME, now))


def _explicit(stored: Config) -> Config:
    """A stored config with every default written out, as a write would have left it."""
    given = {key: value for key, value in stored.items() if value is not None or key not in _ABSENT_WHEN_NULL}
    if "schema" in given:
        given.setdefault("schemaJson5", given["schema"])
    if "defaultValue" in given:
        given.setdefault("defaultValueJson5", values.dump_text(given["defaultValue"]))
    rules = [_explicit_rule(rule) for rule in stored.get("rules", [])]
    enabled = stored.get("isEnabled", True)
    return {**_written({}, stored["id"]), **given, "rules": rules, "status": status(enabled=enabled)}


def _explicit_rule(rule: Rule) -> Rule:
    text = values.dump_text(rule.get("returnValue", {}))
    defaults = _completed({}, {}, {}) | {"returnValueJson5": text}
    return {**defaults, **rule, "conditions": [_condition(c) for c in rule.get("conditions", [])]}


def _written(body: Config, config_id: str) -> Config:
    """The writable fields but ``rules``, defaults filled in."""
    default = twins.read_value(body, "defaultValue")
    schema, schema_text = twins.read_schema(body)
    fields = {
        "name": body.get("name", config_id),
        "description": body.get("description", ""),
        "isEnabled": body.get("isEnabled", True),
        "idType": body.get("idType", "userID"),
        "tags": body.get("tags", []),
        "targetApps": body.get("targetApps", []),
        "team": body.get("team"),
        "creatorID": body.get("creatorID", API_ID),
        "creatorEmail": body.get("creatorEmail"),
        "defaultValue": default.value,
        "defaultValueJson5": default.text,
    }
    optional = {**body, "schema": schema, "schemaJson5": schema_text}
    fields |= {key: optional[key] for key in _ABSENT_WHEN_NULL if optional.get(key) is not None}
    return fields


def _merged_rules(submitted: list[Rule], stored: Config, options: Options) -> list[Rule]:
    live = stored.get("rules", [])
    pairs = rule_ids.pair(submitted, live, by_name=options.match_rules_by_name)
    return [_continued(rule, old, options.new_rule_id) for rule, old in zip(submitted, pairs, strict=True)]


def _new_rule(rule: Rule, new_id: Callable[[], str]) -> Rule:
    given, base = rule.get("id"), rule.get("baseID")
    base = base or given or new_id()
    return _completed(rule, {}, {"id": given or base, "baseID": base})


def _continued(rule: Rule, old: Rule | None, new_id: Callable[[], str]) -> Rule:
    rule_id, base = rule_ids.identity(rule.get("passPercentage", 100), old, new_id)
    return _completed(rule, old or {}, {"id": rule_id, "baseID": base})


def _completed(rule: Rule, old: Rule, identity: Config) -> Rule:
    """A rule as it is stored; rollout schedules are the server's own and outlive every write."""
    variants = {"variants": [_valued(v, v) for v in rule["variants"]]} if "variants" in rule else {}
    fields = {
        **identity,  # first, for people who read an answer; its values are set again below
        **rule,
        **identity,
        "passPercentage": rule.get("passPercentage", 100),
        "conditions": [_condition(condition) for condition in rule.get("conditions", [])],
        "environments": rule.get("environments"),
        **variants,
        "completedAutomatedRollouts": old.get("completedAutomatedRollouts", []),
        "pendingAutomatedRollouts": old.get("pendingAutomatedRollouts", []),
    }
    return _valued(fields, rule)


def _valued(holder: Config, body: Config) -> Config:
    value = twins.read_value(body, "returnValue")
    return {**holder, "returnValue": value.value, "returnValueJson5": value.text}


def _condition(condition: Config) -> Config:
    """As the API reads it back: no nulls, a list for set operators and a scalar for comparisons."""
    stored = {key: value for key, value in condition.items() if value is not None}
    target, operator = stored.get("targetValue"), stored.get("operator")
    single = operator in _SCALAR_OPERATORS or stored.get("type") in _SCALAR_TYPES
    if operator in _LIST_OPERATORS and not single and isinstance(target, str | int | float):
        stored["targetValue"] = [target]
    if single and isinstance(target, list) and len(target) == 1:
        stored["targetValue"] = target[0]
    return stored
