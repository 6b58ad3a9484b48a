"""Valid configs as people write them, and the ways in which the API spells the same thing differently."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

Body = dict[str, Any]

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
KEYS = st.one_of(st.sampled_from(["a", "b", "__typename", "a/b", "~1", "", "0", "Json5"]), TEXTS)
NUMBERS = st.one_of(
    st.integers(-(2**53), 2**53),
    st.sampled_from([0.5, 1.0, -0.0, 1e-7, 1e20, 1e21, 1.5e300, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
VALUES = st.dictionaries(KEYS, JSON, max_size=4)
"""Whole values: what ``defaultValue`` and ``returnValue`` may be."""

PERCENTAGES = st.one_of(st.integers(0, 100), st.integers(0, 10000).map(lambda hundredths: hundredths / 100))
RULE_NAMES = st.one_of(
    st.sampled_from(["beta", "staff", "canada", "everyone else", "ünïcode", "a/b ~1"]),
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Z")), min_size=1, max_size=12),
)
_WORDS = st.lists(st.sampled_from(["CA", "US", "pro", "ü", "1"]), min_size=1, max_size=4, unique=True)


def _condition(kind: str, operator: str | None, target: Any, **more: str) -> Body:
    return {"type": kind} | ({"operator": operator} if operator else {}) | more | {"targetValue": target}


CONDITIONS = st.one_of(
    st.just({"type": "public"}),
    st.builds(_condition, st.sampled_from(["country", "locale", "user_id"]), st.sampled_from(["any", "none"]), _WORDS),
    st.builds(_condition, st.just("email"), st.just("str_contains_any"), _WORDS),
    st.builds(
        _condition,
        st.just("custom_field"),
        st.sampled_from(["gt", "lte"]),
        st.integers(-5, 10**6),
        field=st.sampled_from(["age", "plan"]),
    ),
    st.builds(_condition, st.just("app_version"), st.just("version_gte"), st.sampled_from(["1.2.0", "3.0"])),
    st.builds(_condition, st.just("passes_gate"), st.none(), st.sampled_from(["gate_a", "gate_b"])),
    st.builds(_condition, st.just("unit_id"), st.sampled_from(["any", "none"]), _WORDS, customID=st.just("companyID")),
)


def commented(value: Body, comment: str) -> str:
    """A value as JSON5 text with a comment in it."""
    return "{ // " + comment + "\n" + json.dumps(value)[1:]


@st.composite
def valued(draw: st.DrawFn, key: str) -> Body:
    """A value under ``key``: plain, as its JSON5 twin with a comment, or as both; or left out."""
    value = draw(VALUES)
    twin = commented(value, draw(st.sampled_from(["why", "so", "because // of */ it"])))
    form = draw(st.sampled_from(["plain", "plain", "twin", "both", "absent"]))
    plain = {key: value} if form in ("plain", "both") else {}
    return plain | ({f"{key}Json5": twin} if form in ("twin", "both") else {})


@st.composite
def rules(draw: st.DrawFn, name: str) -> Body:
    """One rule; with variants it may leave its own percentage out."""
    rule = {"name": name, "conditions": draw(st.lists(CONDITIONS, max_size=3))} | draw(valued("returnValue"))
    names = draw(st.lists(st.sampled_from(["control", "wide", "ü"]), max_size=3, unique=True))
    if names:
        shares = [100] if len(names) == 1 else [10.5, 89.5] if len(names) == 2 else [20, 30, 50]
        rule["variants"] = [
            {"name": variant, "passPercentage": share, **draw(valued("returnValue"))}
            for variant, share in zip(names, shares, strict=True)
        ]
    if not names or draw(st.booleans()):
        rule["passPercentage"] = draw(PERCENTAGES)
    environments = draw(st.sampled_from([..., None, ["production"], ["staging", "production"]]))
    return rule if environments is ... else rule | {"environments": environments}


@st.composite
def rule_lists(draw: st.DrawFn, max_size: int = 4) -> list[Body]:
    """Rules with names that are unique, in the order in which they are tried."""
    names = draw(st.lists(RULE_NAMES, max_size=max_size, unique=True))
    return [draw(rules(name)) for name in names]


_SCHEMA = {"type": "object", "description": "// no comment"}
OPTIONAL_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "description": TEXTS,
    "isEnabled": st.booleans(),
    "name": st.sampled_from([None, "A name", "Another.name"]),
    "idType": st.sampled_from([None, "userID", "stableID"]),
    "tags": st.sampled_from([None, [], ["a"], ["b", "a"], ["a", "b", "c"]]),
    "targetApps": st.sampled_from([None, [], "web", ["web"], ["web", "ios"]]),
    "team": st.sampled_from([None, "Search", "Platform"]),
    "teamID": st.sampled_from([None, "tm_1", "tm_2"]),
    "owner": st.sampled_from([None, {"ownerID": "u1", "ownerType": "USER"}, {"ownerID": "u2"}]),
    "creatorID": st.sampled_from([None, "u1"]),
    "creatorEmail": st.sampled_from([None, "a@example.com"]),
    "releasePipelineID": st.just(None),
    "precommitWebhook": st.sampled_from([None, {"url": "https://example.com", "internalStatusUrl": "x"}]),
    "schema": st.sampled_from([None, _SCHEMA, json.dumps(_SCHEMA), "{ // a schema\n  type: 'object' }"]),
    "schemaJson5": st.just("{ type: 'object', description: '// no comment' /* one */ }"),
}
"""What a file may say beyond its rules and its default value."""


@st.composite
def configs(draw: st.DrawFn) -> Body:
    """One config file's data, valid by the checks, without an ``id``."""
    names = draw(st.sets(st.sampled_from(sorted(OPTIONAL_FIELDS)), max_size=6))
    if {"schema", "schemaJson5"} <= names:
        names.discard("schemaJson5")  # given together they would have to be equal
    config = {name: draw(OPTIONAL_FIELDS[name]) for name in sorted(names)}
    config |= draw(valued("defaultValue"))
    return config | ({"rules": draw(rule_lists())} if draw(st.booleans()) else {})


