"""How much work a schema can make, counted before the work is begun.

A schema comes with a pull request, and a few lines of it can ask for years: branches doubled level by level, a
reference that re-enters itself, an unevaluated keyword within another, a long ``enum`` beside a long list. Two counts
keep that out. ``unfolded`` is how many schemas come to bear on one value, which is what compiling may cost; ``on`` is
what deciding on a value may cost, and the memory of the errors. Each visits a schema, or a pair of a schema and a
value, once and remembers it, and stops at its budget, whatever the schema would.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from reconciler.checks.schema_parts import (
    ITEM_LIST,
    ITEM_ONE,
    PROPERTY_ONE,
    in_place,
    listed,
    mapped,
    resolver,
    subschemas,
)
from reconciler.checks.schema_patterns import states
from reconciler.dynamic_config.limits import SAFE_INTEGER

DEEPEST = 400
"""Schemas entered within one another, references included."""

BACKTRACKING = 1000
"""What one match of a pattern that needs backtracking counts for."""

EXACT_STEP = 10
"""What one ``multipleOf`` counts for: it divides exactly, whatever the number."""

ERROR_BYTES = 1_500
"""An error with its message and ordinary paths, without what it is about."""

PATH_BYTES = 4
"""A character of its paths, which are held more than once."""

NODE_BYTES = 60
"""A value within the copy of a value or of a keyword that an error holds."""

_NEEDS_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9k]")


class TooMuchWorkError(Exception):
    """The schema asks for more work than the budget, or nests too deeply."""


class LoopError(Exception):
    """The schema refers back to itself about the same value, and so never decides."""


@dataclass(frozen=True, slots=True)
class Cost:
    """At most what a schema costs on a value.

    ``work`` is how many values its keywords look at, ``errors`` how many bytes all of its errors take together, if all
    that can fail does, and ``error`` how many the largest one takes.
    """

    work: int
    errors: int
    error: int


class Costs:
    """Counts what one schema can cost; raises ``TooMuchWorkError`` past a budget."""

    def __init__(self, schema: Any) -> None:
        self._root = schema
        self._resolved = resolver(schema)
        self._states = cache(states)
        self._unfolded: dict[int, int | None] = {}
        self._costs: dict[tuple[int, int], Cost] = {}
        self._own: dict[tuple[int, int], Cost] = {}
        self._sizes: dict[int, int] = {}
        self._options: dict[int, tuple[int, bool]] = {}
        self._schema_path = max((len(path) for path, _ in subschemas(schema)), default=0)
        self._error_bytes = ERROR_BYTES
        self._worked = Counter[int]()
        self._erred = Counter[int]()

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

    def on(self, value: Any, budget: int) -> Cost:
        """What the schema costs on a value, within a budget of work; for schemas without loops."""
        self._costs.clear()
        self._own.clear()
        self._sizes.clear()
        self._error_bytes = ERROR_BYTES + PATH_BYTES * (self._schema_path + _longest_path(value))
        return self._count(self._root, value, budget, 0)

    def hardest(self, *, errors: bool = False) -> str:
        """The JSON Pointer of the part of the schema that cost most so far: in work, or in bytes of errors."""
        counted = self._erred if errors else self._worked
        [(most, _)] = counted.most_common(1) or [(id(self._root), 0)]
        return next((path for path, part in subschemas(self._root) if id(part) == most), "")

    def _count(self, schema: Any, value: Any, budget: int, depth: int) -> Cost:
        if not isinstance(schema, dict):
            one = self._error_bytes + NODE_BYTES * self._size(value)
            return Cost(1, one, one)
        pair = (id(schema), id(value))
        if pair not in self._own:
            self._own[pair] = self._by_itself(schema, value)
        self._worked[id(schema)] += self._own[pair].work
        self._erred[id(schema)] += self._own[pair].errors
        if pair not in self._costs:
            if depth > DEEPEST:
                raise TooMuchWorkError
            self._costs[pair] = self._with_parts(schema, value, budget, depth)
        return self._costs[pair]

    def _with_parts(self, schema: dict[str, Any], value: Any, budget: int, depth: int) -> Cost:
        own = self._own[id(schema), id(value)]
        work, errors, error = own.work, own.errors, own.error
        in_branches = "anyOf" in schema or "oneOf" in schema  # whose one error holds all those of its branches
        for part, of_what in self._applied(schema, value):
            if work > budget:
                raise TooMuchWorkError
            inner = self._count(part, of_what, budget, depth + 1)
            work += inner.work
            errors += inner.errors
            error = max(error, inner.error)
        if work > budget:
            raise TooMuchWorkError
        if "unevaluatedProperties" in schema or "unevaluatedItems" in schema:
            work *= 2  # the schemas beside it run once more, to say what they looked at
        return Cost(work, errors, errors if in_branches else error)

    def _by_itself(self, schema: dict[str, Any], value: Any) -> Cost:
        """What the keywords of one schema cost, without the schemas that it applies."""
        size = self._size(value)
        work = 1 + size * len(schema) + self._matches(schema, value) + self._comparisons(schema, value, size)
        work += EXACT_STEP if "multipleOf" in schema else 0
        work += _unplain(value) ** 2 // 8 if "uniqueItems" in schema and isinstance(value, list) else 0
        lists = [schema.get("required"), *mapped(schema.get("dependentRequired")).values()]
        count = len(schema) + sum(len(listed(one)) for one in lists)
        held = sum(self._size_of_keyword(schema[key]) for key in ("enum", "const", "not") if key in schema)
        error = self._error_bytes + NODE_BYTES * (size + held)
        errors = count * (self._error_bytes + NODE_BYTES * size) + NODE_BYTES * held
        return Cost(work, errors, error)

    def _applied(self, schema: dict[str, Any], value: Any) -> Iterator[tuple[Any, Any]]:
        """Which schemas look at which values, within this one."""
        yield from ((part, value) for part in in_place(schema, self._resolved))
        if isinstance(value, dict):
            yield from _to_properties(schema, value)
        elif isinstance(value, list):
            yield from _to_items(schema, value)

    def _size(self, value: Any) -> int:
        """How many values a value holds, itself included; a long text counts by the hundred characters."""
        return _nodes(value, self._sizes)

    def _size_of_keyword(self, value: Any) -> int:
        return self._about(value)[0]

    def _about(self, keyword: Any) -> tuple[int, bool]:
        """How many values a keyword's value holds, and whether a list of options is looked up, not walked."""
        if id(keyword) not in self._options:
            options = keyword if isinstance(keyword, list) else [keyword]
            kinds = {type(one) for one in options}
            is_index = kinds == {str} or (kinds == {int} and all(map(_is_plain, options)))
            self._options[id(keyword)] = (_nodes(keyword, {}), is_index)
        return self._options[id(keyword)]

    def _comparisons(self, schema: dict[str, Any], value: Any, size: int) -> int:
        """What comparing a value with the options of ``enum`` and ``const`` costs: numbers are compared exactly."""
        work = 0
        for keyword in (schema[name] for name in ("enum", "const") if name in schema):
            nodes, is_index = self._about(keyword)
            if is_index:
                work += 1 if _is_plain(value) else nodes // 3
            elif isinstance(value, dict | list):
                work += 2 * min(nodes, size * (len(keyword) if isinstance(keyword, list) else 1))
            elif isinstance(value, str | bool) or value is None:
                work += nodes // 50
            else:
                work += 2 * nodes
        return work

    def _matches(self, schema: dict[str, Any], value: Any) -> int:
        """What the patterns of one schema cost."""
        if isinstance(value, str) and isinstance(schema.get("pattern"), str):
            return self._match(schema["pattern"], 1, len(value))
        named = mapped(schema.get("patternProperties"))
        if not named or not isinstance(value, dict):
            return 0
        characters = sum(map(len, value))
        return sum(self._match(pattern, len(value), characters) for pattern in named)

    def _match(self, pattern: str, texts: int, characters: int) -> int:
        """What matching a pattern costs on so many texts of so many characters in all."""
        if _NEEDS_BACKTRACKING.search(pattern):
            return BACKTRACKING * texts
        return texts + self._states(pattern) * characters // 500


