"""The checks as a whole: they never fail on any data, weigh as settings say, and agree with a second engine."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, assume, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some

from reconciler.checks import CHECKS, check, with_severities
from reconciler.checks.schema_engine import Engine, faults
from reconciler.checks.twin_checks import same
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.dynamic_config.condition_types import API_OPERATORS, CONDITION_TYPES
from reconciler.dynamic_config.fields import CONDITION, CONFIG, RULE, VARIANT
from reconciler.dynamic_config.json_schemas import config_schema
from reconciler.files import Document, parse
from reconciler.files.settings import Settings

ENGINES: list[Any] = [jsonschema.Draft202012Validator, jsonschema_rs.Draft202012Validator]

# How long examples take to make says nothing on a busy machine.
quickly = hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SCALARS = (
    some.none() | some.booleans() | some.integers(-(2**60), 2**60) | some.floats(-1e9, 1e9) | some.text(max_size=8)
)
ANYTHING = some.recursive(
    SCALARS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


def mapping(table: dict[str, Any], **keys: some.SearchStrategy[Any]) -> some.SearchStrategy[dict[str, Any]]:
    """Mappings with a table's keys: those given as given, or else anything."""
    return some.fixed_dictionaries({}, optional={name: keys.get(name, ANYTHING) | ANYTHING for name in table})


CONDITIONS = some.lists(
    mapping(
        CONDITION,
        type=some.sampled_from(sorted(CONDITION_TYPES)),
        operator=some.sampled_from(sorted(API_OPERATORS)),
    ),
    max_size=3,
)
PERCENTAGES = some.integers(0, 100) | some.floats(-1, 101)
RULES = some.lists(
    mapping(
        RULE,
        name=some.sampled_from(["a", "b"]),
        passPercentage=PERCENTAGES,
        conditions=CONDITIONS,
        variants=some.lists(mapping(VARIANT, passPercentage=PERCENTAGES), max_size=3),
    ),
    max_size=3,
)
CONFIGS = mapping(CONFIG, id=some.just("abc"), rules=RULES)


def document(data: dict[str, Any], file: str = "configs/abc.json") -> Document:
    read, _ = parse(file, json.dumps(data), "json")
    assert read is not None
    return read


def codes(data: dict[str, Any], settings: Settings | None = None) -> list[str]:
    return [one.code for one in check([document(data)], settings or Settings())]


@quickly
@given(CONFIGS)
@example({"rules": [{"conditions": [{"type": "app_version", "operator": []}]}]})
@example({"rules": [{"name": [], "passPercentage": {}, "environments": {}, "variants": 3, "conditions": [[], {}]}]})
@example({"schema": [], "schemaJson5": 1, "defaultValueJson5": {}, "name": 3, "tags": {"a": 1}})
def test_checks_never_fail_whatever_the_data(data: dict[str, Any]) -> None:
    read = document(data)
    found = check([read], Settings(environments=("staging",)))
    assert all(one.location.file == read.file and one.location.line > 0 for one in found)
    assert found == sorted(found, key=lambda one: one.sort_key)


@quickly
@given(CONFIGS)
def test_shape_accepts_what_both_engines_accept(data: dict[str, Any]) -> None:
    errors = list(CHECKS[0](document(data), Settings()))
    accepted = [engine(config_schema()).is_valid(data) for engine in ENGINES]
    assert (errors == []) is all(accepted)


def test_what_one_engine_alone_refuses_is_reported_beside_the_rest() -> None:
    assert [engine(config_schema()).is_valid({"id": "abc\n"}) for engine in ENGINES] == [True, False]
    assert codes({"id": "abc\n"}) == ["text-characters"]
    assert sorted(codes({"id": "abc\n", "isEnabled": 1, "name": "a b\t"})) == [
        *("text-characters", "text-characters", "wrong-type"),
    ]


def test_a_value_that_breaks_several_keywords_has_a_finding_for_each() -> None:
    variant = {"nme": 1}
    found = check(
        [document({"rules": [{"name": "r", "conditions": [{"type": "public"}], "variants": [variant]}]})], Settings()
    )
    assert sorted((one.code, one.path) for one in found) == [
        ("missing-key", "/rules/0/variants/0/name"),
        ("missing-key", "/rules/0/variants/0/passPercentage"),
        ("unknown-key", "/rules/0/variants/0/nme"),
    ]


@quickly
@given(some.integers(0, 10_000))
def test_every_hundredth_is_a_percentage(hundredths: int) -> None:
    percentage = float(Decimal(hundredths) / 100)
    rule = {"name": "a", "passPercentage": percentage, "conditions": [{"type": "public"}]}
    assert codes({"rules": [rule]}) == []


@quickly
@given(some.integers(1, 99_999))
def test_every_finer_step_is_refused(thousandths: int) -> None:
    assume(thousandths % 10)
    rule = {"name": "a", "passPercentage": float(Decimal(thousandths) / 1000), "conditions": [{"type": "public"}]}
    assert codes({"rules": [rule]}) == ["percentage-step"]


@quickly
@given(ANYTHING, ANYTHING)
def test_sameness_is_equality_of_json(one: Any, other: Any) -> None:
    assert same(one, json.loads(json.dumps(one)))
    if same(one, other):
        assert _kinds(one) == _kinds(other)
        assert one == other