@st.composite
def respelled(draw: st.DrawFn, payload: Body) -> Body:
    """The same live config with other spellings of the same thing, as the API has been seen to send them."""
    again = dict(payload)
    for name in ("team", "teamID", "owner", "creatorEmail", "schema", "releasePipelineID", "precommitWebhook"):
        if again.get(name) is None and draw(st.booleans()):
            again[name] = None
    for name in ("tags", "targetApps"):
        given = again.get(name)
        if isinstance(given, list):
            again[name] = draw(st.permutations([*given, *given[:1]]))
    again["rules"] = [draw(_respelled_rule(rule)) for rule in payload.get("rules", [])]
    return again


@st.composite
def _respelled_rule(draw: st.DrawFn, rule: Body) -> Body:
    again = dict(rule)
    if again.get("environments") is None and draw(st.booleans()):
        again.pop("environments", None)
    if draw(st.booleans()) and isinstance(again.get("passPercentage"), int):
        again["passPercentage"] = float(again["passPercentage"])
    again["conditions"] = [draw(_respelled_condition(condition)) for condition in rule["conditions"]]
    return again


@st.composite
def _respelled_condition(draw: st.DrawFn, condition: Body) -> Body:
    again = dict(condition)
    for name in ("operator", "field", "customID"):
        if not again.get(name) and draw(st.booleans()):
            again[name] = draw(st.sampled_from([None, ""]))
    target = again.get("targetValue")
    if again.get("operator") in ("gt", "lte") and draw(st.booleans()):
        again["targetValue"] = str(target)
    elif isinstance(target, list) and len(target) == 1 and draw(st.booleans()):
        again["targetValue"] = target[0]
    elif isinstance(target, str | int) and draw(st.booleans()):
        again["targetValue"] = [target]
    elif target is None and draw(st.booleans()):
        again["targetValue"] = draw(st.sampled_from([None, []]))
    return again
