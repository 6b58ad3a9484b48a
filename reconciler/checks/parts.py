"""The parts of a config that checks look at, each with its pointer; what has the wrong shape is passed over.

The shape is a check of its own, and every check runs whatever the others find.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeGuard

Part = tuple[str, dict[str, Any]]
"""A JSON Pointer and the mapping that stands there."""


def rules(data: dict[str, Any]) -> list[Part]:
    """Every rule that is a mapping, from top to bottom."""
    return _mappings(data.get("rules"), "/rules")


def conditions(rule: Part) -> list[Part]:
    """Every condition of a rule that is a mapping."""
    return _mappings(rule[1].get("conditions"), rule[0] + "/conditions")


def variants(rule: Part) -> list[Part]:
    """Every variant of a rule that is a mapping."""
    return _mappings(rule[1].get("variants"), rule[0] + "/variants")


def outcomes(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Every place that may hold a value for users: pointer and mapping of its owner, and the value's key."""
    yield "", data, "defaultValue"
    for rule in rules(data):
        yield (*rule, "returnValue")
        for variant in variants(rule):
            yield (*variant, "returnValue")


def strings(value: Any) -> list[str]:
    """The strings of a list; nothing for anything else."""
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def is_number(value: Any) -> TypeGuard[int | float]:
    """True for a JSON number; a boolean is none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mappings(items: Any, path: str) -> list[Part]:
    if not isinstance(items, list):
        return []
    return [(f"{path}/{index}", one) for index, one in enumerate(items) if isinstance(one, dict)]
