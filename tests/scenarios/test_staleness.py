"""Live state that changed after the plan is never overwritten unseen, whenever the edit comes."""

from __future__ import annotations

import pytest
from harness import Live, Project, config


@pytest.fixture
def three(served: Project, live: Live) -> Project:
    """Two updates and a create."""
    for name in ("alpha", "beta"):
        live.create(name, defaultValue={"value": 0}, description="as it was")
        served.write(**{name: config(description="as it was")})
    served.write(gamma=config())
    return served


def test_between_a_saved_plan_and_its_apply(three: Project, live: Live) -> None:
    assert three.call("plan", "--out", "plan.json").code == 0
    live.edit("alpha", description="a hot-fix")
    done = three.call("apply", "plan.json", "--format", "json")
    assert done.code == 5
    assert done.statuses == {"alpha": "stale", "beta": "skipped", "gamma": "skipped"}
    assert live.written == []
    assert three.call("apply", "plan.json").code == 5


@pytest.mark.parametrize("happens", ["created", "deleted"])
def test_a_config_that_comes_or_goes_in_between(three: Project, live: Live, happens: str) -> None:
    if happens == "deleted":
        three.remove("gamma")
    assert three.call("plan", "--out", "plan.json").code == 0
    if happens == "created":
        live.create("gamma", description="made by hand")
    else:
        live.delete("alpha")
    done = three.call("apply", "plan.json", "--format", "json")
    assert done.code == 5
    assert done.statuses["gamma" if happens == "created" else "alpha"] == "stale"
    assert live.written == []


def test_an_edit_that_a_write_would_not_touch_is_no_staleness(three: Project, live: Live) -> None:
    assert three.call("plan", "--out", "plan.json").code == 0
    live.create("somebody_elses")
    live.edit("alpha", lastModifierName="somebody", holdoutIDs=[])
    assert three.call("apply", "plan.json").code == 0


def test_between_the_list_and_a_configs_own_read(three: Project, live: Live) -> None:
    live.before("GET", "/alpha", lambda: live.edit("alpha", description="a hot-fix"))
    done = three.call("apply", "--yes", "--format", "json")
    assert done.code == 6
    assert done.statuses == {"alpha": "stale", "beta": "verified", "gamma": "verified"}
    assert live["alpha"]["description"] == "a hot-fix"
    assert "Jane Console" in done.json["results"][0]["error"]["message"]


def test_the_same_where_nothing_else_is_to_be_written(three: Project, live: Live) -> None:
    live.before("GET", "/alpha", lambda: live.edit("alpha", description="a hot-fix"))
    done = three.call("apply", "--yes", "--only", "alpha", "--format", "json")
    assert (done.code, done.statuses) == (5, {"alpha": "stale"})
    assert live.written == []


def test_a_create_that_somebody_else_makes_first(three: Project, live: Live) -> None:
    live.before("GET", "/gamma", lambda: live.create("gamma", description="made by hand"))
    done = three.call("apply", "--yes", "--only", "gamma", "--format", "json")
    assert (done.code, done.statuses) == (5, {"gamma": "stale"})
    assert live["gamma"]["description"] == "made by hand"


def test_a_write_that_somebody_overtakes_is_told(three: Project, live: Live) -> None:
    """Between the last read and the write there is no protection; the version tells it afterwards."""
    live.before("POST", "/alpha", lambda: live.edit("alpha", description="a hot-fix"))
    done = three.call("apply", "--yes", "--only", "alpha", "--format", "json")
    assert (done.code, done.statuses) == (6, {"alpha": "failed"})
    assert done.json["results"][0]["error"]["code"] == "raced"


def test_an_edit_after_the_write_shows_at_the_end(three: Project, live: Live) -> None:
    live.before("GET", "/dynamic_configs", lambda: None)  # the plan's own list
    live.before("GET", "/dynamic_configs", lambda: live.edit("beta", description="a hot-fix"))
    done = three.call("apply", "--yes", "--format", "json")
    assert done.code == 6
    assert done.statuses == {"alpha": "verified", "beta": "failed", "gamma": "verified"}
    [beta] = [one for one in done.json["results"] if one["id"] == "beta"]
    assert beta["error"]["code"] == "not-converged-at-the-end"
    assert "/description" in beta["error"]["message"]


def test_the_same_for_a_saved_plan(three: Project, live: Live) -> None:
    assert three.call("plan", "--out", "plan.json").code == 0
    live.before("GET", "/dynamic_configs", lambda: None)
    live.before("GET", "/dynamic_configs", lambda: live.edit("beta", description="a hot-fix"))
    done = three.call("apply", "plan.json", "--format", "json")
    assert (done.code, done.statuses["beta"]) == (6, "failed")
    assert "/description" in done.stdout


def test_a_closing_read_that_fails_is_told_and_no_failure(three: Project, live: Live) -> None:
    live.fail({"method": "GET", "path": "*/dynamic_configs", "nth": [2], "fault": {"kind": "status", "status": 403}})
    done = three.call("apply", "--yes", "--format", "json")
    assert (done.code, set(done.statuses.values())) == (0, {"verified"})
    assert "the closing read failed" in done.stderr
