"""The data about dynamic configs agrees with itself: tables, JSON Schemas, limits, settings."""

from __future__ import annotations

import inspect
from dataclasses import fields as dataclass_fields
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from reconciler.dynamic_config import fields
from reconciler.dynamic_config import sizes as limits
from reconciler.dynamic_config.condition_types import (
    API_OPERATORS,
    CONDITION_TYPES,
    NUMERIC_OPERATORS,
    OPERATORLESS_TYPES,
    SDK_OPERATORS,
    SDK_TYPES,
    Operator,
)
from reconciler.dynamic_config.fields import Managed
from reconciler.dynamic_config.json_schemas import config_schema, settings_schema
from reconciler.files import settings
from reconciler.session.reading import read_settings

SCHEMA = config_schema()
TABLES = {
    "config": (fields.CONFIG, SCHEMA),
    "rule": (fields.RULE, SCHEMA["$defs"]["rule"]),
    "variant": (fields.VARIANT, SCHEMA["$defs"]["variant"]),
    "condition": (fields.CONDITION, SCHEMA["$defs"]["condition"]),
}


@pytest.mark.parametrize("name", TABLES)
def test_schema_and_table_have_the_same_keys(name: str) -> None:
    table, schema = TABLES[name]
    assert set(schema["properties"]) == set(table)
    assert schema["additionalProperties"] is False


def test_the_keys_are_those_that_users_were_promised() -> None:
    assert set(fields.CONFIG) == {
        *("id", "name", "description", "isEnabled", "idType", "tags", "targetApps", "team", "teamID", "owner"),
        *("creatorID", "creatorEmail", "releasePipelineID", "isTemplate", "precommitWebhook", "rules"),
        *("defaultValue", "defaultValueJson5", "schema", "schemaJson5", "$schema"),
    }
    assert set(fields.RULE) == {
        *("name", "passPercentage", "conditions", "environments", "returnValue", "returnValueJson5"),
        *("id", "baseID", "variants"),
    }
    assert set(fields.CONDITION) == {"type", "operator", "targetValue", "field", "customID"}


def test_schema_defaults_are_the_tables() -> None:
    for name, field in fields.CONFIG.items():
        schema = SCHEMA["properties"][name]
        if field.managed in (Managed.ALWAYS, Managed.CREATE_ONLY) and field.default is not None:
            assert schema["default"] == field.default, name
        else:
            assert "default" not in schema, name


def test_what_can_be_cleared_may_be_null_in_a_file() -> None:
    for name, field in fields.CONFIG.items():
        takes_null = "null" in _types(SCHEMA["properties"][name])
        assert takes_null is (field.managed is Managed.WHEN_WRITTEN or field.nullable), name


def test_twins_point_at_each_other_and_share_a_group() -> None:
    for table, _ in TABLES.values():
        for name, field in table.items():
            if field.twin:
                assert table[field.twin].twin_of == name
                assert fields.group(table, name) == (name, field.twin)
    assert fields.group(fields.CONFIG, "teamID") == ("team", "teamID")
    assert fields.group(fields.CONFIG, "tags") == ("tags",)


def test_unknown_live_fields_are_named() -> None:
    payload = {"id": "abc", "status": "Enabled", "version": 3, "zeta": 1, "alpha": 2}
    assert fields.unknown(fields.CONFIG, payload, fields.READ_ONLY) == ["alpha", "zeta"]


def test_read_only_names_are_no_body_keys() -> None:
    assert not fields.READ_ONLY & set(fields.CONFIG)
    assert not fields.RULE_READ_ONLY & set(fields.RULE)


def test_schema_and_limits_agree() -> None:
    config, rule = SCHEMA["properties"], SCHEMA["$defs"]["rule"]["properties"]
    for name in ("id", "name"):
        assert (config[name]["minLength"], config[name]["maxLength"]) == limits.NAME_LENGTH
    assert config["id"]["pattern"] == "^" + limits.ID_PATTERN.pattern.removesuffix("\\Z") + "$"
    assert config["description"]["maxLength"] == 1000
    assert rule["name"]["maxLength"] == 100
    assert (rule["passPercentage"]["minimum"], rule["passPercentage"]["maximum"]) == limits.PERCENTAGE