def _is_plain(value: Any) -> bool:
    """False for numbers that are not looked up but compared exactly, one by one."""
    return not isinstance(value, float) and not (isinstance(value, int) and abs(value) > SAFE_INTEGER)


def _unplain(value: Any) -> int:
    """How many such integers a value holds: all of them look alike to ``uniqueItems``, which then compares each two."""
    if isinstance(value, dict | list):
        return sum(map(_unplain, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not _is_plain(value)


def _longest_path(value: Any) -> int:
    """Characters of the longest JSON Pointer into a value, about."""
    if isinstance(value, dict):
        return max((1 + len(key) + _longest_path(one) for key, one in value.items()), default=0)
    return max(map(_longest_path, value), default=0) + 6 if isinstance(value, list) else 0


def _nodes(value: Any, known: dict[int, int]) -> int:
    if isinstance(value, str):
        return 1 + len(value) // 100
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_nodes(one, known) for one in inner)
    return known[id(value)]


def _to_properties(schema: dict[str, Any], value: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    named = mapped(schema.get("properties"))
    shorter, longer = (named, value) if len(named) < len(value) else (value, named)
    yield from ((named[name], value[name]) for name in shorter if name in longer)
    for one in mapped(schema.get("patternProperties")).values():
        yield from ((one, part) for part in value.values())
    for key in PROPERTY_ONE:
        if key in schema:
            yield from ((schema[key], part) for part in (value if key == "propertyNames" else value.values()))


def _to_items(schema: dict[str, Any], value: list[Any]) -> Iterator[tuple[Any, Any]]:
    for key in ITEM_ONE:
        if key in schema:
            yield from ((schema[key], one) for one in value)
    for key in ITEM_LIST:
        yield from zip(listed(schema.get(key)), value, strict=False)
