"""A config's own JSON Schema, made safe to run: nothing is fetched, no pattern hangs, and work and memory have limits.

Unlike the shipped schema (``shape_engine``) these come from anyone who may propose a change, so jsonschema_rs explains
them too: jsonschema's patterns backtrack without end, and its references fetch. jsonschema_rs runs most patterns in
linear time and stops the others after a number of steps, compares the items of ``uniqueItems`` and numbers of any size
exactly, and is told to be offline. What it does not limit is work: ``Costs`` counts that beforehand. It also holds
every error with a copy of the value it is about, and of the keyword that the value does not meet, all of them at once.
So where they could take too much memory it is asked for the first one alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.checks.schema_parts import REFERENCES, mapped, subschemas
from reconciler.checks.schema_patterns import states
from reconciler.checks.schema_work import Cost, Costs, LoopError, TooMuchWorkError
from reconciler.diagnostics import pointer
from reconciler.dynamic_config.sizes import PAYLOAD_BYTES

if TYPE_CHECKING:
    import jsonschema_rs

DRAFT = "https://json-schema.org/draft/2020-12/schema"

MOST_SCHEMAS = 10_000
"""Schemas within a schema: compiling one takes about 5 kB and some microseconds."""

MOST_STATES = 300_000
"""States of all patterns together: a state takes up to 60 bytes and a microsecond to compile, three times over."""

REFUSED_STATES = 50_000
"""A pattern with more is refused by itself, and costs no more than this."""

WORK_TO_DECIDE = 500_000
"""On all values of a config together: about two seconds of the worst schemas."""

BYTES_TO_EXPLAIN = 64_000_000
"""What the errors on one value may take, if all that could fail did."""

BYTES_IN_ALL = 2 * BYTES_TO_EXPLAIN
"""What the errors on all values of a config may take, one after the other: about two seconds."""

BACKTRACK_LIMIT = 10_000
"""Steps that one match may go back, for patterns that cannot run in linear time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a schema: its kind, where in the schema, and what was found there."""

    kind: str
    path: str
    found: str


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A value that does not meet a schema: where in the value, by which keyword of the schema, and the engine's error.

    ``error`` is None where even one error could be too large to hold.
    """

    value_path: str
    schema_path: str
    error: jsonschema_rs.ValidationError | None


class Engine:
    """Decides and explains by one schema that has no faults, on any number of values within one budget.

    ``unexplained`` is the part of the schema, as a JSON Pointer, that kept a value's mismatches from all being named.
    """

    def __init__(self, schema: Any) -> None:
        self._validator = _compile(schema)
        self._costs = Costs(schema)
        self._work_left = WORK_TO_DECIDE
        self._bytes_left = BYTES_IN_ALL
        self.unexplained: str | None = None

    def mismatches(self, value: Any) -> Iterator[Mismatch]:
        """All that keeps a value from meeting the schema; ``TooMuchWorkError`` where that would take too long."""
        cost = self._costs.on(value, self._work_left)
        self._work_left -= cost.work
        if self._validator.is_valid(value):
            return
        if cost.errors <= min(BYTES_TO_EXPLAIN, self._bytes_left):
            self._bytes_left -= cost.errors
            yield from map(_mismatch, self._validator.iter_errors(value))
            return
        self.unexplained = self.unexplained or self.hardest(errors=True)
        yield self._first(value, cost)

    def hardest(self, *, errors: bool = False) -> str:
        """The JSON Pointer of the part of the schema that asks for most work, or makes the largest ``errors``."""
        return self._costs.hardest(errors=errors)

    def _first(self, value: Any, cost: Cost) -> Mismatch:
        import jsonschema_rs

        if cost.error <= BYTES_TO_EXPLAIN:
            try:
                self._validator.validate(value)
            except jsonschema_rs.ValidationError as error:
                return _mismatch(error)
        return Mismatch("", "", None)


def _mismatch(error: jsonschema_rs.ValidationError) -> Mismatch:
    return Mismatch(pointer(*error.instance_path), pointer(*error.schema_path), error)


def faults(schema: Any) -> list[Fault]:
    """What keeps a schema from being used. Empty: ``Engine`` takes it."""
    parts = list(subschemas(schema))
    if len(parts) > MOST_SCHEMAS:
        return [Fault("work", "", f"{len(parts):,} schemas")]
    large = _large_patterns(parts)
    if large is not None:
        return [large]
    found = [*_unfolding(schema, parts)]
    found += [fault for path, part in parts for fault in (*_addresses(path, part), *_patterns(path, part))]
    found += _against_metaschema(schema)
    return found or list(_compile_faults(schema))