@pytest.mark.parametrize("schema", [config_schema(), settings_schema()], ids=["config", "settings"])
def test_schemas_are_valid_and_explain_every_key(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema_rs.Draft202012Validator(schema, offline=True)
    for part in (schema, *schema["$defs"].values()):
        for name, one in part["properties"].items():
            assert one.get("title") or one.get("description"), name


def test_editors_are_offered_what_the_table_knows_and_nothing_is_refused_by_it() -> None:
    branches = {one["if"]["properties"]["type"]["const"]: one["then"] for one in SCHEMA["$defs"]["condition"]["allOf"]}
    assert list(branches) == SCHEMA["$defs"]["condition"]["properties"]["type"]["enum"] == list(CONDITION_TYPES)
    for name, then in branches.items():
        anything = jsonschema.Draft202012Validator(then)
        assert anything.is_valid({"type": name, "operator": "quux", "targetValue": [[]], "field": 1})
        operators = CONDITION_TYPES[name].operators
        if operators:
            assert then["properties"]["operator"]["anyOf"][0]["enum"] == list(operators)


def test_condition_types_hold_together() -> None:
    for one in CONDITION_TYPES.values():
        assert not set(one.operators or ()) & one.refused
        assert set(one.operators or ()) <= API_OPERATORS
        assert (one.operators == ()) is (one.operator is Operator.USELESS) is (one.name in OPERATORLESS_TYPES)
    assert set(SDK_TYPES.values()) <= set(CONDITION_TYPES)
    assert not set(SDK_TYPES) & set(CONDITION_TYPES)
    assert set(SDK_OPERATORS.values()) <= API_OPERATORS
    assert not set(SDK_OPERATORS) & API_OPERATORS
    assert NUMERIC_OPERATORS <= API_OPERATORS


def test_settings_schema_has_the_keys_that_settings_read() -> None:
    properties = settings_schema()["properties"]
    target = settings_schema()["$defs"]["target"]["properties"]
    assert set(target) == {field.name for field in dataclass_fields(settings.Target)} - {"name"}
    assert properties["fields"]["properties"]["unmanaged"]["items"]["enum"] == list(
        settings.FIELDS_THAT_CAN_BE_UNMANAGED
    )
    read = inspect.getsource(settings)
    for key in (*properties, *properties["limits"]["properties"], *properties["drift"]["properties"]):
        assert f'"{key}"' in read, key


@pytest.mark.parametrize("name", ["default_target", "environments", "targets", "fields", "drift", "limits", "checks"])
def test_settings_that_are_read_are_in_the_schema(name: str) -> None:
    assert name in settings_schema()["properties"]


def _types(schema: dict[str, Any]) -> list[str]:
    found = schema["type"]
    return found if isinstance(found, list) else [found]


@pytest.mark.parametrize(
    ("stated", "valid"),
    [
        ({"passPercentage": 5}, True),
        ({"variants": [{"name": "a", "passPercentage": 100}]}, True),
        ({"variants": []}, False),
        ({"variants": None}, False),
        ({}, False),
    ],
)
def test_editors_too_ask_a_rule_for_its_percentage_or_variants(stated: dict[str, Any], *, valid: bool) -> None:
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid({"rules": [{"name": "a", **stated}]}) == valid


@pytest.mark.parametrize(
    "api",
    [
        *(
            "emulator",
            "https://statsigapi.net",
            "https://api.statsig.com/",
            "http://127.0.0.1:3006",
            "https://[::1]:8443",
        ),
        *(
            "https://evil.com",
            "http://statsigapi.net",
            "https://statsigapi.net:8443",
            "http://127.0.0.1@evil/",
            "ftp://x",
        ),
    ],
)
def test_the_settings_schema_takes_the_hosts_that_the_settings_take(api: str, tmp_path: Path) -> None:
    (tmp_path / "reconciler.toml").write_text(f'[targets.one]\napi = "{api}"\n')
    _, findings = read_settings(tmp_path)
    document = {"targets": {"one": {"api": api}}}
    assert jsonschema.Draft202012Validator(settings_schema()).is_valid(document) == (not findings)
