"""Combinators that describe a body and report where a value departs from it, in the API's (zod's) words.

A shape is a function of a value and its dotted path that yields ``Problem``s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator.errors import Problem

Shape = Callable[[Any, str], Iterator[Problem]]


def _expected(wanted: str, value: Any, path: str) -> Problem:
    return Problem(path, f"Expected {wanted}, received {values.type_name(value)}")


def _under(path: str, key: str | int) -> str:
    return f"{path}.{key}" if path else str(key)


def text(minimum: int = 0, maximum: int | None = None, pattern: str | None = None) -> Shape:
    allowed = re.compile(pattern) if pattern else None

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield _expected("string", value, path)
            return
        if len(value) < minimum:
            yield Problem(path, f"String must contain at least {minimum} character(s)")
        if maximum is not None and len(value) > maximum:
            yield Problem(path, f"String must contain at most {maximum} character(s)")
        if allowed is not None and not allowed.fullmatch(value):
            yield Problem(path, "Invalid")

    return check


def boolean(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield _expected("boolean", value, path)


def free_object(value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield _expected("object", value, path)


def number(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield _expected("number", value, path)


def number_between(minimum: float, maximum: float, step: str) -> Shape:
    """``step`` is a decimal literal, so that 0.07 counts as a multiple of 0.01."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        wrong = next(number(value, path), None)
        if wrong is not None:
            yield wrong
        elif value < minimum:
            yield Problem(path, f"Number must be greater than or equal to {minimum}")
        elif value > maximum:
            yield Problem(path, f"Number must be less than or equal to {maximum}")
        elif Decimal(repr(value)) % Decimal(step):
            yield Problem(path, f"Number must be a multiple of {step}")

    return check


def one_of(choices: Sequence[str]) -> Shape:
    listed = " | ".join(f"'{choice}'" for choice in choices)

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, f"Expected {listed}, received {values.type_name(value)}")
        elif value not in choices:
            yield Problem(path, f"Invalid enum value. Expected {listed}, received '{value}'")

    return check


def nullable(shape: Shape) -> Shape:
    def check(value: Any, path: str) -> Iterator[Problem]:
        if value is not None:
            yield from shape(value, path)

    return check


def any_of(*shapes: Shape) -> Shape:
    def check(value: Any, path: str) -> Iterator[Problem]:
        if all(next(shape(value, path), None) is not None for shape in shapes):
            yield Problem(path, "Invalid input")

    return check


def array(item: Shape) -> Shape:
    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield _expected("array", value, path)
            return
        for index, element in enumerate(value):
            yield from item(element, _under(path, index))

    return check


def strict_object(fields: Mapping[str, Shape], required: Sequence[str] = ()) -> Shape:
    """An object with these keys and no others."""

    def check(value: Any, path: str) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield _expected("object", value, path)
            return
        for key in required:
            if key not in value:
                yield Problem(_under(path, key), "Required")
        for key, shape in fields.items():
            if key in value:
                yield from shape(value[key], _under(path, key))
        unknown = [key for key in value if key not in fields]
        if unknown:
            listed = ", ".join(f"'{key}'" for key in unknown)
            yield Problem(path, f"Unrecognized key(s) in object: {listed}")

    return check
