"""What is checked after a write: all that was meant, and all that must not be lost."""

from __future__ import annotations

from typing import Any

import pytest
from harness import payload

from reconciler.verify import differences

TWIN = "{ value: 1 /* hers */ }"
RULE: dict[str, Any] = {
    "name": "beta",
    "id": "base1",
    "baseID": "base1",
    "passPercentage": 10,
    "conditions": [{"type": "public"}],
    "returnValue": {"value": 1},
    "returnValueJson5": TWIN,
}
BODY: dict[str, Any] = {
    "isEnabled": True,
    "description": "d",
    "idType": "userID",
    "tags": ["a", "b"],
    "team": "Growth",
    "defaultValue": {"value": 1},
    "defaultValueJson5": TWIN,
    "rules": [RULE],
}
SCHEDULED = {**RULE, "pendingAutomatedRollouts": [{"passPercentage": 50}]}
WELL = payload("checkout", **BODY, teamID="team_1")


def rules(**changed: Any) -> list[dict[str, Any]]:
    return [{**RULE, **changed}]


def without(given: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in names}


def test_an_answer_that_says_the_same_in_the_apis_own_way_is_well() -> None:
    said = {
        **WELL,
        "tags": ["b", "a"],
        "defaultValue": {"value": 1.0},
        "version": 7,
        "rules": rules(id="base1:10.00:2"),
    }
    assert differences("checkout", BODY, said, WELL) == []


WRONG: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "another value": (WELL, {**WELL, "defaultValue": {"value": 2}}, "/defaultValue"),
    "a field that was carried along": (WELL, {**WELL, "tags": ["a"]}, "/tags"),
    "a field that was cleared": (WELL, {**WELL, "team": None}, "/team"),
    "switched off": (WELL, {**WELL, "isEnabled": False}, "/isEnabled"),
    "a schema that nobody asked for": (WELL, {**WELL, "schema": '{"type": "object"}'}, "/schema"),
    "a rule gone": (WELL, {**WELL, "rules": []}, "/rules"),
    "another percentage": (WELL, {**WELL, "rules": rules(passPercentage=11)}, "/rules/0/passPercentage"),
    "users drawn afresh": (WELL, {**WELL, "rules": rules(baseID="base2")}, "/rules/0/baseID"),
    "other comments": (WELL, {**WELL, "defaultValueJson5": "{ value: 1 /* his */ }"}, "/defaultValue (comments)"),
    "comments gone with their twin": (WELL, without(WELL, "defaultValueJson5"), "/defaultValue (comments, lost)"),
    "a rule's comments gone": (
        WELL,
        {**WELL, "rules": [without(RULE, "returnValueJson5")]},
        "/rules/0/returnValue (comments, lost)",
    ),
    "an unknown field lost": ({**WELL, "novelty": 1}, WELL, "/novelty (lost)"),
    "an unknown field of a rule lost": ({**WELL, "rules": rules(novelty=1)}, WELL, 'rule "beta" novelty (lost)'),
    "a rollout's schedule lost": (
        {**WELL, "rules": [SCHEDULED]},
        WELL,
        'rule "beta" pendingAutomatedRollouts (lost)',
    ),
    "about another config": (WELL, {**WELL, "id": "other"}, 'the answer, which is about "other"'),
}


@pytest.mark.parametrize(("before", "after", "told"), WRONG.values(), ids=WRONG)
def test_what_is_not_as_meant_or_was_lost_is_told(before: dict[str, Any], after: dict[str, Any], told: str) -> None:
    assert differences("checkout", BODY, after, before)[0] == told


def test_an_answer_that_is_no_config_is_told() -> None:
    [told] = differences("checkout", BODY, {**WELL, "rules": 7}, WELL)
    assert told.startswith("the answer (")