def _kinds(value: Any) -> Any:
    """The value with its booleans told from its numbers."""
    if isinstance(value, dict):
        return {key: _kinds(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_kinds(one) for one in value]
    return (isinstance(value, bool), value)


def test_the_integers_of_true_and_one_differ_and_of_one_and_one_point_zero_do_not() -> None:
    assert same({"a": [1, 0]}, {"a": [1.0, -0.0]})
    assert not same({"a": True}, {"a": 1})
    assert not same([0], [False])
    assert not same({"a": None}, {})


USER_SCHEMAS = some.recursive(
    some.sampled_from(
        [True, False, {}, {"type": "string"}, {"type": "integer", "minimum": 3}, {"enum": [1, "a", None]}]
    ),
    lambda inner: (
        some.fixed_dictionaries({"properties": some.dictionaries(some.sampled_from("ab"), inner, max_size=2)})
        | some.fixed_dictionaries({"items": inner, "uniqueItems": some.booleans()})
        | some.fixed_dictionaries({"anyOf": some.lists(inner, min_size=1, max_size=2), "not": inner})
        | some.fixed_dictionaries({"required": some.just(["a"]), "additionalProperties": inner})
    ),
    max_leaves=6,
)


@quickly
@given(
    USER_SCHEMAS,
    some.recursive(
        SCALARS,
        lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.sampled_from("abc"), inner),
        max_leaves=6,
    ),
)
def test_values_are_judged_as_a_second_engine_judges_them(schema: Any, value: Any) -> None:
    assert faults(schema) == []
    found = list(Engine(schema).mismatches(value))
    assert (found == []) is jsonschema.Draft202012Validator(schema).is_valid(value)


def test_settings_weigh_warnings_and_leave_errors() -> None:
    warning = Diagnostic(Severity.WARNING, "rule-empty", "", Location("a", 2))
    error = Diagnostic(Severity.ERROR, "wrong-type", "", Location("a", 1))

    def weighed(level: str) -> list[tuple[str, str]]:
        settings = Settings(checks={"rule-empty": level, "wrong-type": level})
        return [(one.code, one.severity.value) for one in with_severities([warning, error], settings)]

    assert weighed("off") == [("wrong-type", "error")]
    assert weighed("warning") == [("wrong-type", "error"), ("rule-empty", "warning")]
    assert weighed("error") == [("wrong-type", "error"), ("rule-empty", "error")]


def test_one_mistake_is_reported_once() -> None:
    text = '{"defaultValue": {"a": NaN}, "isEnabled": NaN}'
    read, found = parse("configs/abc.json5", text, "json5")
    assert read is not None
    assert [one.path for one in found] == ["/defaultValue/a", "/isEnabled"]
    assert check([read], Settings()) == []


def test_a_credential_is_not_repeated() -> None:
    secret = "AKIA" + "Z" * 16
    (found,) = check([document({"defaultValue": {"key": secret}})], Settings())
    assert (found.code, found.is_secret) == ("credential", True)
    assert secret not in found.message + str(found.hint)


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
def test_a_credential_stands_in_the_line_that_editors_show(end_of_line: str) -> None:
    secret = "AKIA" + "Z" * 16
    read, _ = parse("configs/abc.yaml", end_of_line.join(["id: abc", "defaultValue:", f"  key: {secret}", ""]), "yaml")
    assert read is not None
    (found,) = check([read], Settings())
    assert found.location == Location("configs/abc.yaml", 3, 8, 3, 28)


def test_all_findings_of_a_file_come_together() -> None:
    data = {
        "descripton": "x",
        "isEnabled": "yes",
        "rules": [{"name": "a"}, {"name": "a", "passPercentage": 0.001, "conditions": [{"type": "emial"}]}],
        "defaultValue": {"n": 2**53 + 1},
    }
    assert set(codes(data)) == {
        *("unknown-key", "wrong-type", "rule-without-percentage", "rule-empty", "rule-name-duplicate"),
        *("percentage-step", "condition-type-unknown", "integer-unsafe", "rule-unreachable"),
    }


@pytest.mark.parametrize(
    ("kind", "operator", "severity"),
    [
        ("custom_field", "greater_than", Severity.ERROR),  # no type has it
        ("country", "gt", Severity.WARNING),  # others have it, so Statsig may take it here
        ("url", "greater_than", Severity.WARNING),  # nothing is known of this type's operators
    ],
)
def test_an_operator_that_no_type_has_is_an_error(kind: str, operator: str, severity: Severity) -> None:
    rule = {"name": "r", "passPercentage": 1, "conditions": [{"type": kind, "operator": operator, "targetValue": 1}]}
    document, _ = parse("c.json", json.dumps({"rules": [rule]}), "json")
    assert document is not None
    found = [one for one in check([document], Settings()) if one.code == "condition-operator-unknown"]
    assert [one.severity for one in found] == [severity]


def test_null_clears_a_field_that_the_settings_leave_to_the_console() -> None:
    document, _ = parse("cfg.json", '{"rules": null, "description": null}', "json")
    assert document is not None
    unmanaged = Settings(unmanaged_fields=frozenset({"rules"}))
    assert [one.path for one in check([document], unmanaged)] == ["/description"]
    assert [one.path for one in check([document], Settings())] == ["/rules", "/description"]
