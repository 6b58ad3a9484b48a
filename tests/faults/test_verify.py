"""What is checked after a write: all that was meant, and all that must not be lost."""

from __future__ import annotations

from typing import Any

import pytest
from harness import payload

from reconciler.core.verify import differences, phrase

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
    "another value": (WELL, {**WELL, "defaultValue": {"value": 2}}, "/defaultValue/value sent 1, read 2"),
    "a field that was carried along": (WELL, {**WELL, "tags": ["a"]}, '/tags sent ["a", "b"], read ["a"]'),
    "a field that was cleared": (WELL, {**WELL, "team": None}, '/team sent "Growth", read nothing'),
    "switched off": (WELL, {**WELL, "isEnabled": False}, "/isEnabled sent true, read false"),
    "a schema that nobody asked for": (WELL, {**WELL, "schema": '{"type": "object"}'}, "/schema sent nothing"),
    "a rule gone": (WELL, {**WELL, "rules": []}, "/rules/0 sent {"),
    "another percentage": (
        WELL,
        {**WELL, "rules": rules(passPercentage=11)},
        "/rules/0/passPercentage sent 10, read 11",
    ),
    "users drawn afresh": (
        WELL,
        {**WELL, "rules": rules(baseID="base2")},
        '/rules/0/baseID sent "base1", read "base2"',
    ),
    "other comments": (
        WELL,
        {**WELL, "defaultValueJson5": "{ value: 1 /* his */ }"},
        "the comments of /defaultValue sent",
    ),
    "comments gone with their twin": (WELL, without(WELL, "defaultValueJson5"), "the comments of /defaultValue was"),
    "a rule's comments gone": (
        WELL,
        {**WELL, "rules": [without(RULE, "returnValueJson5")]},
        "the comments of /rules/0/returnValue was",
    ),
    "an unknown field lost": ({**WELL, "novelty": 1}, WELL, "/novelty was 1, read nothing"),
    "an unknown field of a rule lost": (
        {**WELL, "rules": rules(novelty=1)},
        WELL,
        "/rules/0/novelty was 1, read nothing",
    ),
    "a rollout's schedule lost": (
        {**WELL, "rules": [SCHEDULED]},
        WELL,
        "/rules/0/pendingAutomatedRollouts was",
    ),
    "about another config": (WELL, {**WELL, "id": "other"}, 'the answer is about "other"'),
}


@pytest.mark.parametrize(("before", "after", "told"), WRONG.values(), ids=WRONG)
def test_what_is_not_as_meant_or_was_lost_is_told(before: dict[str, Any], after: dict[str, Any], told: str) -> None:
    assert told in phrase(differences("checkout", BODY, after, before)[0])


def test_an_answer_that_is_no_config_is_told() -> None:
    [told] = differences("checkout", BODY, {**WELL, "rules": 7}, WELL)
    assert phrase(told).startswith("the answer is not a config (")