def _large_patterns(parts: list[tuple[str, dict[str, Any]]]) -> Fault | None:
    """Patterns that together take too long to compile, at the schema with the largest ones.

    A pattern is compiled once, but for unevaluated keywords, which compile those of the schemas beside them again.
    """
    again = any("unevaluatedProperties" in part for _, part in parts)
    sizes = Counter[str]()
    seen = set[str]()
    for path, part in parts:
        for pattern in _patterns_of(part):
            if again or pattern not in seen:
                seen.add(pattern)
                sizes[path] += min(states(pattern), REFUSED_STATES)
    if sizes.total() <= MOST_STATES:
        return None
    return Fault("work", sizes.most_common(1)[0][0], "its patterns, whose repetitions multiply")


def _patterns_of(schema: dict[str, Any]) -> list[str]:
    pattern = schema.get("pattern")
    return [*([pattern] if isinstance(pattern, str) else []), *mapped(schema.get("patternProperties"))]


def _unfolding(schema: Any, parts: list[tuple[str, dict[str, Any]]]) -> Iterator[Fault]:
    """The first schema that brings too many others to bear on a value, or itself."""
    costs = Costs(schema)
    for path, part in parts:
        try:
            costs.unfolded(part, MOST_SCHEMAS)
        except LoopError:
            yield Fault("loop", path, "")
            return
        except TooMuchWorkError:
            yield Fault("work", path, f"more than {MOST_SCHEMAS:,} schemas for one value")
            return


def _against_metaschema(schema: Any) -> Iterator[Fault]:
    import jsonschema_rs

    if _metaschema().is_valid(schema):
        return
    if len(json.dumps(schema)) > PAYLOAD_BYTES:  # nothing that could be sent; all its errors might fill the memory
        try:
            _metaschema().validate(schema)
        except jsonschema_rs.ValidationError as error:
            yield _invalid(error)
        return
    yield from map(_invalid, _metaschema().iter_errors(schema))


def _invalid(error: jsonschema_rs.ValidationError) -> Fault:
    path = pointer(*error.instance_path)
    if error.instance_path and error.instance_path[-1] == "type" and isinstance(error.instance, str):
        return Fault("type", path, error.instance)
    return Fault("invalid", path, _first_line(error.message))


def _addresses(path: str, schema: dict[str, Any]) -> Iterator[Fault]:
    """References and addresses that lead out of the document."""
    for key in REFERENCES:
        reference = schema.get(key)
        if isinstance(reference, str) and not reference.startswith("#"):
            yield Fault("outside", path + pointer(key), reference)
    if path and isinstance(schema.get("$id"), str):
        yield Fault("outside", path + "/$id", schema["$id"])


def _patterns(path: str, schema: dict[str, Any]) -> Iterator[Fault]:
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and not _is_pattern(pattern):
        yield Fault("pattern", path + "/pattern", pattern)
    named = schema.get("patternProperties")
    for name in named if isinstance(named, dict) else ():
        if not _is_pattern(name):
            yield Fault("pattern", path + pointer("patternProperties", name), name)


@cache
def _is_pattern(pattern: str) -> bool:
    return not list(_compile_faults({"pattern": pattern}))


def _compile_faults(schema: Any) -> Iterator[Fault]:
    """What only compiling tells: a reference to nowhere, a pattern behind a reference."""
    import jsonschema_rs

    try:
        _compile(schema)
    except jsonschema_rs.ValidationError as error:
        yield Fault("invalid", pointer(*error.instance_path), _first_line(error.message))
    except (jsonschema_rs.ReferencingError, ValueError, RuntimeError) as error:
        yield Fault("invalid", "", _first_line(str(error)))


def _compile(schema: Any) -> jsonschema_rs.Validator:
    import jsonschema_rs

    patterns = jsonschema_rs.FancyRegexOptions(BACKTRACK_LIMIT, size_limit=1 << 20, dfa_size_limit=1 << 20)
    return jsonschema_rs.Draft202012Validator(schema, pattern_options=patterns, offline=True)


@cache
def _metaschema() -> jsonschema_rs.Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator({"$ref": DRAFT}, offline=True)


def _first_line(text: str) -> str:
    return text.splitlines()[0] if text else "cannot be compiled"


__all__ = ["DRAFT", "Engine", "Fault", "Mismatch", "TooMuchWorkError", "faults"]
