"""Connecting gets no answer: nothing was sent, so anything may be sent again, a create too."""

from __future__ import annotations

import pytest
from harness import CONFIGS

from faults.test_matrix import hold_always
from faults.world import World


@pytest.mark.parametrize(("updates", "creates"), [(1, 0), (0, 1)], ids=["update", "create"])
def test_a_write_whose_connecting_timed_out_was_not_sent_and_is_sent_once(updates: int, creates: int) -> None:
    with World(updates=updates, creates=creates, same=1) as world:
        [name] = [*world.updates, *world.creates]
        everything = {one["id"]: one for one in world.live.configs()}
        world.one_request_a_connection()
        looks = iter([lambda: world.break_down(0.01, hang=True)])

        def meet(method: str, path: str) -> None:
            if (method, path) == ("GET", f"{CONFIGS}/{name}"):
                next(looks, lambda: None)()

        world.before = meet
        done = world.apply()
        hold_always(world, done, everything)
        assert world.has_broken_down
        assert (done.code, done.statuses, world.written(name)) == (0, {name: "verified"}, 1)
        # Read again before it is sent again; the other GETs are those that verify.
        sent = [method for method, path in world.requests if path in (CONFIGS, f"{CONFIGS}/{name}")]
        assert sent.count("POST") == 1
        assert sent[: sent.index("POST")] == ["GET", "GET", "GET"], "the list, the look, and the look before it is sent"


@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"]])
def test_where_connecting_never_succeeds_the_run_ends_and_says_so(command: list[str]) -> None:
    with World() as world:
        world.let_connecting_hang()
        done = world.call(*command, "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (1, "connection-failed")
        assert "timed out" in done.json["error"]["message"]
        assert "Traceback" not in done.stdout + done.stderr
        assert (world.requests, world.live.audit()) == ([], [])
