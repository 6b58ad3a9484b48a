"""What differs, where it is said to be, and in which order: what no golden case shows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core import body, normalize
from reconciler.core.diff import creation, diff
from reconciler.files import parse
from reconciler.model import FieldChange, Kind, Origin, Resource

Body = dict[str, Any]


def fields_of(file: Body, live: Body, base: Body | None = None) -> tuple[FieldChange, ...]:
    payload = normalize.live({"id": "config", "name": "config", **live})
    return diff(resource(file), payload, None if base is None else resource(base))


def resource(file: Body) -> Resource:
    document, _ = parse("configs/config.json", json.dumps(file, indent=1), "json")
    assert document is not None
    return normalize.desired(document)


def rule(name: str, **more: Any) -> Body:
    return {"name": name, "passPercentage": 10, "conditions": [], "returnValue": {"of": name}, **more}


def when(operator: str, target: Any) -> Body:
    condition = {"type": "custom_field", "field": "age", "operator": operator, "targetValue": target}
    return {"rules": [rule("a", conditions=[condition])]}


@pytest.mark.parametrize(
    ("operator", "file", "live", "same"),
    [
        ("gt", "31", 31, True),
        ("before", "1767225600000", 1767225600000, True),
        ("gt", "31.0", 31, True),
        ("gt", "old", 31, False),
        ("any", ["31"], [31], False),
        ("version_gte", "1", 1, False),
        ("any", "a", ["a"], True),
        ("any", ["a", "b"], ["b", "a"], False),
    ],
)
def test_text_is_a_number_only_where_numbers_are_compared(operator: str, file: Any, live: Any, *, same: bool) -> None:
    assert (fields_of(when(operator, file), when(operator, live)) == ()) == same


@pytest.mark.parametrize(("one", "other"), [(2**53 + 1, 2**53), (1e20, 10**20), (10**21, 1e21), (-0.0, 0), (1.0, 1)])
def test_numbers_are_the_doubles_that_they_become(one: float, other: float) -> None:
    assert repr(normalize.value(one)) == repr(normalize.value(other))


def test_a_number_that_is_no_double_is_an_odd_payload() -> None:
    with pytest.raises(normalize.PayloadError):
        normalize.live({"id": "config", "defaultValue": {"n": 10**400}})


def test_items_of_a_list_are_told_by_their_number() -> None:
    live = {"defaultValue": {"list": [{"n": n} for n in range(12)]}}
    file = {"defaultValue": {"list": [{"n": n if n in (0, 1) else -n} for n in range(12)]}}
    assert [one.path for one in fields_of(file, live)] == [f"/defaultValue/list/{n}/n" for n in range(2, 12)]


def test_what_is_removed_from_a_rule_is_told_in_the_files_shape_and_placed_at_its_list() -> None:
    shares = [{"name": name, "passPercentage": 25, "returnValue": {"n": name}} for name in "abcd"]
    public, gate = {"type": "public"}, {"type": "passes_gate", "targetValue": "g"}
    live = {"rules": [rule("first"), rule("split", variants=shares, conditions=[gate, public])]}
    file = {"rules": [rule("split", variants=shares[1:], conditions=[public])]}
    found = {one.path: one for one in fields_of(file, live) if one.kind is Kind.REMOVED}
    assert list(found) == ["/rules/0/conditions/0", "/rules/0/variants/0", "/rules/0"]
    text = json.dumps(file, indent=1).split("\n")
    for path, key in (
        ("/rules/0/conditions/0", "conditions"),
        ("/rules/0/variants/0", "variants"),
        ("/rules/0", "rules"),
    ):
        location = found[path].location
        assert location is not None
        assert f'"{key}"' in text[location.line - 1]


def order(*names: str) -> Body:
    return {"rules": [rule(name) for name in names]}


@pytest.mark.parametrize(
    ("base", "file", "live", "origin"),
    [
        ("abc", "cab", "abc", "intended"),
        ("abc", "abc", "cab", "drift"),
        ("abc", "bca", "cab", "conflict"),
        ("ab", "xab", "abx", "conflict"),  # both added x, at two places
        ("ab", "bax", "abx", "intended"),  # both added x, at one place; only the file turned a and b round
        ("ab", "abx", "bax", "drift"),
    ],
)
def test_who_changed_the_order(base: str, file: str, live: str, origin: str) -> None:
    fields = fields_of(order(*file), order(*live), order(*base))
    assert {(one.kind, one.origin) for one in fields} == {(Kind.MOVED, origin)}


def test_a_json5_only_value_is_placed_at_its_twin() -> None:
    file = {"defaultValueJson5": "{ a: 1 }"}
    (field,) = fields_of(file, {"defaultValue": {"a": 2}})
    assert field.location is not None
    assert (field.path, field.location.line) == ("/defaultValue/a", 2)


def test_each_condition_has_an_origin_of_its_own_where_none_was_added_or_removed() -> None:
    def config(age: int, plan: int) -> Body:
        fields = {"age": age, "plan": plan}
        conditions = [
            {"type": "custom_field", "field": field, "operator": "gt", "targetValue": given}
            for field, given in fields.items()
        ]
        return {"rules": [rule("a", conditions=conditions)]}

    found = fields_of(config(2, 1), config(1, 9), base=config(1, 1))
    assert [(one.path, one.origin) for one in found] == [
        ("/rules/0/conditions/0/targetValue", Origin.INTENDED),
        ("/rules/0/conditions/1/targetValue", Origin.DRIFT),
    ]


@pytest.mark.parametrize("ids", [{"baseID": {"a": 1}}, {"id": [1]}, {"variants": [{"name": "v", "id": 7}]}])
def test_ids_that_are_no_text_are_an_odd_payload(ids: Body) -> None:
    with pytest.raises(normalize.PayloadError, match="is no text"):
        normalize.live({"id": "config", "rules": [rule("a", **ids)]})


def test_a_commented_value_beside_its_plain_twin_keeps_the_comments() -> None:
    text = '{defaultValue: {/* keep */ a: 1}, defaultValueJson5: "{a:1}"}'
    document, _ = parse("configs/config.json5", text, "json5")
    assert document is not None
    desired = normalize.desired(document)
    assert body.creation(desired)["defaultValueJson5"] == "{/* keep */ a: 1}"


def test_a_create_shows_that_it_makes_a_template() -> None:
    assert "/isTemplate" in [one.path for one in creation(resource({"isTemplate": True}))]
    assert "/isTemplate" not in [one.path for one in creation(resource({"isTemplate": False}))]
