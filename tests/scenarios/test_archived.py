"""An archived live config that has a file: held alone, and unarchived on demand, as carefully as any change."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from faults.world import World
from harness import CONFIGS, Live, Project, config

from reconciler.emulator import Request, Response

STATUS = {"path": "/status", "kind": "changed", "before": "Archived", "after": "Enabled"}
UNARCHIVE = {"method": "PUT", "path": f"{CONFIGS}/*"}
REFUSE = {"kind": "status", "status": 403}


def archived(world: World, *, differs: bool = True) -> str:
    """The one update of a world, archived; or else a config that only its status parts from its file."""
    [name] = world.updates
    fields = {} if differs else {"defaultValue": {"value": 2}}
    world.edit(name, status="Archived", **fields)
    return name


def calls(world: World, name: str) -> list[str]:
    """The writes of a config that came in, in order."""
    writes = [one for one in world.requests if one[0] != "GET" and name in one[1]]
    return [f"{method} {path.removeprefix(CONFIGS)}" for method, path in writes]


def test_it_is_held_alone_and_ten_others_go_ahead(served: Project, live: Live) -> None:
    for number in range(10):
        live.create(f"config{number}", defaultValue={"value": 0})
    served.write(**{f"config{number}": config() for number in range(10)})
    live.create("old", status="Archived", description="what it was")
    served.write(old=config(2))
    plan = served.call("plan", "--format", "json").json
    [held] = [one for one in plan["changes"] if one["held"]]
    assert (held["id"], held["action"], held["held"]["code"]) == ("old", "unarchive", "archived")
    assert "--overwrite old" in held["held"]["message"]
    first, *rest = held["fields"]
    assert {name: first[name] for name in STATUS} == STATUS
    assert [one["path"] for one in rest] == ["/description", "/defaultValue/value"]
    assert (plan["errored"], plan["summary"]["held"], plan["summary"]["update"]) == (False, 1, 10)
    done = served.call("apply", "--yes", "--allow-changes", "10", "--format", "json")
    assert (done.code, done.statuses.pop("old")) == (0, "held")
    assert len(live.written) == 10
    assert live["old"]["status"] == "Archived"


def test_one_that_equals_its_file_is_held_for_its_status_alone(served: Project, live: Live) -> None:
    live.create("old", status="Archived", defaultValue={"value": 1})
    served.write(old=config())
    plan = served.call("plan", "--format", "json").json
    [change] = plan["changes"]
    assert [one["path"] for one in change["fields"]] == ["/status"]
    assert (change["request"], "then" in change, plan["summary"]["unchanged"]) == (
        {"method": "PUT", "path": f"{CONFIGS}/old/unarchive", "body": {}},
        False,
        0,
    )
    assert served.call("apply", "--yes").code == 0
    assert live.methods == {"GET"}


@pytest.mark.parametrize("enabled", [True, False])
def test_what_it_will_be_is_shown(served: Project, live: Live, enabled: bool) -> None:
    live.create("old", status="Archived", isEnabled=enabled)
    served.write(old=config(2, isEnabled=enabled))
    plan = served.call("plan", "--overwrite", "old", "--format", "json").json
    assert plan["changes"][0]["fields"][0]["after"] == ("Enabled" if enabled else "Disabled")
    assert plan["summary"]["unarchive"] == 1
    assert served.call("apply", "--yes", "--overwrite", "old").code == 0
    assert live["old"]["status"] == ("Enabled" if enabled else "Disabled")


@pytest.mark.parametrize("differs", [True, False])
@pytest.mark.parametrize("is_saved", [True, False])
def test_overwriting_unarchives_then_updates(differs: bool, is_saved: bool) -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world, differs=differs)
        flags = ["--overwrite", name]
        if is_saved:
            assert world.call("plan", "--out", "plan.json", *flags).code == 0
            flags = ["plan.json"]
        done = world.apply(*flags)
        assert (done.code, done.statuses) == (0, {name: "verified"}), done.stdout
        assert calls(world, name) == [f"PUT /{name}/unarchive", f"POST /{name}"][: 1 + differs]
        assert (world[name]["status"], world.value(name)) == ("Enabled", 2)
        assert world.call("plan", "--detailed-exitcode").code == 0


FAULTS: dict[str, dict[str, Any]] = {
    "lost before it was carried out": {"kind": "reset_before"},
    "lost after it was carried out": {"kind": "reset_after"},
    "a 503 after it was carried out": {"kind": "status", "status": 503, "commit": True},
    "a 503 before": {"kind": "status", "status": 503},
    "a 429": {"kind": "status", "status": 429},
}


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_either_request_may_be_lost_and_all_is_done_once(method: str, fault: dict[str, Any]) -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.fail({**UNARCHIVE, "method": method, "nth": [1], "fault": fault})
        done = world.apply("--overwrite", name)
        assert (done.code, done.statuses) == (0, {name: "verified"}), done.stdout
        assert (world[name]["status"], world.value(name)) == ("Enabled", 2)
        assert [entry["method"] for entry in world.live.audit()] == ["PUT", "POST"]


@pytest.mark.parametrize("policy", ["hold", "overwrite"])
def test_no_policy_lets_it_be_unarchived_unasked(served: Project, live: Live, policy: str) -> None:
    live.create("old", status="Archived")
    served.write(old=config(2))
    served.settings((served.path / "configs/reconciler.toml").read_text() + f'[drift]\npolicy = "{policy}"\n')
    assert served.call("plan", "--format", "json").held == {"old": "archived"}


def test_reads_that_lag_behind_the_unarchiving_are_looked_at_again() -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        handle, old = world.live.handle, json.dumps({"data": world[name]}).encode()
        until: list[float] = []

        def lagging(request: Request) -> Response:
            if request.method == "PUT":
                until.append(world.clock.monotonic() + 4.0)
            is_late = request.path == f"{CONFIGS}/{name}" and until and world.clock.monotonic() < until[0]
            if request.method == "GET" and is_late:
                return Response(200, {"Content-Type": "application/json"}, old)
            return handle(request)

        world.live.handle = lagging  # type: ignore[method-assign]
        done = world.apply("--overwrite", name)
        assert (done.code, done.statuses, world.value(name)) == (0, {name: "verified"}, 2), done.stdout


def test_an_edit_before_it_is_unarchived_is_kept() -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.before = _once("GET", f"{CONFIGS}/{name}", 1, lambda: world.edit(name, description="hers"))
        done = world.apply("--overwrite", name)
        assert (done.code, done.statuses) == (5, {name: "stale"})
        assert (world[name]["status"], world[name]["description"]) == ("Archived", "hers")
        assert world.live.audit() == []


@pytest.mark.parametrize("nth", [2, 3], ids=["before the update is prepared", "right before it is sent"])
def test_an_edit_between_the_two_requests_is_kept_and_said(nth: int) -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.before = _once("GET", f"{CONFIGS}/{name}", nth, lambda: world.edit(name, description="hers"))
        done = world.apply("--overwrite", name)
        error = done.json["results"][0]["error"]
        assert (done.code, done.statuses, error["code"]) == (6, {name: "failed"}, "unarchived-only")
        assert "Jane Console" in error["message"]
        assert (world[name]["status"], world[name]["description"], world.value(name)) == ("Enabled", "hers", 1)


def test_an_update_that_is_refused_says_what_was_done_and_the_next_run_finishes() -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.fail({**UNARCHIVE, "method": "POST", "always": True, "fault": REFUSE})
        done = world.apply("--overwrite", name)
        assert (done.code, done.json["results"][0]["error"]["code"]) == (6, "unarchived-only")
        assert world[name]["status"] == "Enabled"
        world.fail()
        assert world.apply().code == 0
        assert calls(world, name)[-1:] == [f"POST /{name}"]
        assert world.value(name) == 2


def test_an_unarchiving_that_is_refused_is_a_failure_with_nothing_written() -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.fail({**UNARCHIVE, "always": True, "fault": REFUSE})
        assert world.apply("--overwrite", name).code == 1
        assert (world[name]["status"], world.live.audit()) == ("Archived", [])


def test_a_stop_between_the_two_requests_sends_no_second() -> None:
    with World(updates=1, creates=0, same=0) as world:
        name = archived(world)
        world.before = _once("PUT", f"{CONFIGS}/{name}/unarchive", 1, world.clock.stop)
        done = world.apply("--overwrite", name)
        assert done.json["results"][0]["error"]["code"] in ("unarchived-only", "cut-off")
        assert calls(world, name) == [f"PUT /{name}/unarchive"]


def test_an_unarchiving_that_changes_more_is_reported() -> None:
    def resets(given: dict[str, Any]) -> None:
        given.update(novelty=None, tags=[])

    with World(updates=1, creates=0, same=0) as world:
        world.edit(world.updates[0], novelty=5, tags=["core"])
        name = archived(world, differs=False)
        world.live.normalise = resets
        done = world.apply("--overwrite", name)
        error = done.json["results"][0]["error"]
        assert (done.code, error["code"]) == (6, "not-converged")
        assert error["message"].endswith('/tags was ["core"], read []; /novelty was 5, read null')


@pytest.mark.parametrize("count", [1, 4])
def test_one_that_is_archived_in_the_same_moment_is_stale(count: int) -> None:
    with World(updates=count, creates=0, same=0) as world:
        name = world.updates[0]
        world.before = _once("GET", f"{CONFIGS}/{name}", 1, lambda: world.edit(name, status="Archived"))
        done = world.apply()
        assert (done.code, done.statuses[name]) == (5 if count == 1 else 6, "stale")
        assert world[name]["status"] == "Archived"


FORGED: dict[str, Callable[[dict[str, Any]], object]] = {
    "that shows no status": lambda change: change["fields"].pop(0),
    "that says more than to unarchive": lambda change: change["request"]["body"].update(unarchiveReason="x"),
    "of another config": lambda change: change["request"].update(path=f"{CONFIGS}/other/unarchive"),
    "whose update says another value": lambda change: change["then"]["body"]["defaultValue"].update(value=9),
    "whose update is of another config": lambda change: change["then"].update(path=f"{CONFIGS}/other"),
    "without its update": lambda change: change.pop("then"),
    "that hides in an update": lambda change: change.update(action="update", request=change["then"]),
}


@pytest.mark.parametrize("alter", FORGED.values(), ids=FORGED)
def test_a_forged_plan_to_unarchive_is_refused(
    served: Project, live: Live, alter: Callable[[dict[str, Any]], object]
) -> None:
    from cli.test_forged_plans import forge

    live.create("old", status="Archived", defaultValue={"value": 1})
    served.write(old=config(2))
    assert served.call("plan", "--out", "plan.json", "--overwrite", "old").code == 0
    forge(served, lambda plan: alter(plan["changes"][0]))
    done = served.call("apply", "plan.json", "--yes", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (4, "plan-contradicts-itself")
    assert live.emulator.audit() == []


def test_its_second_request_is_covered_by_the_digest(served: Project, live: Live) -> None:
    live.create("old", status="Archived", defaultValue={"value": 1})
    served.write(old=config(2))
    assert served.call("plan", "--out", "plan.json", "--overwrite", "old").code == 0
    path = served.path / "plan.json"
    plan = json.loads(path.read_text())
    plan["changes"][0]["then"]["body"]["description"] = "x"
    path.write_text(json.dumps(plan))
    assert served.call("apply", "plan.json", "--yes", "--format", "json").json["error"]["code"] == "plan-altered"


def _once(method: str, path: str, nth: int, act: Callable[[], None]) -> Callable[[str, str], None]:
    """Act right before the nth such request is answered."""
    left = iter([*[lambda: None] * (nth - 1), act])

    def meet(its_method: str, its_path: str) -> None:
        if (its_method, its_path) == (method, path):
            next(left, lambda: None)()

    return meet
