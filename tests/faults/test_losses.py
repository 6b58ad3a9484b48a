"""A server that, by a full update, loses or changes what no request can carry: each is reported, all in one finding."""

from __future__ import annotations

from typing import Any

import pytest
from harness import config

from faults.world import World

Config = dict[str, Any]
GONE = object()
ROLLOUTS = [{"time": 1, "passPercent": 50}, {"time": 2, "passPercent": 100}]
CONDITION = {"type": "email", "operator": "any", "targetValue": ["a@b.c"]}
VARIANT = {"id": "v1", "name": "big", "passPercentage": 100, "returnValue": {"value": 3}}
RULE = {"name": "beta", "passPercentage": 50, "conditions": [CONDITION], "variants": [VARIANT]}
FILE = config(2, rules=[RULE | {"variants": [{name: VARIANT[name] for name in VARIANT if name != "id"}]}])


def stored(**more: Any) -> Config:
    """What is live: every part of it with a field that nobody knows."""
    rule = {
        **RULE,
        "id": "r1",
        "baseID": "r1",
        "novelty": {"on": True},
        "conditions": [CONDITION | {"novelty": "ci"}],
        "variants": [VARIANT | {"novelty": [1]}],
        "pendingAutomatedRollouts": ROLLOUTS,
        "completedAutomatedRollouts": [],
    }
    return {"novelty": 5, "holdoutIDs": ["h1", "h2", "h2"], "rules": [rule], **more}


PARTS = {
    "config": ("", "/novelty was 5"),
    "rule": ("rules.0", '/rules/0/novelty was {"on": true}'),
    "variant": ("rules.0.variants.0", "/rules/0/variants/0/novelty was [1]"),
    "condition": ("rules.0.conditions.0", '/rules/0/conditions/0/novelty was "ci"'),
}
RESETS = {"null": None, "[]": [], "{}": {}, "false": False, "0": 0, '"other"': "other", "nothing": GONE}


def part(given: Config, path: str) -> Any:
    found: Any = given
    for key in filter(None, path.split(".")):
        found = found[int(key)] if isinstance(found, list) else found[key]
    return found


def put(given: Config, path: str, name: str, value: Any) -> None:
    if value is GONE:
        part(given, path).pop(name, None)
    else:
        part(given, path)[name] = value


def as_it_was(given: Config) -> None:
    """What a server keeps that knows its own fields: all that the request could not carry."""
    for path, _ in PARTS.values():
        put(given, path, "novelty", part(stored(), path)["novelty"])


def applied(world: World, normalise: Any) -> Any:
    [name] = world.updates
    world.project.write(**{name: FILE})
    world.edit(name, **stored())

    def after(given: Config) -> None:
        as_it_was(given)
        normalise(given)

    world.live.normalise = after
    return world.apply("--overwrite", name)


def test_a_server_that_keeps_all_of_it_is_verified_though_its_own_fields_move() -> None:
    def stamps(given: Config) -> None:
        own = {
            "typeReason": "NONE",
            "isPermanent": True,
            "permalink": "https://x",
            "checksPerHour": 9,
            "holdoutIDs": ["h2", "h1"],
        }
        given.update(own)

    with World(updates=1, creates=0, same=0) as world:
        assert applied(world, stamps).code == 0


@pytest.mark.parametrize(("path", "said"), PARTS.values(), ids=PARTS)
@pytest.mark.parametrize(("read", "value"), RESETS.items(), ids=RESETS)
def test_an_unknown_field_that_an_update_changes_is_reported(path: str, said: str, read: str, value: Any) -> None:
    with World(updates=1, creates=0, same=0) as world:
        done = applied(world, lambda given: put(given, path, "novelty", value))
        [result] = done.json["results"]
        assert (done.code, result["error"]["code"]) == (6, "not-converged")
        rule = ' (rule "beta")' if path else ""
        assert (
            result["error"]["message"]
            == f"written, but live no longer has what it had before: {said}, read {read}{rule}"
        )


def test_one_finding_names_all_of_them() -> None:
    def reset(given: Config) -> None:
        for path, _ in PARTS.values():
            put(given, path, "novelty", None)

    with World(updates=1, creates=0, same=0) as world:
        [result] = applied(world, reset).json["results"]
        assert all(f"{said}, read null" in result["error"]["message"] for _, said in PARTS.values())


SHRUNK: dict[str, tuple[str, str, Any, str]] = {
    "holdouts": ("", "holdoutIDs", ["h1"], '/holdoutIDs was ["h1", "h2", "h2"], read ["h1"]'),
    "all holdouts": ("", "holdoutIDs", [], "read []"),
    "no holdouts": ("", "holdoutIDs", GONE, "read nothing"),
    "rollouts": ("rules.0", "pendingAutomatedRollouts", ROLLOUTS[1:], "/rules/0/pendingAutomatedRollouts was"),
    "another time": (
        "rules.0",
        "pendingAutomatedRollouts",
        [ROLLOUTS[0], {"time": 3, "passPercent": 100}],
        "/rules/0/pendingAutomatedRollouts was",
    ),
    "all rollouts": ("rules.0", "pendingAutomatedRollouts", [], 'read [] (rule "beta")'),
    "a template": ("", "isTemplate", False, "/isTemplate was true, read false"),
}


@pytest.mark.parametrize(("path", "name", "value", "said"), SHRUNK.values(), ids=SHRUNK)
def test_what_shrinks_by_an_update_is_reported(path: str, name: str, value: Any, said: str) -> None:
    with World(updates=1, creates=0, same=0) as world:
        world.edit(world.updates[0], isTemplate=True)
        done = applied(world, lambda given: put(given, path, name, value))
        [result] = done.json["results"]
        assert (done.code, result["error"]["code"]) == (6, "not-converged")
        assert said in result["error"]["message"]


def test_a_rollout_that_came_due_meanwhile_is_not_lost() -> None:
    def due(given: Config) -> None:
        put(given, "rules.0", "pendingAutomatedRollouts", ROLLOUTS[1:])
        put(given, "rules.0", "completedAutomatedRollouts", ROLLOUTS[:1])

    with World(updates=1, creates=0, same=0) as world:
        assert applied(world, due).code == 0
