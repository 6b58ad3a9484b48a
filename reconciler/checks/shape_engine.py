"""The shipped schema at work: one engine decides in microseconds, another one says what is wrong.

jsonschema_rs is the gate that every file passes. Only a file that it stops pays for importing jsonschema, whose errors
come one by one and refer to what they are about, where the gate's come all at once and each holds a copy of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.dynamic_config.json_schemas import config_schema

if TYPE_CHECKING:
    import jsonschema
    import jsonschema_rs

Path = tuple[str | int, ...]
"""The keys and indices that lead to a value."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that the schema refuses, by which keyword of which part of the schema."""

    path: Path
    keyword: str
    value: Any
    schema: dict[str, Any]


def is_accepted(data: Any) -> bool:
    """Whether the schema refuses nothing of a file's data."""
    return _gate().is_valid(data)


def faults(data: Any) -> Iterator[Fault]:
    """Everything that the schema refuses, once for each value and keyword.

    No file that the gate stops may be left without a finding, so where nothing is explained the gate speaks itself.
    """
    named: set[tuple[Path, str]] = set()
    for fault in _explained(data):
        if (fault.path, fault.keyword) not in named:
            named.add((fault.path, fault.keyword))
            yield fault
    if not named:
        yield from _gated(data)


def _explained(data: Any) -> Iterator[Fault]:
    for error in _explainer().iter_errors(data):
        assert isinstance(error.schema, dict)  # nothing is refused by a bare `false`
        yield Fault(tuple(error.absolute_path), str(error.validator), error.instance, error.schema)


def _gated(data: Any) -> Iterator[Fault]:
    for error in _gate().iter_errors(data):
        yield Fault(tuple(error.instance_path), error.kind.name, error.instance, _part(tuple(error.schema_path)))


@cache
def _gate() -> jsonschema_rs.Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(_schema(), offline=True)


@cache
def _explainer() -> jsonschema.Draft202012Validator:
    import jsonschema

    extend: Any = jsonschema.validators.extend
    kind: type[jsonschema.Draft202012Validator]
    kind = extend(jsonschema.Draft202012Validator, {"anyOf": _any_of, "pattern": _pattern})
    return kind(_schema())


def _any_of(validator: Any, branches: list[Any], value: Any, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    """Without the errors of the branches, which are as many as a list has items."""
    import jsonschema

    if not any(validator.evolve(schema=one).is_valid(value) for one in branches):
        yield jsonschema.ValidationError("no branch takes it")


def _pattern(_validator: Any, pattern: str, value: Any, _schema: Any) -> Iterator[jsonschema.ValidationError]:
    """As JSON Schema reads ``$``: to Python "abc" with a newline still ends where it should."""
    import jsonschema

    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield jsonschema.ValidationError("it does not match")


@cache
def _schema() -> dict[str, Any]:
    """The shipped schema without what only editors read.

    What it says of condition types refuses nothing, and takes most of the time; that a rule states its percentage is
    a check with words of its own.
    """
    schema = config_schema()
    del schema["$defs"]["condition"]["allOf"]
    del schema["$defs"]["rule"]["anyOf"]
    return schema


def _part(path: Path) -> dict[str, Any]:
    """The part of the schema in which a keyword stands, by the keyword's own path."""
    part: Any = _schema()
    for key in path[:-1]:
        part = part[key]
    return dict(part)
