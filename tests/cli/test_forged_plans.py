"""``apply PLAN.json`` does what the plan shows, also where somebody computed the digests of another one anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from harness import Live, Project, config

from reconciler.core import planning as plans
from reconciler.render import plan_document as planfile

Body = dict[str, Any]
PUBLIC = {"type": "public"}
BETA = {"name": "beta", "passPercentage": 10, "conditions": [PUBLIC], "returnValue": {"value": 2}}
STAFF = {
    "name": "staff",
    "passPercentage": 100,
    "conditions": [{"type": "email", "operator": "any", "targetValue": "a"}],
}


@pytest.fixture
def planned(served: Project, live: Live) -> Project:
    """A create and an update, saved as ``plan.json``: the update raises a percentage, renames, removes and moves."""
    rules = [
        {**BETA, "id": "b1", "baseID": "b1"},
        {"name": "crew", "id": "s1", "baseID": "s1", **{key: STAFF[key] for key in STAFF if key != "name"}},
        {"name": "gone", "id": "g1", "baseID": "g1", "passPercentage": 1, "conditions": [PUBLIC, PUBLIC]},
    ]
    text = '{ "value": 1, "old": 1, "kept": true /* hers */ }'
    live.create("limits", defaultValue={"value": 1, "old": 1, "kept": True}, defaultValueJson5=text, rules=rules)
    live.edit("limits", tags=["core"], team="Search", description="what it was")
    served.write(
        limits=config(3, defaultValue={"value": 3, "kept": True}, rules=[STAFF, {**BETA, "passPercentage": 25}]),
        banner=config(4, rules=[BETA]),
    )
    assert served.call("plan", "--out", "plan.json").code == 0
    return served


def body(plan: Body) -> Any:
    return plan["changes"][1]["request"]["body"]


def fields(plan: Body) -> Any:
    return plan["changes"][1]["fields"]


def created(plan: Body) -> Any:
    return plan["changes"][0]["request"]["body"]


def shown(plan: Body, path: str) -> Any:
    [found] = [one for one in fields(plan) if one["path"] == path]
    return found


# What the plan by itself shows to be wrong: nothing but the file is read.
ALONE: dict[str, Callable[[Body], object]] = {
    "another value": lambda plan: body(plan)["defaultValue"].update(value=9),
    "another percentage": lambda plan: body(plan)["rules"][1].update(passPercentage=100),
    "another name": lambda plan: body(plan)["rules"][0].update(name="everybody"),
    "what is shown as removed": lambda plan: body(plan)["defaultValue"].update(old=1),
    "another order": lambda plan: body(plan)["rules"].reverse(),
    "another value shown": lambda plan: shown(plan, "/defaultValue/value").update(after=2),
    "another place shown": lambda plan: shown(plan, "/rules/0").update(after=1),
    "another description": lambda plan: body(plan).update(description="x"),
    "a twin that says another value": lambda plan: body(plan).update(defaultValueJson5="{ value: 9, kept: true }"),
    "a key that no plan sends": lambda plan: body(plan).update(status="Archived"),
    "a key of a rule that no plan sends": lambda plan: body(plan)["rules"][0].update(holdback=5),
    "a template": lambda plan: body(plan).update(isTemplate=True),
    "no body": lambda plan: plan["changes"][1]["request"].update(body={}),
    "a body that is not one": lambda plan: plan["changes"][1]["request"].update(body=[1]),
    "rules that are not any": lambda plan: body(plan).update(rules=7),
    "the path of another config": lambda plan: plan["changes"][1]["request"].update(
        path="/console/v1/dynamic_configs/other"
    ),
    "the collection's path": lambda plan: plan["changes"][1]["request"].update(path="/console/v1/dynamic_configs"),
    "another method": lambda plan: plan["changes"][1]["request"].update(method="DELETE"),
    "another id": lambda plan: body(plan).update(id="other"),
    "an update that shows nothing": lambda plan: plan["changes"][1].update(fields=[]),
    "an update of nothing live": lambda plan: plan["changes"][1].update(live=None),
    "a change twice": lambda plan: plan["changes"].append(plan["changes"][1]),
    "a create of another id": lambda plan: created(plan).update(id="other"),
    "a create of another value": lambda plan: created(plan)["defaultValue"].update(value=9),
    "a create that shows less": lambda plan: plan["changes"][0].update(fields=[]),
    "a create with tags that are not shown": lambda plan: created(plan).update(tags=["core"]),
    "a create that is off": lambda plan: created(plan).update(isEnabled=False),
    "a create with the ids of other rules": lambda plan: created(plan)["rules"][0].update(id="b1", baseID="b1"),
    "a create of another path": lambda plan: plan["changes"][0]["request"].update(
        path="/console/v1/dynamic_configs/limits"
    ),
}

# What only live shows to be wrong: the request leaves out, or changes, what no field speaks of.
AGAINST_LIVE: dict[str, Callable[[Body], object]] = {
    "a field that is not shown": lambda plan: fields(plan).remove(shown(plan, "/rules/1/passPercentage")),
    "a before that was not": lambda plan: shown(plan, "/rules/1/passPercentage").update(before=24),
    "a rule's name that is not its own": lambda plan: shown(plan, "/rules/1/passPercentage").update(rule="staff"),
    "tags that the file leaves alone": lambda plan: body(plan).pop("tags"),
    "other tags": lambda plan: body(plan).update(tags=["other"]),
    "another team": lambda plan: body(plan).update(team="Platform"),
    "switched off": lambda plan: body(plan).update(isEnabled=False),
    "users that are bucketed anew": lambda plan: [body(plan)["rules"][1].pop(name) for name in ("id", "baseID")],
    "another rule's id": lambda plan: body(plan)["rules"][1].update(id="g1", baseID="g1"),
    "one more rule": lambda plan: body(plan)["rules"].append({**BETA, "name": "more"}),
    "another condition": lambda plan: body(plan)["rules"][1].update(conditions=[]),
    "an environment": lambda plan: body(plan)["rules"][1].update(environments=["production"]),
    "a value that is not shown": lambda plan: body(plan)["defaultValue"].update(kept=False),
    "a comment that is not hers": lambda plan: body(plan).update(
        defaultValueJson5='{ "value": 3, "kept": true /* his */ }'
    ),
}


def forge(project: Project, alter: Callable[[Body], object]) -> None:
    """Alter ``plan.json`` and compute its digests anew, as whoever can read this code could."""
    path = project.path / "plan.json"
    document = json.loads(path.read_text())
    alter(document)
    made = planfile.from_document(document)
    digests = {
        "digest": plans.digest(made.target.api_url, made.changes, made.limit),
        "intent": plans.intent(made.target.api_url, made.changes),
    }
    document = planfile.to_document(replace(made, **digests))
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("alter", ALONE.values(), ids=ALONE)
def test_a_plan_whose_request_says_other_than_its_fields_is_refused(
    planned: Project, live: Live, alter: Callable[[Body], object]
) -> None:
    forge(planned, alter)
    before = list(live.requests)
    for command in (["apply", "plan.json", "--yes"], ["show", "plan.json"]):
        done = planned.call(*command, "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (4, "plan-contradicts-itself")
        assert "contradicts itself: " in done.json["error"]["message"]
    assert (live.requests, live.written) == (before, [])


@pytest.mark.parametrize("alter", AGAINST_LIVE.values(), ids=AGAINST_LIVE)
def test_a_plan_whose_request_would_change_more_of_live_is_refused(
    planned: Project, live: Live, alter: Callable[[Body], object]
) -> None:
    forge(planned, alter)
    assert planned.call("show", "plan.json").code == 0
    done = planned.call("apply", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (4, "plan-contradicts-itself")
    assert '"limits" contradicts itself: ' in done.json["error"]["message"]
    assert (live.methods, live.written) == ({"GET"}, [])


def test_a_plan_that_nobody_forged_is_carried_out(planned: Project, live: Live) -> None:
    forge(planned, lambda plan: None)
    done = planned.call("apply", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.statuses) == (0, {"banner": "verified", "limits": "verified"})
