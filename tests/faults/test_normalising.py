"""A server that makes something else of what it is sent: what was sent and what was read is said, path by path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import config

from faults.world import World

Config = dict[str, Any]
RULE = {"name": "beta", "passPercentage": 33.33, "conditions": [{"type": "public"}], "returnValue": {"value": 3}}
FILE = config(2, tags=["a"], description="hers ", rules=[RULE])


def rounds(given: Config) -> None:
    given["rules"][0]["passPercentage"] = int(given["rules"][0]["passPercentage"])


def trims(given: Config) -> None:
    given["description"] = given["description"].strip()


def tags(given: Config) -> None:
    given["tags"] = [*given["tags"], "core"]


def sorts(given: Config) -> None:
    given["tags"] = sorted(given["tags"], reverse=True)


SAID: dict[str, tuple[Callable[[Config], None], str]] = {
    "rounds": (rounds, '/rules/0/passPercentage sent 33.33, read 33 (rule "beta")'),
    "trims": (trims, '/description sent "hers ", read "hers"'),
    "adds a tag": (tags, '/tags sent ["a"], read ["a", "core"]'),
}


@pytest.mark.parametrize(("normalise", "said"), SAID.values(), ids=SAID)
@pytest.mark.parametrize("action", ["update", "create"])
def test_what_was_sent_and_what_was_read_is_said(normalise: Callable[[Config], None], said: str, action: str) -> None:
    with World(updates=action == "update", creates=action == "create", same=0) as world:
        [name] = [*world.updates, *world.creates]
        world.project.write(**{name: FILE})
        world.live.normalise = normalise
        done = world.apply()
        [result] = done.json["results"]
        assert (done.code, result["status"], result["error"]["code"]) == (6, "failed", "not-converged")
        assert result["error"]["message"] == f"written, but live differs from what was sent: {said}"


def test_a_server_that_only_sorts_is_verified() -> None:
    with World(updates=1, creates=0) as world:
        world.project.write(**{world.updates[0]: config(2, tags=["a", "b", "c"])})
        world.live.normalise = sorts
        assert world.apply().code == 0
