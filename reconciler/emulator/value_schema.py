"""The part of JSON Schema 2020-12 that values are held to when a config has a ``schema``.

Understood: ``type``, ``enum``, ``const``, ``properties``, ``required``, ``additionalProperties``,
``items``, ``minimum``, ``maximum``, ``exclusiveMinimum``, ``exclusiveMaximum``, ``minLength``,
``maxLength``, ``minItems``, ``maxItems``. Every other keyword is ignored, and so is one of the wrong type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from reconciler.emulator import js_values as values

_Check = Callable[[Any, Any], bool]


def _is_type(value: Any, wanted: Any) -> bool:
    allowed = wanted if isinstance(wanted, list) else [wanted]
    name = values.type_name(value)
    is_integer = name == "number" and float(value).is_integer()
    return name in allowed or (is_integer and "integer" in allowed)


def _bound(kind: type | tuple[type, ...], compare: Callable[[Any, float], bool]) -> _Check:
    """A limit that speaks of values of one kind only, and only where the limit is a number."""

    def check(value: Any, limit: Any) -> bool:
        applies = isinstance(value, kind) and not isinstance(value, bool) and isinstance(limit, int | float)
        return not applies or compare(value, limit)

    return check


_NUMBER = (int, float)
_CHECKS: dict[str, _Check] = {
    "type": _is_type,
    "enum": lambda value, allowed: not isinstance(allowed, list) or any(values.same(value, x) for x in allowed),
    "const": values.same,
    "minimum": _bound(_NUMBER, lambda value, limit: value >= limit),
    "maximum": _bound(_NUMBER, lambda value, limit: value <= limit),
    "exclusiveMinimum": _bound(_NUMBER, lambda value, limit: value > limit),
    "exclusiveMaximum": _bound(_NUMBER, lambda value, limit: value < limit),
    "minLength": _bound(str, lambda value, limit: len(value) >= limit),
    "maxLength": _bound(str, lambda value, limit: len(value) <= limit),
    "minItems": _bound(list, lambda value, limit: len(value) >= limit),
    "maxItems": _bound(list, lambda value, limit: len(value) <= limit),
}


def mismatches(value: Any, schema: Any, path: str = "") -> Iterator[str]:
    """What of ``value`` the schema refuses, as ``where: keyword argument``."""
    if schema is False:
        yield f"{path or 'value'}: not allowed"
    if not isinstance(schema, dict):
        return
    for keyword, check in _CHECKS.items():
        if keyword in schema and not check(value, schema[keyword]):
            yield f"{path or 'value'}: {keyword} {values.dump_text(schema[keyword])}"
    if isinstance(value, dict):
        yield from _members(value, schema, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from mismatches(item, schema.get("items"), f"{path}.{index}".lstrip("."))


def _members(value: dict[str, Any], schema: dict[str, Any], path: str) -> Iterator[str]:
    required = schema.get("required")
    for name in required if isinstance(required, list) else []:
        if name not in value:
            yield f"{path or 'value'}: required {values.dump_text(name)}"
    properties = schema.get("properties")
    known = properties if isinstance(properties, dict) else {}
    for name, member in value.items():
        rule = known.get(name, schema.get("additionalProperties"))
        yield from mismatches(member, rule, f"{path}.{name}".lstrip("."))
