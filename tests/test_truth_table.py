"""Three ways: for every part of a config, every combination of base, file and live, and who is to blame.

The expectation is written down from the four rules that people are told, in terms of "did it change", and asks
nothing of the code under test.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from reconciler.core import normalize
from reconciler.core import planning as plans
from reconciler.core.base import Base
from reconciler.files import parse
from reconciler.files.settings import Settings, Target
from reconciler.model import Change, Resource

Body = dict[str, Any]


class Absent:
    """The side does not speak of the part."""

    def __repr__(self) -> str:
        return "absent"


ABSENT = Absent()


@dataclass(frozen=True)
class Part:
    """A part of a config: three values it may have, how a side is written that has one, and where it shows.

    ``means`` is what an absent part comes to. ``optional``: a file without it leaves it as it is live, and a base
    without it cannot tell who changed it.
    """

    values: tuple[Any, Any, Any]
    write: Callable[[Any], Body]
    shown: Callable[[Any, Any], tuple[str, str]]
    means: Any = ABSENT
    optional: bool = False


def rules(percentage: Any) -> Body:
    """A config with the rule ``beta`` at some percentage, or without it; another rule stays as it is."""
    beta = {
        "name": "beta",
        "passPercentage": percentage,
        "conditions": [{"type": "country", "operator": "any", "targetValue": ["CA"]}],
        "returnValue": {"n": 1},
    }
    other = {"name": "other", "passPercentage": 5, "conditions": [{"type": "public"}], "returnValue": {"n": 2}}
    return {"rules": [other] if percentage is ABSENT else [beta, other]}


def at(path: str) -> Callable[[Any, Any], tuple[str, str]]:
    """A part that is one field, whatever its values."""
    return lambda file, live: (path, "changed")


def coming_and_going(inside: str, whole: str) -> Callable[[Any, Any], tuple[str, str]]:
    """A part that can be missing as a whole."""

    def shown(file: Any, live: Any) -> tuple[str, str]:
        if live is ABSENT:
            return whole, "added"
        return (whole, "removed") if file is ABSENT else (inside, "changed")

    return shown


PARTS = {
    "a scalar that is always managed": Part(
        ("a", "b", "c"), lambda value: {} if value is ABSENT else {"description": value}, at("/description"), means=""
    ),
    "a scalar that is managed when written": Part(
        ("userID", "stableID", "companyID"),
        lambda value: {} if value is ABSENT else {"idType": value},
        at("/idType"),
        means="userID",
        optional=True,
    ),
    "a tag list": Part(
        (["x"], ["x", "y"], []),
        lambda value: {} if value is ABSENT else {"tags": value},
        at("/tags"),
        means=[],
        optional=True,
    ),
    "a rule's percentage, and its presence": Part(
        (10, 20, 30), rules, coming_and_going("/rules/0/passPercentage", "/rules/0")
    ),
    "a value inside defaultValue": Part(
        (1, "1", None),
        lambda value: {"defaultValue": {"other": True} | ({} if value is ABSENT else {"key": value})},
        coming_and_going("/defaultValue/key", "/defaultValue/key"),
    ),
}

NO_BASE, NO_SUCH_CONFIG, UNREADABLE = "no base", "base without the config", "base that does not parse"
CASES = [
    pytest.param(part, base, file, live, id=f"{name}: base {base!r}, file {file!r}, live {live!r}")
    for name, part in PARTS.items()
    for base, file, live in product(
        (NO_BASE, NO_SUCH_CONFIG, UNREADABLE, ABSENT, *part.values), (ABSENT, *part.values), (ABSENT, *part.values)
    )
]


def blamed(part: Part, base: Any, file: Any, live: Any) -> str | None:
    """The rules, as people are told them; None where file and live agree."""
    if part.optional and file is ABSENT:
        return None  # the file leaves it as it is live
    file, live = (part.means if side is ABSENT else side for side in (file, live))
    if same(file, live):
        return None
    if base in (NO_BASE, NO_SUCH_CONFIG, UNREADABLE) or (part.optional and base is ABSENT):
        return "unknown"
    base = part.means if base is ABSENT else base
    file_changed, live_changed = not same(file, base), not same(live, base)
    return {(True, False): "intended", (False, True): "drift", (True, True): "conflict"}[file_changed, live_changed]


def same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


@pytest.mark.parametrize(("part", "base", "file", "live"), CASES)
def test_who_changed_what(part: Part, base: Any, file: Any, live: Any) -> None:
    expected = blamed(part, base, file, live)
    changes = planned(part, base, file, live)
    if expected is None:
        assert changes == []
        return
    (change,) = changes
    (field,) = change.fields
    sides = (part.means if side is ABSENT else side for side in (file, live))
    assert (field.origin, (field.path, field.kind)) == (expected, part.shown(*sides))
    assert (change.held and change.held.code) == (expected if expected in ("drift", "conflict") else None)


def planned(part: Part, base: Any, file: Any, live: Any) -> list[Change]:
    known = {
        NO_BASE: None,
        NO_SUCH_CONFIG: Base("base", {}),
        UNREADABLE: Base("base", {"part": None}),
    }
    told = known[base] if isinstance(base, str) and base in known else Base("base", {"part": resource(part, base)})
    plan = plans.make([resource(part, file)], [payload(part, live)], Target(), Settings(), base=told)
    assert not plan.errored
    return list(plan.changes)


def resource(part: Part, value: Any) -> Resource:
    document, found = parse("configs/part.json", json.dumps(part.write(value)), "json")
    assert document is not None
    assert found == []
    return normalize.desired(document)


def payload(part: Part, value: Any) -> Body:
    """Live, as the API would send it: with the ids and all that it fills in."""
    body = part.write(value)
    numbered = [{"id": f"id{n}", "baseID": f"id{n}", **rule} for n, rule in enumerate(body.get("rules", []))]
    return {"id": "part", "name": "part", "status": "Enabled", "isEnabled": True, **body, "rules": numbered}
