"""A rule between a percentage and variants: one file makes one live state, whatever was live before."""

from __future__ import annotations

from typing import Any

import pytest
from harness import Live, Project, config
from hypothesis import given, settings
from strategies import rule_lists
from test_properties import FEW, world

SPLIT = {
    "name": "beta",
    "conditions": [{"type": "public"}],
    "variants": [
        {"name": "control", "passPercentage": 40, "returnValue": {"value": 2}},
        {"name": "wide", "passPercentage": 60, "returnValue": {"value": 3}},
    ],
}
SHARE = {"name": "beta", "conditions": [{"type": "public"}], "passPercentage": 30, "returnValue": {"value": 2}}
LIVE = {"id": "b1", "baseID": "b1"}


def rules_of(given: dict[str, Any]) -> list[dict[str, Any]]:
    """What rules do: all but their ids, and but the comments, which an update keeps where the value stays."""
    left = ("id", "baseID", "returnValueJson5", "variants")
    return [
        {name: value for name, value in rule.items() if name not in left}
        | {"variants": rules_of({"rules": rule.get("variants") or []})}
        for rule in given["rules"]
    ]


@pytest.mark.parametrize(("before", "after"), [(SHARE, SPLIT), (SPLIT, SHARE)], ids=["to variants", "to a percentage"])
def test_a_file_makes_the_same_of_nothing_and_of_the_other_kind(
    served: Project, live: Live, before: dict[str, Any], after: dict[str, Any]
) -> None:
    live.create("old", rules=[before | LIVE])
    served.write(new=config(1, rules=[after]), old=config(1, rules=[after]))
    plan = served.call("plan", "--format", "json").json
    assert served.call("apply", "--yes").code == 0
    assert rules_of(live["old"]) == rules_of(live["new"])
    [_, update] = plan["changes"]
    [shown] = [one for one in update["fields"] if one["path"] == "/rules/0/passPercentage"]
    percentage = {
        "kind": "changed",
        "before": before.get("passPercentage", 100),
        "after": after.get("passPercentage", 100),
    }
    assert {name: shown[name] for name in percentage} == percentage
    assert served.call("plan", "--detailed-exitcode").code == 0


def test_variants_of_a_rule_that_the_console_gave_to_some_only_are_shown_to_go_to_all(
    served: Project, live: Live
) -> None:
    live.create("old", rules=[SPLIT | LIVE | {"passPercentage": 30}])
    served.write(old=config(1, rules=[SPLIT]))
    live.edit("old", defaultValue={"value": 1})
    plan = served.call("plan", "--format", "json").json
    assert [one["path"] for one in plan["changes"][0]["fields"]] == ["/rules/0/passPercentage"]


def test_a_percentage_beside_variants_is_pulled_where_it_is_not_for_all(served: Project, live: Live) -> None:
    live.create("some", rules=[SPLIT | LIVE | {"passPercentage": 30}])
    live.create("everyone", rules=[SPLIT | LIVE | {"passPercentage": 100}])
    assert served.call("pull", "--all").code == 0
    assert "    passPercentage: 30\n" in (served.path / "configs/some.yaml").read_text()
    assert "    passPercentage: 100\n" not in (served.path / "configs/everyone.yaml").read_text()
    assert served.call("plan", "--detailed-exitcode").code == 0


@given(rule_lists(), rule_lists())
@settings(FEW, max_examples=30)
def test_any_rules_make_the_same_of_nothing_and_of_any_others(old: list[Any], new: list[Any]) -> None:
    with world() as here:
        here.make_so({"rules": old})
        here.make_so({"rules": new})
        here.make_so({"id": "other", "rules": new})
        assert rules_of(here.stored()) == rules_of(here.stored("other"))
