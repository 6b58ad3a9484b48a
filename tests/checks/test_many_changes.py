"""A change of a thousand rules: what is said of it can be read, and each thing is said of a dozen and counted."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.harness import Live, Project

PRINTED = 1_000_000
COUNT = 1_000


def rules(name: str, value: Any, **rule: Any) -> list[dict[str, Any]]:
    def conditions(number: int) -> list[dict[str, Any]]:
        return [{"type": "email", "operator": "any", "targetValue": [f"{name}{number}@example.com"]}]

    return [
        {"name": f"{name} {n}", "passPercentage": 100, "conditions": conditions(n), "returnValue": value, **rule}
        for n in range(COUNT)
    ]


CHANGES = {
    "rule-recreated": (rules("old", {"a": 1}), rules("new", {"a": 2}, passPercentage=50)),
    "null-in-value": (rules("same", {"a": 1}), rules("same", {"a": None})),
    "value-type-changed": (rules("same", {"a": 1}), rules("same", {"a": "1"})),
}


@pytest.fixture(params=CHANGES)
def change(request: pytest.FixtureRequest, served: Project, live: Live) -> tuple[str, Project]:
    before, after = CHANGES[request.param]
    live.create("big", rules=before)
    served.file("configs/big.json", json.dumps({"rules": after}))
    return request.param, served


@pytest.mark.parametrize("output", ["text", "markdown", "github"])
def test_a_thousand_rules_make_a_plan_that_can_be_read(change: tuple[str, Project], output: str) -> None:
    done = change[1].call("plan", "--format", output)
    assert done.code == 0
    assert len(done.stdout.encode()) < PRINTED


def test_each_thing_is_said_of_a_dozen_rules_and_then_counted(change: tuple[str, Project]) -> None:
    code, project = change
    found = project.call("plan", "--format", "json").json["diagnostics"]
    assert Counter(one["code"] for one in found)[code] == 12
    counted = [one for one in found if "988 more like this" in one["message"]]
    assert [one["code"] for one in counted] == [code]

    assert len(json.dumps(found)) < PRINTED / 20


def test_a_rule_that_goes_with_many_others_names_a_dozen_of_them(served: Project, live: Live) -> None:
    before, after = CHANGES["rule-recreated"]
    live.create("big", rules=before)
    served.file("configs/big.json", json.dumps({"rules": after}))
    found = served.call("plan", "--format", "json").json["diagnostics"]
    first = next(one for one in found if one["code"] == "rule-recreated")
    assert '"old 11" and 988 more are removed' in first["message"]
    assert first["hint"].endswith(" or 988 more")
