"""How much work a schema can make, counted before the work is begun.

A schema comes with a pull request, and a few lines of it can ask for years: branches doubled level by level, a
reference that re-enters itself, an unevaluated keyword within another. Two counts keep that out. ``unfolded`` is how
many schemas come to bear on one value, which is what compiling may cost; ``work`` is how many values they look at,
which is what deciding may cost. Each visits a schema, or a pair of a schema and a value, once and remembers it, so it
takes no longer than |schema| × |value|, whatever the schema would.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, partial
from typing import Any

from reconciler.checks.schema_parts import ITEM_LIST, ITEM_ONE, PROPERTY_ONE, in_place, listed, mapped, resolve

DEEPEST = 400
"""Schemas entered within one another, references included."""

BACKTRACKING = 1000
"""What one match of a pattern that needs backtracking counts for."""

_NEEDS_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9k]")


class TooMuchWorkError(Exception):
    """The schema asks for more work than the budget, or nests too deeply."""


class LoopError(Exception):
    """The schema refers back to itself about the same value, and so never decides."""


class Costs:
    """Counts what one schema can cost; raises ``TooMuchWorkError`` past a budget."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._resolved = cache(partial(resolve, schema))
        self._unfolded: dict[int, int | None] = {}
        self._work: dict[tuple[int, int], int] = {}
        self._sizes: dict[int, int] = {}

    def unfolded(self, schema: Any, budget: int, depth: int = 0) -> int:
        """How many schemas come to bear on a value with this one; raises ``LoopError`` where it is one of them."""
        if not isinstance(schema, dict):
            return 1
        key = id(schema)
        if key in self._unfolded:
            known = self._unfolded[key]
            if known is None:
                raise LoopError
            return known
        if depth > DEEPEST:
            raise TooMuchWorkError
        self._unfolded[key] = None
        count = 1
        for part in in_place(schema, self._resolved):
            count += self.unfolded(part, budget, depth + 1)
            if count > budget:
                raise TooMuchWorkError
        self._unfolded[key] = count
        return count

    def work(self, value: Any, budget: int) -> int:
        """At most how many values the schema's keywords look at to decide on ``value``; for schemas without loops."""
        self._work.clear()
        self._sizes.clear()
        return self._count(self._root, value, budget, 0)

    def _count(self, schema: Any, value: Any, budget: int, depth: int) -> int:
        if not isinstance(schema, dict):
            return 1
        pair = (id(schema), id(value))
        if pair in self._work:
            return self._work[pair]
        if depth > DEEPEST:
            raise TooMuchWorkError
        count = self._size(value) * len(schema) + _matches(schema, value)
        for part, of_what in self._applied(schema, value):
            count += self._count(part, of_what, budget, depth + 1)
            if count > budget:
                raise TooMuchWorkError
        if "unevaluatedProperties" in schema or "unevaluatedItems" in schema:
            count *= 2  # the schemas beside it run once more, to tell what they looked at
        self._work[pair] = count
        return count

    def _applied(self, schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
        """Which schemas look at which values, within this one."""
        yield from ((part, value) for part in in_place(schema, self._resolved))
        if isinstance(value, dict):
            yield from _to_properties(schema, value)
        elif isinstance(value, list):
            yield from _to_items(schema, value)

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
    named = mapped(schema.get("properties"))
    yield from ((named[name], value[name]) for name in named if name in value)
    for one in mapped(schema.get("patternProperties")).values():
        yield from ((one, part) for part in value.values())
    for key in PROPERTY_ONE:
        if key in schema:
            yield from ((schema[key], part) for part in value.values())


def _to_items(schema: dict[str, Any], value: list[Any]) -> Iterator[tuple[Any, Any]]:
    for key in ITEM_ONE:
        if key in schema:
            yield from ((schema[key], one) for one in value)
    for key in ITEM_LIST:
        yield from zip(listed(schema.get(key)), value, strict=False)


def _matches(schema: dict[str, Any], value: Any) -> int:
    """What the patterns of one schema cost."""
    if isinstance(value, str) and isinstance(schema.get("pattern"), str):
        return _match(schema["pattern"], value)
    if isinstance(value, dict):
        return sum(_match(pattern, key) for pattern in mapped(schema.get("patternProperties")) for key in value)
    return 0


def _match(pattern: str, text: str) -> int:
    return BACKTRACKING if _NEEDS_BACKTRACKING.search(pattern) else 1 + len(pattern) * len(text) // 1000
