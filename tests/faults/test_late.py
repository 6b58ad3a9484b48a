"""A write that is carried out long after its answer was given up; and storms in which many are."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from harness import CONFIGS

from faults.test_matrix import hold_always
from faults.world import CREATE, GET, UPDATE, World
from reconciler.emulator import Options

SETTLED = 23.0  # seconds that a create is looked for: 1 + 2 + 4 + 8 + 8


@pytest.mark.parametrize("seconds", [0.1, 1.5, 6.0, 14.0, 22.5])
def test_a_create_that_lands_late_is_found_and_never_sent_again(seconds: float) -> None:
    with World(updates=0, creates=1, same=0) as world:
        world.live.put_off(CONFIGS, seconds)
        assert world.apply().statuses == {world.creates[0]: "verified"}
        assert world.written(world.creates[0]) == 1


@pytest.mark.parametrize("seconds", [SETTLED + 1, 600.0])
def test_a_create_that_lands_after_all_looks_is_unknown_and_the_next_run_finds_it(seconds: float) -> None:
    with World(updates=0, creates=1, same=0) as world:
        world.live.put_off(CONFIGS, seconds)
        done = world.apply()
        assert (done.code, done.statuses) == (6, {world.creates[0]: "unknown"})
        world.live.catch_up(until=float("inf"))
        assert world.apply().code == 0
        assert world.written(world.creates[0]) == 1


def test_a_create_that_lands_between_two_runs_is_stale_in_a_saved_plan_and_not_doubled() -> None:
    with World(updates=0, creates=1, same=0) as world:
        assert world.call("plan", "--out", "plan.json").code == 0
        world.live.put_off(CONFIGS, 600.0)
        assert world.apply("plan.json").code == 6
        world.live.catch_up(until=float("inf"))
        again = world.apply("plan.json")
        assert (again.code, again.statuses) == (5, {world.creates[0]: "stale"})
        assert world.written(world.creates[0]) == 1


def test_a_create_that_somebody_else_made_different_meanwhile_is_left_alone() -> None:
    with World(updates=0, creates=1, same=0) as world:
        [name] = world.creates
        world.fail({**CREATE, "nth": [1], "fault": {"kind": "reset_before"}})
        looks = iter([lambda: None, lambda: world.somebody_creates(name)])

        def meet(method: str, path: str) -> None:
            if method == "GET" and path == f"{CONFIGS}/{name}":
                next(looks, lambda: None)()

        world.before = meet
        done = world.apply()
        assert (done.code, done.statuses) == (6, {name: "unknown"})
        assert "neither" in done.json["results"][0]["error"]["message"]
        assert (world.value(name), world.written(name)) == (99, 0)


@pytest.mark.parametrize("seconds", [0.5, 2.5, 6.5])
def test_an_update_that_lands_late_is_waited_for_and_not_sent_again(seconds: float) -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.live.put_off(f"{CONFIGS}/", seconds)
        assert world.apply().statuses == {world.updates[0]: "verified"}
        assert world.written(world.updates[0]) == 1


def test_an_update_that_does_not_land_is_sent_again_after_live_was_read() -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.fail({**UPDATE, "count": 2, "fault": {"kind": "status", "status": 503}})
        assert world.apply().statuses == {world.updates[0]: "verified"}
        [name] = world.updates
        sent = [method for method, path in world.requests if path == f"{CONFIGS}/{name}"]
        assert sent == ["GET", "POST", *["GET"] * 4, "POST", *["GET"] * 4, "POST"], "read before each sending"


def test_an_update_that_is_refused_again_and_again_is_given_up_and_unknown() -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.fail({**UPDATE, "always": True, "fault": {"kind": "status", "status": 503}})
        done = world.apply()
        assert (done.code, done.statuses) == (6, {world.updates[0]: "unknown"})
        assert Counter(method for method, _ in world.requests)["POST"] == 3


def test_the_updates_of_a_run_share_one_budget_for_sending_again() -> None:
    with World(updates=40, creates=0, same=0) as world:
        world.fail({**UPDATE, "always": True, "fault": {"kind": "status", "status": 503}})
        assert Counter(world.apply().statuses.values()) == {"unknown": 40}
        assert Counter(method for method, _ in world.requests)["POST"] == 40 + 20


@pytest.mark.parametrize("refusal", [400, 403])
def test_a_second_sending_that_is_refused_does_not_hide_that_the_first_one_landed(refusal: int) -> None:
    """Where the first one landed, the rules' ids may have moved on under the second."""
    with World(updates=1, creates=0, same=0) as world:
        [name] = world.updates
        world.live.put_off(f"{CONFIGS}/", 7.5)  # after the looks before the second sending, during those after it
        world.fail({**UPDATE, "nth": [2], "fault": {"kind": "status", "status": refusal}})
        done = world.apply()
        assert (done.code, done.statuses) == (0, {name: "verified"})
        assert world.written(name) == 1


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 403}, {"kind": "redirect", "location": "/x"}])
def test_a_second_sending_that_is_refused_leaves_the_first_one_in_doubt(fault: dict[str, object]) -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.fail({**UPDATE, "nth": [1], "fault": {"kind": "reset_before"}}, {**UPDATE, "nth": [2], "fault": fault})
        assert world.apply().statuses == {world.updates[0]: "unknown"}


def test_an_update_whose_config_cannot_be_read_any_more_is_unknown_and_not_failed() -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.fail(
            {**UPDATE, "nth": [1], "fault": {"kind": "reset_after"}},
            {**GET, "nth": list(range(2, 100)), "fault": {"kind": "status", "status": 500}},
        )
        done = world.apply()
        assert (done.code, done.statuses) == (6, {world.updates[0]: "unknown"})
        world.fail()
        assert world.apply().code == 0
        assert world.written(world.updates[0]) == 1


@pytest.mark.parametrize("seed", range(8))
def test_in_a_storm_nothing_is_doubled_and_the_runs_converge(seed: int) -> None:
    """A fifth of all writes lose their answer, a fifth of those land late; reads fail too, and a rate limit holds."""
    rng = Random(seed)
    options = Options(rate_limits=((100, 10.0), (900, 900.0)))
    with World(updates=20, creates=20, same=3, seed=seed, options=options) as world:
        late = [rng.uniform(0, 60) if rng.random() < 0.2 else None for _ in range(200)]
        world.live.put_off(CONFIGS, *late)
        world.fail(
            *(
                {**matching, "probability": 0.06, "seed": seed, "fault": fault}
                for matching in (GET, CREATE, UPDATE)
                for fault in (
                    {"kind": "reset_before"},
                    {"kind": "reset_after"},
                    {"kind": "status", "status": 503, "commit": bool(seed % 2)},
                )
            )
        )
        for _run in range(10):
            everything = {one["id"]: one for one in world.live.configs()}
            done = world.apply()
            hold_always(world, done, everything)
            if done.code == 0:
                break
            world.live.catch_up(until=world.clock.monotonic() + rng.uniform(0, 30))
        world.fail()
        world.live.catch_up(until=float("inf"))
        assert world.apply().code == 0
        assert {name: world.written(name) for name in world.creates} == dict.fromkeys(world.creates, 1)
        assert {world.value(name) for name in [*world.creates, *world.updates]} == {2}
