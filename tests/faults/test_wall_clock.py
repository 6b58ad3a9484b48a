"""The wall clock is a day off, and another one at every look: nothing in a run asks it for the time."""

from __future__ import annotations

import time

import pytest
from harness import CONFIGS

from faults.test_matrix import hold_always
from faults.world import UPDATE, World

DAY = 86_400
LOOKS = 20
NOW = int(time.time())
CLOCKS = {
    "a day on at every look": range(NOW + DAY, NOW + LOOKS * DAY, DAY),
    "a day back at every look": range(NOW - DAY, NOW - LOOKS * DAY, -DAY),
    "a day before 1970": range(-DAY, -LOOKS * DAY, -DAY),
}


@pytest.mark.parametrize("moments", CLOCKS.values(), ids=CLOCKS)
def test_a_pause_lasts_as_long_as_was_asked_for_whatever_the_wall_clock_says(
    moments: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In real time, with the run's own clock. The API's clock says how long the pause is, and is years off ours.

    A wait that went by the wall clock would end at once, or use up all its moments and fail.
    """
    with World(updates=1, creates=1, same=1) as world:
        [name] = world.updates
        everything = {one["id"]: one for one in world.live.configs()}
        headers = {"Date": "Wed, 21 Oct 2015 07:28:00 GMT", "Retry-After": "Wed, 21 Oct 2015 07:28:01 GMT"}
        world.fail({**UPDATE, "nth": [1], "fault": {"kind": "status", "status": 429, "headers": headers}})
        came: list[float] = []

        def meet(method: str, path: str) -> None:
            if (method, path) == ("POST", f"{CONFIGS}/{name}"):
                came.append(time.monotonic())

        world.before = meet
        wall = iter(moments)
        monkeypatch.setattr(time, "time", lambda: float(next(wall)))
        assert world.project.call("plan", "--out", "plan.json").code == 0
        done = world.project.call("apply", "plan.json", "--format", "json")
        hold_always(world, done, everything)
        assert (done.code, set(done.statuses.values())) == (0, {"verified"})
        assert (world.written(name), world.written(world.creates[0])) == (1, 1)
        first, second = came
        assert second - first >= 1
