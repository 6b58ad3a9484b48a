"""The check after a write: what of the body is not there is named, and what the API spells otherwise is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.verify import differences

Body = dict[str, Any]

BODY: Body = {
    "name": "config",
    "description": "text",
    "isEnabled": True,
    "tags": ["a", "b"],
    "team": "Search",
    "rules": [
        {
            "name": "beta",
            "id": "r1",
            "baseID": "r1",
            "passPercentage": 10,
            "conditions": [{"type": "custom_field", "field": "age", "operator": "gt", "targetValue": "3"}],
            "returnValue": {"n": 1},
            "returnValueJson5": "{ n: 1 /* one */ }",
        }
    ],
    "defaultValue": {"n": 0},
    "defaultValueJson5": "{ n: 0 // zero\n}",
}
AFTER: Body = {
    **BODY,
    "id": "config",
    "idType": "userID",
    "tags": ["b", "a"],
    "teamID": "tm_1",
    "status": "Enabled",
    "version": 8,
    "rules": [
        {
            **BODY["rules"][0],
            "id": "r1:10.00:1",
            "environments": None,
            "conditions": [{"type": "custom_field", "field": "age", "operator": "gt", "targetValue": [3]}],
        }
    ],
    "defaultValueJson5": "{n: 0 // zero\n}",
}


def test_other_spellings_and_the_servers_own_fields_are_no_difference() -> None:
    assert differences("config", BODY, AFTER, AFTER | {"version": 7}) == []


def put(name: str, value: Any) -> Callable[[Body], None]:
    return lambda config: config.__setitem__(name, value)


def put_in_rule(name: str, value: Any) -> Callable[[Body], None]:
    return lambda config: config["rules"][0].__setitem__(name, value)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (put("description", ""), "/description"),
        (put("isEnabled", False), "/isEnabled"),
        (put("tags", ["a"]), "/tags"),
        (put("team", "Platform"), "/team"),
        (put("defaultValue", {"n": False}), "/defaultValue"),
        (put("defaultValueJson5", "{ n: 0 }"), "/defaultValue (comments)"),
        (put("rules", []), "/rules"),
        (put_in_rule("passPercentage", 11), "/rules/0/passPercentage"),
        (put_in_rule("conditions", []), "/rules/0/conditions"),
        (put_in_rule("environments", ["production"]), "/rules/0/environments"),
        (put_in_rule("returnValue", {"n": 2}), "/rules/0/returnValue"),
        (put_in_rule("returnValueJson5", "{ n: 1 }"), "/rules/0/returnValue (comments)"),
        (put_in_rule("baseID", "r2"), "/rules/0/baseID"),
    ],
)
def test_what_was_not_written_is_named(spoil: Callable[[Body], None], named: str) -> None:
    after = copy.deepcopy(AFTER)
    spoil(after)
    assert differences("config", BODY, after, AFTER)[0] == named


def test_a_lost_field_is_named_by_its_rule_and_a_removed_rule_takes_its_own_along() -> None:
    before = copy.deepcopy(AFTER)
    before["ours"] = 1
    before["rules"] = [{**before["rules"][0], "holdback": 5}, {"name": "gone", "baseID": "r9", "holdback": 5}]
    assert differences("config", BODY, AFTER, before) == ["/ours (lost)", 'rule "beta" holdback (lost)']
    assert differences("config", BODY, before | {"rules": before["rules"][:1]}, before) == []


def test_an_answer_that_is_no_config_is_said_to_be_none() -> None:
    (said,) = differences("config", BODY, {"id": "config", "rules": [{}]})
    assert "the answer" in said
