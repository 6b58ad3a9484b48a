"""How much work a schema can make of a value, counted before the work is begun.

A schema comes with a pull request, and a few lines of it can ask for years: branches doubled level by level, a
reference that re-enters itself, an unevaluated keyword within another. The count below visits each pair of a schema
and a value once and remembers it, so it takes no longer than |schema| × |value|, whatever the schema would cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from reconciler.checks.schema_parts import (
    IN_PLACE_LIST,
    IN_PLACE_MAP,
    IN_PLACE_ONE,
    ITEM_LIST,
    ITEM_ONE,
    PROPERTY_ONE,
    REFERENCES,
    resolve,
)

DEEPEST = 400
"""Schemas entered within one another, references included."""

BACKTRACKING = 1000
"""What one match of a pattern that needs backtracking counts for."""

_BEGUN = -1

_NEEDS_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9k]")


class TooMuchWorkError(Exception):
    """The schema asks for more work than the budget, or nests too deeply."""


class LoopError(Exception):
    """The schema refers back to itself about the same value, and so never decides."""


class Work:
    """Counts, for one schema, at most how many values each of its keywords would look at."""

    def __init__(self, schema: Any, budget: int) -> None:
        self._root = schema
        self._budget = budget
        self._counts: dict[tuple[int, int], int] = {}
        self._sizes: dict[int, int] = {}
        self._targets: dict[str, Any] = {}

    def of(self, value: Any) -> int:
        """The work that deciding on ``value`` may make; raises one of the two above."""
        self._counts.clear()
        self._sizes.clear()
        return self._count(self._root, value, 0)

    def _count(self, schema: Any, value: Any, depth: int) -> int:
        if not isinstance(schema, dict):
            return 1
        pair = (id(schema), id(value))
        known = self._counts.get(pair)
        if known == _BEGUN:
            raise LoopError
        if known is not None:
            return known
        if depth > DEEPEST:
            raise TooMuchWorkError
        self._counts[pair] = _BEGUN
        count = self._size(value) * len(schema) + self._patterns(schema, value)
        for part, of_what in self._applied(schema, value):
            count += self._count(part, of_what, depth + 1)
            if count > self._budget:
                raise TooMuchWorkError
        if "unevaluatedProperties" in schema or "unevaluatedItems" in schema:
            count *= 2  # the schemas beside it run once more, to tell what they looked at
        self._counts[pair] = count
        return count

    def _applied(self, schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
        """Which schemas look at which values, within this one."""
        yield from self._in_place(schema, value)
        if isinstance(value, dict):
            yield from _to_properties(schema, value)
        elif isinstance(value, list):
            yield from _to_items(schema, value)

    def _in_place(self, schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
        yield from ((schema[key], value) for key in IN_PLACE_ONE if key in schema)
        for key in IN_PLACE_LIST:
            yield from ((one, value) for one in _list(schema.get(key)))
        for key in IN_PLACE_MAP:
            yield from ((one, value) for one in _map(schema.get(key)).values())
        for key in REFERENCES:
            if isinstance(schema.get(key), str):
                yield self._target(schema[key]), value

    def _patterns(self, schema: dict[str, Any], value: Any) -> int:
        if isinstance(value, str) and isinstance(schema.get("pattern"), str):
            return _match(schema["pattern"], value)
        if isinstance(value, dict):
            return sum(_match(pattern, key) for pattern in _map(schema.get("patternProperties")) for key in value)
        return 0

    def _target(self, reference: str) -> Any:
        if reference not in self._targets:
            self._targets[reference] = resolve(self._root, reference)
        return self._targets[reference]

    def _size(self, value: Any) -> int:
        """How many values a value holds, itself included; a long text counts by the hundred characters."""
        if isinstance(value, str):
            return 1 + len(value) // 100
        if not isinstance(value, dict | list):
            return 1
        if id(value) not in self._sizes:
            inner = value.values() if isinstance(value, dict) else value
            self._sizes[id(value)] = 1 + sum(map(self._size, inner))
        return self._sizes[id(value)]


def _to_properties(schema: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    named = _map(schema.get("properties"))
    yield from ((named[name], value[name]) for name in named if name in value)
    for one in _map(schema.get("patternProperties")).values():
        yield from ((one, part) for part in value.values())
    for key in PROPERTY_ONE:
        if key in schema:
            yield from ((schema[key], part) for part in value.values())


def _to_items(schema: dict[str, Any], value: list[Any]) -> Iterator[tuple[Any, Any]]:
    for key in ITEM_ONE:
        if key in schema:
            yield from ((schema[key], one) for one in value)
    for key in ITEM_LIST:
        yield from zip(_list(schema.get(key)), value, strict=False)


def _match(pattern: str, text: str) -> int:
    return BACKTRACKING if _NEEDS_BACKTRACKING.search(pattern) else 1 + len(pattern) * len(text) // 1000


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
