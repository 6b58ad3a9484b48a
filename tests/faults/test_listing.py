"""A list that does not add up, at the socket, during plan and apply: read again, at most three times, then exit 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from harness import CONFIGS

from faults.world import World
from reconciler.emulator import Response
from reconciler.emulator.wire import Request

Turn = Callable[[list[dict[str, Any]], int], dict[str, Any]]
"""(all configs, page number) → the page that is answered in place of the true one."""


def page(items: list[dict[str, Any]], total: int | None, more: bool) -> dict[str, Any]:
    return {"data": items, "pagination": {"totalItems": total, "nextPage": f"{CONFIGS}?page=9" if more else None}}


WRONG: dict[str, Turn] = {
    "a page repeated": lambda all_, _number: page(all_[:2], len(all_), more=True),
    "pages that loop": lambda all_, number: page(all_[number % 2 : number % 2 + 1], len(all_), more=True),
    "a config twice on a page": lambda all_, _number: page([*all_, all_[0]], len(all_) + 1, more=False),
    "fewer than are counted": lambda all_, _number: page(all_[1:], len(all_), more=False),
    "more than are counted": lambda all_, _number: page(all_, len(all_) - 1, more=False),
    "a config that moved between pages": lambda all_, number: page(
        all_[:2] if number == 1 else all_[1:], len(all_), more=number == 1
    ),
    "a count that changes": lambda all_, number: page(
        all_[:2] if number == 1 else all_[2:], len(all_) + number, more=number == 1
    ),
    "empty pages for ever": lambda _all, _number: page([], 0, more=True),
}


class Lists:
    """Lets a World's list go wrong, for those of its times (each begins with page 1) that ``wrong`` names."""

    def __init__(self, world: World, turn: Turn, wrong: range) -> None:
        self.times = 0
        self._world, self._turn, self._wrong = world, turn, wrong
        self._handle = world.live.handle
        world.live.handle = self._answer  # type: ignore[method-assign]

    def _answer(self, request: Request) -> Response:
        if (request.method, request.path) != ("GET", CONFIGS):
            return self._handle(request)
        number = int(parse_qs(urlsplit(request.target).query)["page"][0])
        self.times += number == 1
        if self.times not in self._wrong:
            return self._handle(request)
        body = {"message": "ok", **self._turn(self._world.live.configs(), number)}
        return Response(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


@pytest.mark.parametrize("turn", WRONG.values(), ids=WRONG)
def test_a_list_that_adds_up_at_the_third_reading_is_enough(turn: Turn) -> None:
    with World() as world:
        lists = Lists(world, turn, range(1, 3))
        done = world.call("plan", "--format", "json")
        assert (done.code, lists.times) == (0, 3)
        assert done.json["summary"]["create"] == len(world.creates)


@pytest.mark.parametrize("turn", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_list_that_never_adds_up_is_read_three_times_and_then_it_fails_plainly(command: str, turn: Turn) -> None:
    with World() as world:
        lists = Lists(world, turn, range(1, 1000))
        done = world.call("plan", "--format", "json") if command == "plan" else world.apply()
        assert (done.code, lists.times, world.live.audit()) == (1, 3, [])
        assert done.json["error"]["code"] == "list-inconsistent"
        assert "3 times in a row" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("turn", WRONG.values(), ids=WRONG)
def test_before_the_first_write_of_a_saved_plan_it_stops_the_run(turn: Turn) -> None:
    with World() as world:
        assert world.call("plan", "--out", "plan.json").code == 0
        lists = Lists(world, turn, range(1, 1000))
        assert (world.apply("plan.json").code, lists.times, world.live.audit()) == (1, 3, [])


@pytest.mark.parametrize("turn", WRONG.values(), ids=WRONG)
def test_after_the_last_write_it_is_told_and_hides_no_outcome(turn: Turn) -> None:
    with World() as world:
        Lists(world, turn, range(2, 1000))
        done = world.apply()
        assert set(done.statuses.values()) == {"verified"}
        assert "the closing read failed" in done.stderr


def test_a_config_that_a_list_hides_is_not_created_a_second_time() -> None:
    """Totals can hide a move, so a create is preceded by a look for its id."""
    with World(updates=0, creates=2, same=1) as world:
        name = world.creates[0]
        world.somebody_creates(name)
        Lists(world, lambda all_, _number: _without(all_, name), range(1, 2))
        done = world.apply()
        assert (done.code, done.statuses) == (6, {name: "stale", world.creates[1]: "verified"})
        assert (world.value(name), world.written(name)) == (99, 0)


def _without(configs: list[dict[str, Any]], name: str) -> dict[str, Any]:
    left = [one for one in configs if one["id"] != name]
    return page(left, len(left), more=False)
