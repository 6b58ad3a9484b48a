"""What the emulator refuses, and in which words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import LIST, Client, rule

PUBLIC = {"type": "public"}


def _rules(**fields: Any) -> dict[str, Any]:
    return {"rules": [rule(**fields)]}


def _condition(**fields: Any) -> dict[str, Any]:
    return _rules(conditions=[fields])


SHAPES = [
    ("isEnabled", {"isEnabled": "yes"}, "Expected boolean, received string"),
    ("isEnabled", {"isEnabled": 1}, "Expected boolean, received number"),
    ("isEnabled", {"isEnabled": None}, "Expected boolean, received null"),
    ("description", {"description": 5}, "Expected string, received number"),
    ("description", {"description": None}, "Expected string, received null"),
    ("description", {"description": "x" * 1001}, "String must contain at most 1000 character(s)"),
    ("name", {"name": "ab"}, "String must contain at least 3 character(s)"),
    ("name", {"name": "x" * 101}, "String must contain at most 100 character(s)"),
    ("name", {"name": "<script>"}, "Invalid"),
    ("name", {"name": "trailing\n"}, "Invalid"),
    ("id", {"id": "a b c"}, "Invalid"),
    ("id", {"id": "ab"}, "String must contain at least 3 character(s)"),
    ("tags", {"tags": "core"}, "Expected array, received string"),
    ("tags", {"tags": None}, "Expected array, received null"),
    ("tags.1", {"tags": ["a", 1]}, "Expected string, received number"),
    ("targetApps", {"targetApps": [1]}, "Invalid input"),
    ("idType", {"idType": None}, "Expected string, received null"),
    ("owner", {"owner": "me"}, "Expected object, received string"),
    ("owner", {"owner": {"who": "me"}}, "Unrecognized key(s) in object: 'who'"),
    ("owner.ownerID", {"owner": {"ownerID": 1}}, "Expected string, received number"),
    ("schema", {"schema": {"type": "object"}}, "Expected string, received object"),
    ("defaultValue", {"defaultValue": []}, "Expected object, received array"),
    ("defaultValue", {"defaultValue": None}, "Expected object, received null"),
    ("defaultValueJson5", {"defaultValueJson5": {}}, "Expected string, received object"),
    ("isTemplate", {"isTemplate": "no"}, "Expected boolean, received string"),
    ("precommitWebhook.url", {"precommitWebhook": {"url": 1}}, "Expected string, received number"),
    ("rules", {"rules": {}}, "Expected array, received object"),
    ("rules.0", {"rules": [[]]}, "Expected object, received array"),
    ("rules.0.name", {"rules": [{"conditions": []}]}, "Required"),
    ("rules.0.conditions", {"rules": [{"name": "r"}]}, "Required"),
    ("rules.0.name", _rules(name="x" * 101), "String must contain at most 100 character(s)"),
    ("rules.0.passPercentage", _rules(passPercentage=-1), "Number must be greater than or equal to 0"),
    ("rules.0.passPercentage", _rules(passPercentage=100.01), "Number must be less than or equal to 100"),
    ("rules.0.passPercentage", _rules(passPercentage=1.005), "Number must be a multiple of 0.01"),
    ("rules.0.passPercentage", _rules(passPercentage="50"), "Expected number, received string"),
    ("rules.0.passPercentage", _rules(passPercentage=True), "Expected number, received boolean"),
    ("rules.0.environments", _rules(environments="dev"), "Expected array, received string"),
    ("rules.0.id", _rules(id=None), "Expected string, received null"),
    ("rules.0.returnValue", _rules(returnValue=True), "Expected object, received boolean"),
    ("rules.0", _rules(percent=1), "Unrecognized key(s) in object: 'percent'"),
    ("rules.0", _rules(pendingAutomatedRollouts=[]), "Unrecognized key(s) in object: 'pendingAutomatedRollouts'"),
    ("rules.0.variants.0.passPercentage", _rules(variants=[{"name": "a"}]), "Required"),
    (
        "rules.0.variants.0.passPercentage",
        _rules(variants=[{"name": "a", "passPercentage": 0.001}]),
        "Number must be a multiple of 0.01",
    ),
    ("rules.0.conditions.0.type", _condition(operator="any"), "Required"),
    ("rules.0.conditions.0.operator", _condition(type="public", operator=None), "Expected string, received null"),
    ("rules.0.conditions.0.field", _condition(type="public", field=None), "Expected string, received null"),
    ("rules.0.conditions.0.customID", _condition(type="public", customID=None), "Expected string, received null"),
    ("rules.0.conditions.0.targetValue", _condition(type="public", targetValue=None), "Invalid input"),
    ("rules.0.conditions.0.targetValue", _condition(type="country", targetValue=["US", 1]), "Invalid input"),
    ("rules.0.conditions.0.targetValue", _condition(type="country", targetValue=True), "Invalid input"),
    ("rules.0.conditions.0", _condition(type="public", value=1), "Unrecognized key(s) in object: 'value'"),
]

TWINS = [
    ("defaultValueJson5", {"defaultValue": {"a": 1}, "defaultValueJson5": "{a: 2}"}, "must parse to the same JSON"),
    ("defaultValueJson5", {"defaultValue": {"a": 1}, "defaultValueJson5": "{a: true}"}, "the same JSON"),
    ("defaultValueJson5", {"defaultValueJson5": "{a: }"}, "Invalid JSON5"),
    ("defaultValueJson5", {"defaultValueJson5": "[]"}, "Expected object, received array"),
    ("rules.0.returnValueJson5", _rules(returnValue={"b": 1}, returnValueJson5="{}"), "the same JSON"),
    (
        "rules.0.variants.0.returnValueJson5",
        _rules(variants=[{"name": "a", "passPercentage": 50, "returnValueJson5": "{"}]),
        "Invalid JSON5",
    ),
    ("schema", {"schema": "{"}, "Invalid JSON5"),
    ("schema", {"schema": '"object"'}, "Expected a JSON Schema, received string"),
    ("schemaJson5", {"schema": "{}", "schemaJson5": "{type: 'object'}"}, "the same JSON"),
]

SCHEMAS = [
    ("rules.0.returnValue", '{"required": ["ms"]}', {}, 'value: required "ms"'),
    ("rules.0.returnValue", '{"properties": {"ms": {"type": "integer"}}}', {"ms": 1.5}, 'ms: type "integer"'),
    ("rules.0.returnValue", '{"properties": {"ms": {"maximum": 9}}}', {"ms": 10}, "ms: maximum 9"),
    ("rules.0.returnValue", '{"properties": {"on": {"enum": [1]}}}', {"on": True}, "on: enum [1]"),
    ("rules.0.returnValue", '{"properties": {"on": {"const": 1}}}', {"on": 2}, "on: const 1"),
    ("rules.0.returnValue", '{"additionalProperties": false}', {"x": 1}, "x: not allowed"),
    (
        "rules.0.returnValue",
        '{"properties": {"l": {"items": {"minLength": 2}}}}',
        {"l": ["ab", "c"]},
        "l.1: minLength 2",
    ),
    ("rules.0.returnValue", '{"properties": {"l": {"maxItems": 0}}}', {"l": [1]}, "l: maxItems 0"),
]


@pytest.mark.parametrize(("path", "fields", "message"), SHAPES)
def test_a_wrong_shape_is_refused_at_its_path(client: Client, path: str, fields: dict[str, Any], message: str) -> None:
    assert client.problems("POST", LIST, {"name": "checkout", **fields}) == [(path, message)]
    assert client.emulator.configs() == []


@pytest.mark.parametrize(("path", "fields", "message"), TWINS)
def test_a_twin_that_disagrees_is_refused(client: Client, path: str, fields: dict[str, Any], message: str) -> None:
    [(property_, told)] = client.problems("POST", LIST, {"name": "checkout", **fields})
    assert property_ == path
    assert message in told


@pytest.mark.parametrize(("path", "schema", "value", "message"), SCHEMAS)
def test_a_value_that_breaks_its_schema_is_refused(
    client: Client, path: str, schema: str, value: Any, message: str
) -> None:
    body = {"name": "checkout", "schema": schema, "rules": [rule(returnValue=value)]}
    assert client.problems("POST", LIST, body) == [(path, f"Does not match the schema: {message}")]


def test_a_default_value_is_held_to_the_schema_where_it_is_stated(client: Client) -> None:
    schema = '{"required": ["ms"]}'
    client.create(schema=schema)
    stated = {"isEnabled": True, "description": "", "rules": [], "schema": schema, "defaultValue": {}}
    [(path, _)] = client.problems("POST", f"{LIST}/checkout", stated)
    assert path == "defaultValue"


def test_existing_values_must_conform_to_a_new_schema(client: Client) -> None:
    client.create(rules=[rule(returnValue={"ms": "soon"})])
    patch = {"schema": '{"properties": {"ms": {"type": "number"}}}'}
    [(path, _)] = client.problems("PATCH", f"{LIST}/checkout", patch)
    assert path == "rules.0.returnValue"


@pytest.mark.parametrize("fields", [{"isTemplate": True}, {"id": "checkout"}, {"holdoutIDs": []}, {"version": 2}])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_update_takes_no_field_that_only_a_create_or_nobody_may_write(
    client: Client, method: str, fields: dict[str, Any]
) -> None:
    client.create()
    body = {"isEnabled": True, "description": "", "rules": [], **fields}
    (name,) = fields
    assert client.problems(method, f"{LIST}/checkout", body) == [("", f"Unrecognized key(s) in object: '{name}'")]


def test_a_full_update_states_all_that_it_must(client: Client) -> None:
    client.create()
    missing = [("isEnabled", "Required"), ("description", "Required"), ("rules", "Required")]
    assert client.problems("POST", f"{LIST}/checkout", {}) == missing


def test_a_create_needs_a_name(client: Client) -> None:
    assert client.problems("POST", LIST, {"id": "checkout"}) == [("name", "Required")]


def test_every_problem_is_reported_at_once(client: Client) -> None:
    body = {"name": "x", "isEnabled": 0, "colour": 1, "shade": 2}
    assert client.problems("POST", LIST, body) == [
        ("name", "String must contain at least 3 character(s)"),
        ("isEnabled", "Expected boolean, received number"),
        ("", "Unrecognized key(s) in object: 'colour', 'shade'"),
    ]


def test_an_unknown_condition_type_names_the_known_ones(client: Client) -> None:
    [(path, message)] = client.problems("POST", LIST, {"name": "checkout", **_condition(type="user_field")})
    assert path == "rules.0.conditions.0.type"
    assert message.startswith("Invalid enum value. Expected 'app_version' | ")
    assert message.endswith(", received 'user_field'")


@pytest.mark.parametrize("operator", ["str_starts_with_any", "str_ends_with_any"])
@pytest.mark.parametrize("kind", ["email", "custom_field", "url", "locale", "user_agent", "browser_name"])
def test_operators_that_the_api_was_seen_to_refuse(client: Client, kind: str, operator: str) -> None:
    body = {"name": "checkout", **_condition(type=kind, operator=operator, targetValue=["a"])}
    [(path, message)] = client.problems("POST", LIST, body)
    assert path == "rules.0.conditions.0.operator"
    assert operator in message


@pytest.mark.parametrize(
    "condition",
    [
        {"type": "public"},
        {"type": "public", "operator": "", "targetValue": []},
        {"type": "public", "operator": "string", "targetValue": 0, "field": "string", "customID": "string"},
        {"type": "country", "operator": "any", "targetValue": ["DE", "AT"]},
        {"type": "unit_id", "operator": "str_starts_with_any", "targetValue": ["a"], "customID": "stableID"},
        {"type": "custom_field", "operator": "gt", "targetValue": 3, "field": "age"},
        {"type": "experiment_group", "operator": "any", "targetValue": "exp"},
    ],
)
def test_conditions_that_pass(client: Client, condition: dict[str, Any]) -> None:
    assert client.create(**_rules(conditions=[condition]))["rules"][0]["conditions"] == [
        condition if condition.get("targetValue") != "exp" else {**condition, "targetValue": ["exp"]}
    ]


@pytest.mark.parametrize("percentage", [0, 0.01, 0.07, 0.29, 33.33, 99.99, 100, 100.0])
def test_percentages_to_a_hundredth_pass(client: Client, percentage: float) -> None:
    assert client.create(**_rules(passPercentage=percentage))["rules"][0]["passPercentage"] == percentage


def test_strict_options_refuse_what_the_project_does_not_have(make: Callable[..., Client]) -> None:
    strict = make(
        known_tags=frozenset({"core"}),
        known_id_types=frozenset({"userID"}),
        known_environments=frozenset({"production"}),
    )
    body = {"name": "checkout", "tags": ["core", "x"], "idType": "orgID", **_rules(environments=["dev"])}
    assert strict.problems("POST", LIST, body) == [
        ("tags.1", "'x' does not exist"),
        ("idType", "'orgID' does not exist"),
        ("rules.0.environments.0", "'dev' does not exist"),
    ]
    assert make().call("POST", LIST, body)[0] == 201


def test_lenient_nulls_read_as_absent(make: Callable[..., Client]) -> None:
    condition = {"type": "public", "operator": None, "targetValue": None, "field": None, "customID": None}
    created = make(lenient_nulls=True).create(**_rules(conditions=[condition]))
    assert created["rules"][0]["conditions"] == [PUBLIC]
