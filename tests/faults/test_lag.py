"""Reads that lag behind writes: our own write is never somebody's drift, nor called undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from harness import CONFIGS, Done, config

from faults.world import Lagging, Late, VirtualClock, World
from reconciler.emulator import Request, Response

RECORD = "refs/reconciler/production"
WAYS: dict[str, dict[str, Any]] = {
    "list": {"list_only": True},
    "list and get": {},
    "list and get, answers hold the id alone": {"answers": "id"},
    "list, answers hold the id alone": {"list_only": True, "answers": "id"},
}


@pytest.mark.parametrize("seconds", [1.0, 2.5, 5.0])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_reads_that_lag_are_waited_for(seconds: float, way: dict[str, Any]) -> None:
    with World(live=lambda clock: Lagging(clock, seconds, **way)) as world:
        world.merge()
        done = world.apply("--record", RECORD)
        assert (done.code, set(done.statuses.values())) == (0, {"verified"})
        assert {world.written(name) for name in world.updates + world.creates} == {1}
        for name in world.updates + world.creates:
            world.project.write(**{name: config(3)})
        world.merge()
        seen = world.call("plan", "--base", RECORD, "--format", "json")
        assert (seen.held, seen.origins.keys()) == ({}, {*world.updates, *world.creates})
        assert world.apply("--record", RECORD).code == 0
        assert {world.value(name) for name in world.updates + world.creates} == {3}


def test_reads_that_lag_longer_than_anyone_waits_are_unknown_and_never_drift() -> None:
    with World(updates=2, creates=1, live=lambda clock: Lagging(clock, 600.0, answers="id")) as world:
        world.merge()
        done = world.apply("--record", RECORD)
        assert (done.code, set(done.statuses.values())) == (6, {"unknown"})
        world.clock.sleep(600.0)
        assert world.call("plan", "--base", RECORD, "--format", "json", "--detailed-exitcode").code == 0


def test_a_plan_reads_again_what_shows_less_than_the_record() -> None:
    """The list of the next run, at once after this one, comes from another replica."""
    with World(updates=2, creates=0, live=lambda clock: Lagging(clock, 0.0)) as world:
        world.merge()
        assert world.apply("--record", RECORD).code == 0
        live = world.live
        assert isinstance(live, Lagging)
        live._seconds = 3.0
        world.clock._now = live._states[-1][0] + 0.5
        seen = world.call("plan", "--base", RECORD, "--format", "json", "--detailed-exitcode")
        assert (seen.code, seen.json["changes"]) == (0, [])


def test_a_config_that_was_created_again_is_named_and_its_drift_shown() -> None:
    """Its version begins anew: below the record for good."""
    with World(updates=1, creates=0) as world:
        [name] = world.updates
        world.merge()
        assert world.apply("--record", RECORD).code == 0
        world.somebody_deletes(name)
        world.somebody_creates(name)
        seen = world.call("plan", "--base", RECORD, "--format", "json")
        assert seen.held == {name: "drift"}
        assert ("live-behind-record", name) in [(one["code"], one["id"]) for one in seen.json["diagnostics"]]


def test_an_edit_right_after_our_write_is_found_without_waiting() -> None:
    """Live is past what was verified, so no lag can explain the difference."""
    with World(updates=1, creates=0, same=0) as world:
        [name] = world.updates
        world.before = _once("GET", CONFIGS, 2, lambda: world.edit(name, defaultValue={"value": 7}))
        before = world.clock.monotonic()
        done = world.apply()
        assert done.statuses == {name: "failed"}
        assert world.clock.monotonic() == before
        assert world.value(name) == 7


def _once(method: str, path: str, nth: int, act: Callable[[], None]) -> Callable[[str, str], None]:
    """Do something before the nth request of a kind."""
    left = iter([*[lambda: None] * (nth - 1), act])

    def meet(*met: str) -> None:
        if (met[0], met[1].partition("?")[0]) == (method, path):
            next(left, lambda: None)()

    return meet


# ── a server that makes something else of what it is sent ─────────────────────────────────────────────────────────


class Normalizing(Late):
    """A live project that adds a tag to each config it is sent."""

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if request.method != "POST" or response.status != 200:
            return response
        config_id = json.loads(response.body)["data"]["id"]
        [stored] = [one for one in self.configs() if one["id"] == config_id]
        self.seed([{**stored, "tags": sorted({*stored["tags"], "core"})}])
        return super().handle(Request("GET", f"{CONFIGS}/{config_id}", request.headers))


@pytest.fixture
def normalizing() -> Any:
    with World(updates=1, creates=0, same=0, live=Normalizing) as world:
        [name] = world.updates
        world.project.write(**{name: config(2, tags=["a"])})
        world.merge()
        done = world.apply("--record", RECORD)
        assert (done.code, done.statuses) == (6, {name: "failed"})
        assert done.json["results"][0]["error"]["code"] == "not-converged"
        yield world


def planned(world: World) -> Done:
    return world.call("plan", "--base", RECORD, "--format", "json", "--detailed-exitcode")


def test_what_the_server_made_of_a_write_is_held_and_not_sent_again(normalizing: World) -> None:
    [name] = normalizing.updates
    seen = planned(normalizing)
    assert seen.held == {name: "not-converged"}
    message = seen.json["changes"][0]["held"]["message"]
    for part in ('/tags sent ["a"], read ["a", "core"]', f"configs/{name}.yaml:2", f"--overwrite {name}"):
        assert part in message
    assert normalizing.apply("--record", RECORD).code == 4
    assert normalizing.written(name) == 1
    assert planned(normalizing).held == {name: "not-converged"}


def test_what_the_server_made_of_a_write_can_be_taken_over(normalizing: World) -> None:
    [name] = normalizing.updates
    normalizing.project.write(**{name: config(2, tags=["a", "core"])})
    normalizing.merge()
    assert normalizing.apply("--record", RECORD).code == 0
    assert planned(normalizing).code == 0


def test_another_change_waits_with_what_the_server_does_not_keep(normalizing: World) -> None:
    [name] = normalizing.updates
    normalizing.project.write(**{name: config(3, tags=["a"])})
    normalizing.merge()
    assert planned(normalizing).held == {name: "not-converged"}
    normalizing.project.write(**{name: config(3, tags=["a", "core"])})
    normalizing.merge()
    assert normalizing.apply("--record", RECORD).statuses == {name: "verified"}


def test_an_edit_on_top_of_what_the_server_made_is_drift(normalizing: World) -> None:
    [name] = normalizing.updates
    normalizing.edit(name, description="hers")
    seen = planned(normalizing)
    assert seen.held == {name: "drift"}
    origins = {one["path"]: one["origin"] for one in seen.json["changes"][0]["fields"]}
    assert origins == {"/description": "drift", "/tags": "intended"}


# ── a server without versions ─────────────────────────────────────────────────────────────────────────────────────


class Versionless(Late):
    """A live project that counts no writes, or counts them and never moves."""

    def __init__(self, clock: VirtualClock, *, shown: int | None) -> None:
        super().__init__(clock)
        self._shown = shown

    def handle(self, request: Request) -> Response:
        response = super().handle(request)
        if b'"version"' not in response.body:
            return response

        def without(config: dict[str, Any]) -> dict[str, Any]:
            kept = {name: given for name, given in config.items() if name != "version"}
            return kept if self._shown is None else kept | {"version": self._shown}

        document = json.loads(response.body)
        data = document["data"]
        document["data"] = [without(one) for one in data] if isinstance(data, list) else without(data)
        return replace(response, body=json.dumps(document).encode())


@pytest.mark.parametrize("shown", [None, 1])
def test_a_server_without_a_rising_version_is_named_once(shown: int | None) -> None:
    with World(live=lambda clock: Versionless(clock, shown=shown)) as world:
        done = world.apply()
        assert done.code == 0
        assert done.stderr.count("no version that rises") == 1
        assert "no version that rises" not in world.apply().stderr


def test_creates_alone_need_no_version() -> None:
    with World(updates=0, live=lambda clock: Versionless(clock, shown=None)) as world:
        assert "no version that rises" not in world.apply().stderr
