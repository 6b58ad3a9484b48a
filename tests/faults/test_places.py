"""What the API refuses is told with its place in the file, for a plan just made and for a saved one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from faults.world import World

FILE = """\
description: changed
defaultValue:
  value: 2
rules:
  - name: beta users
    passPercentage: 50
    conditions:
      - type: public
    returnValue:
      value: 3
  - name: staff
    passPercentage: 100
    conditions:
      - {type: email, operator: any, targetValue: ["a@example.com"]}
"""


def refused(world: World, finding: str | None, *, saved: bool, output: str) -> Any:
    """Apply to an API that refuses every write with one finding; the run's result, parsed where it is JSON."""
    [name] = [*world.updates, *world.creates]
    world.project.write(**{name: FILE})
    if saved:
        assert world.call("plan", "--out", "plan.json").code == 0
    errors = [] if finding is None else [{"property": finding, "errorMessage": "Required"}]
    body = json.dumps({"status": 400, "message": "Bad Request Exception", "errors": errors})
    world.fail({"method": "POST", "always": True, "fault": {"kind": "status", "status": 400, "body": body}})
    done = world.call("apply", "--yes", "--format", output, *(["plan.json"] if saved else []))
    assert done.code == 1
    return done.json["results"][0]["error"] if output == "json" else done.stdout


@pytest.fixture(params=["create", "update"])
def world(request: pytest.FixtureRequest) -> Any:
    counts = {"updates": 1, "creates": 0} if request.param == "update" else {"updates": 0, "creates": 1}
    with World(**counts, same=0) as made:
        yield made


@pytest.mark.parametrize(
    ("finding", "line", "column"),
    [
        ("rules.0.name", 5, 11),
        ("rules[0].name", 5, 11),
        ("rules.1.conditions.0.targetValue.0", 14, 52),
        ("rules.1.returnValue", 11, 5),  # not written: the rule that lacks it
        ("defaultValue", 3, 3),
        ("tags", 1, 1),
    ],
)
def test_a_refusal_of_a_plan_just_made_names_the_very_place(world: World, finding: str, line: int, column: int) -> None:
    [name] = [*world.updates, *world.creates]
    error = refused(world, finding, saved=False, output="json")
    assert (error["code"], error["file"]) == ("api-refused", f"configs/{name}.yaml")
    assert (error["line"], error["column"]) == (line, column)
    assert f"{finding}: Required" in error["message"]


@pytest.mark.parametrize("saved", [False, True])
def test_the_place_is_in_the_text_too(world: World, saved: bool) -> None:
    [name] = [*world.updates, *world.creates]
    said = refused(world, "rules.1.name", saved=saved, output="text")
    assert "400: rules.1.name: Required" in said
    assert f"configs/{name}.yaml:11:5" in said or f"configs/{name}.yaml:11:11" in said


@pytest.mark.parametrize(("finding", "lines"), [("rules.0.name", (5, 6)), ("rules.1.conditions.0.type", (11, 12))])
def test_a_refusal_of_a_saved_plan_names_the_nearest_place_that_the_plan_shows(
    world: World, finding: str, lines: tuple[int, int]
) -> None:
    [name] = [*world.updates, *world.creates]
    error = refused(world, finding, saved=True, output="json")
    assert error["file"] == f"configs/{name}.yaml"
    assert error["line"] in lines


@pytest.mark.parametrize("finding", ["tags", "", None])
def test_a_refusal_of_a_saved_plan_names_at_least_the_file(world: World, finding: str | None) -> None:
    [name] = [*world.updates, *world.creates]
    error = refused(world, finding, saved=True, output="json")
    assert (error["file"], error["line"]) == (f"configs/{name}.yaml", None)
