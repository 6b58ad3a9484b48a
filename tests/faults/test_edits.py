"""Somebody edits a config in the console, at any moment of an apply: no edit is lost unseen.

The API has no conditional writes, so an edit between a config's last look and the arrival of its write cannot be
kept; it must be told. At every other moment it must be kept.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from harness import CONFIGS, Done

from faults.world import UPDATE, World
from reconciler.emulator import Options

Meet = Callable[[str, str], None]


def once(method: str, path: str, nth: int, act: Callable[[], None]) -> Meet:
    """Act right before the nth such request is answered."""
    seen = []

    def meet(its_method: str, its_path: str) -> None:
        if (its_method, its_path) == (method, path):
            seen.append(its_path)
            if len(seen) == nth:
                act()

    return meet


def edited(world: World) -> tuple[str, Callable[[], None]]:
    name = world.updates[0]
    return name, lambda: world.edit(name, defaultValue={"value": 77}, description="hers")


def others_are_verified(world: World, done: Done, name: str) -> bool:
    return {status for one, status in done.statuses.items() if one != name} == {"verified"}


def test_an_edit_after_the_list_and_before_the_look_is_kept_and_the_others_go_on() -> None:
    with World() as world:
        name, edit = edited(world)
        world.before = once("GET", f"{CONFIGS}/{name}", 1, edit)
        done = world.apply()
        assert (done.code, done.statuses[name], world.value(name)) == (6, "stale", 77)
        assert others_are_verified(world, done, name)
        assert "Jane Console" in done.stdout


def test_an_edit_of_all_there_is_to_write_is_stale_with_nothing_written() -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        world.before = once("GET", f"{CONFIGS}/{name}", 1, edit)
        assert world.apply().code == 5
        assert (world.value(name), world.live.audit()) == (77, [])


def test_an_edit_before_the_first_write_of_a_saved_plan_stops_it_all() -> None:
    with World() as world:
        name, edit = edited(world)
        assert world.call("plan", "--out", "plan.json").code == 0
        edit()
        done = world.apply("plan.json")
        assert (done.code, world.value(name), world.live.audit()) == (5, 77, [])
        assert done.statuses == {
            one: "stale" if one == name else "skipped" for one in sorted([*world.updates, *world.creates])
        }


def test_an_edit_between_look_and_arrival_is_told_by_the_version() -> None:
    with World() as world:
        name, edit = edited(world)
        world.before = once("POST", f"{CONFIGS}/{name}", 1, edit)
        done = world.apply()
        [result] = [one for one in done.json["results"] if one["id"] == name]
        assert (done.code, result["status"], result["error"]["code"]) == (6, "failed", "raced")
        assert "version 1 → 3" in result["error"]["message"]
        assert others_are_verified(world, done, name)


@pytest.mark.parametrize("fault", [{"kind": "reset_after"}, {"kind": "status", "status": 503, "commit": True}])
def test_the_same_is_told_where_the_answer_was_lost(fault: dict[str, object]) -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        world.fail({**UPDATE, "nth": [1], "fault": fault})
        world.before = once("POST", f"{CONFIGS}/{name}", 1, edit)
        done = world.apply()
        assert (done.code, done.json["results"][0]["error"]["code"]) == (6, "raced")


def test_an_edit_that_a_late_write_came_over_is_told() -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        world.live.put_off(f"{CONFIGS}/", 2.0)
        world.before = once("POST", f"{CONFIGS}/{name}", 1, edit)
        done = world.apply()
        # At the first look live is hers: the answer was lost, and what is there was not meant by us.
        assert (done.code, done.statuses[name]) == (6, "unknown")
        assert "neither" in done.json["results"][0]["error"]["message"]


def test_an_edit_after_a_lost_write_that_did_not_land_is_kept() -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        world.fail({**UPDATE, "nth": [1], "fault": {"kind": "reset_before"}})
        world.before = once("GET", f"{CONFIGS}/{name}", 3, edit)
        done = world.apply()
        assert (done.code, done.statuses[name], world.value(name)) == (6, "unknown", 77)
        assert world.written(name) == 0


def test_an_edit_right_before_the_second_sending_is_kept() -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        world.fail({**UPDATE, "nth": [1], "fault": {"kind": "reset_before"}})
        world.before = once("GET", f"{CONFIGS}/{name}", 5, edit)  # look, three looks to settle, and the look to send
        done = world.apply()
        assert (done.code, done.statuses[name], world.value(name)) == (6, "unknown", 77)
        assert world.written(name) == 0


def test_an_edit_after_the_write_stays_and_the_closing_check_tells_of_it() -> None:
    with World() as world:
        name, edit = edited(world)
        world.before = once("GET", CONFIGS, 2, edit)
        done = world.apply()
        [result] = [one for one in done.json["results"] if one["id"] == name]
        assert (done.code, result["status"], result["error"]["code"]) == (6, "failed", "not-converged-at-the-end")
        assert '/description sent "", read "hers"; /defaultValue/value sent 2, read 77' in result["error"]["message"]
        assert world.value(name) == 77


def test_an_edit_while_a_write_waits_for_the_rate_window_is_kept() -> None:
    """Live is read after the wait: what was seen before it would be minutes old."""
    with World(updates=3, creates=0) as world:
        world.project.settings((world.project.path / "configs/reconciler.toml").read_text() + "mutations_per_10s = 1\n")
        done_before_waiting: list[str] = []

        def edit_the_rest() -> None:
            if not done_before_waiting and world.live.audit():
                done_before_waiting.extend(entry["id"] for entry in world.live.audit())
                for name in world.updates:
                    if name not in done_before_waiting:
                        world.edit(name, defaultValue={"value": 77})

        world.clock.each_time = edit_the_rest
        done = world.apply()
        [first] = done_before_waiting
        assert done.statuses == {name: "verified" if name == first else "stale" for name in world.updates}
        assert {name: world.value(name) for name in world.updates} == {
            name: 2 if name == first else 77 for name in world.updates
        }


def test_an_edit_while_a_write_waits_after_a_429_is_kept() -> None:
    with World(updates=1, creates=0) as world:
        name, edit = edited(world)
        limit = {"kind": "status", "status": 429, "headers": {"Retry-After": "30"}}
        world.fail({**UPDATE, "nth": [1], "fault": limit})
        world.before = once("GET", f"{CONFIGS}/{name}", 2, edit)
        assert (world.apply().code, world.value(name), world.live.audit()) == (5, 77, [])


def test_a_config_that_is_created_in_the_same_moment_is_left_alone() -> None:
    with World(updates=0, creates=2) as world:
        name = world.creates[0]
        world.before = once("GET", f"{CONFIGS}/{name}", 1, lambda: world.somebody_creates(name))
        done = world.apply()
        assert (done.code, done.statuses) == (6, {name: "stale", world.creates[1]: "verified"})
        assert world.value(name) == 99


def test_a_config_that_is_deleted_in_the_same_moment_is_not_created_again() -> None:
    with World(updates=2, creates=0) as world:
        name = world.updates[0]
        world.before = once("GET", f"{CONFIGS}/{name}", 1, lambda: world.somebody_deletes(name))
        done = world.apply()
        assert (done.code, done.statuses) == (6, {name: "stale", world.updates[1]: "verified"})
        assert world.value(name) is None


def test_a_field_that_the_api_drops_by_a_write_is_told() -> None:
    with World(updates=1, creates=0, options=Options(keep_unknown_fields=False)) as world:
        [name] = world.updates
        world.edit(name, novelty={"mode": "on"})
        done = world.apply()
        assert (done.code, done.json["results"][0]["error"]["code"]) == (6, "not-converged")
        assert "novelty" in done.json["results"][0]["error"]["message"]
