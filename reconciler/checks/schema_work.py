"""How much work a schema can make, counted before the work is begun.

A schema comes with a pull request, and a few lines of it can ask for years: branches doubled level by level, a
reference that re-enters itself, an unevaluated keyword within another, a long ``enum`` beside a long list. Two counts
keep that out. ``unfolded`` is how many schemas come to bear on one value, which is what compiling may cost; ``on`` is
what deciding on a value may cost, and the memory of the errors. Each visits a schema, or a pair of a schema and a
value, once and remembers it, and stops at its budget, whatever the schema would.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reconciler.checks.schema_keywords import Keywords, longest_path, nodes
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

DEEPEST = 400
"""Schemas entered within one another, references included."""

ERROR_BYTES = 1_500
"""An error with its message and ordinary paths, without what it is about."""

PATH_BYTES = 4
"""A character of its paths, which are held more than once."""

NODE_BYTES = 120
"""A value within the copy of a value or of a keyword that an error holds."""


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
        self._keywords = Keywords()
        self._unfolded: dict[int, int | None] = {}
        self._costs: dict[tuple[int, int], Cost] = {}
        self._own: dict[tuple[int, int], Cost] = {}
        self._sizes: dict[int, int] = {}
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
        self._error_bytes = ERROR_BYTES + PATH_BYTES * (self._schema_path + longest_path(value))
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
        work = 1 + size * len(schema) + self._keywords.work(schema, value, size)
        lists = [schema.get("required"), *mapped(schema.get("dependentRequired")).values()]
        count = len(schema) + sum(len(listed(one)) for one in lists)
        if isinstance(value, dict) and "propertyNames" in schema:
            count += len(value)  # each is an error about the whole object
        held = self._keywords.held(schema)
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
        return nodes(value, self._sizes)


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
