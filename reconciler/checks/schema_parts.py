"""The parts of a JSON Schema (draft 2020-12): which keyword holds schemas, and of what they speak."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from reconciler.diagnostics import parts, pointer

IN_PLACE_ONE = ("not", "if", "then", "else")
IN_PLACE_LIST = ("allOf", "anyOf", "oneOf")
IN_PLACE_MAP = ("dependentSchemas", "dependencies")
"""Keywords whose schemas speak of the same value. ``dependencies`` is of older drafts, and still obeyed."""

PROPERTY_MAP = ("properties", "patternProperties")
PROPERTY_ONE = ("additionalProperties", "unevaluatedProperties", "propertyNames")
ITEM_ONE = ("items", "contains", "unevaluatedItems")
ITEM_LIST = ("prefixItems",)
"""Keywords whose schemas speak of a value's parts."""

_ONE = (*IN_PLACE_ONE, *PROPERTY_ONE, *ITEM_ONE, "contentSchema")
_LIST = (*IN_PLACE_LIST, *ITEM_LIST)
_MAP = (*IN_PLACE_MAP, *PROPERTY_MAP, "$defs", "definitions")

REFERENCES = ("$ref", "$dynamicRef")


def subschemas(schema: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema that is an object, the whole first, with its JSON Pointer; depth is what the reader lets through."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for key, value in schema.items():
        if key in _ONE:
            yield from subschemas(value, path + pointer(key))
        elif key in _LIST and isinstance(value, list):
            for index, one in enumerate(value):
                yield from subschemas(one, path + pointer(key, index))
        elif key in _MAP and isinstance(value, dict):
            for name, one in value.items():
                yield from subschemas(one, path + pointer(key, name))


def in_place(schema: dict[str, Any], resolved: Callable[[str], Any]) -> Iterator[Any]:
    """The schemas that a schema sets on its own value, those it refers to included."""
    yield from (schema[key] for key in IN_PLACE_ONE if key in schema)
    for key in IN_PLACE_LIST:
        yield from listed(schema.get(key))
    for key in IN_PLACE_MAP:
        yield from mapped(schema.get(key)).values()
    for key in REFERENCES:
        if isinstance(schema.get(key), str):
            yield resolved(schema[key])


def listed(value: Any) -> list[Any]:
    """The value, if it is a list; an invalid schema holds anything."""
    return value if isinstance(value, list) else []


def mapped(value: Any) -> dict[str, Any]:
    """The value, if it is a mapping."""
    return value if isinstance(value, dict) else {}


def resolver(root: Any) -> Callable[[str], Any]:
    """Says what a reference within the document means (``#``, ``#/a/pointer``, ``#anchor``), or None."""

    @cache
    def anchors() -> dict[str, Any]:
        named: dict[str, Any] = {}
        for _, one in subschemas(root):
            for name in _anchors(one):
                named.setdefault(name, one)
        return named

    @cache
    def resolved(reference: str) -> Any:
        from urllib.parse import unquote

        fragment = unquote(reference.removeprefix("#"))
        if fragment and not fragment.startswith("/"):
            return anchors().get(fragment)
        return _at(root, fragment)

    return resolved


def _at(root: Any, fragment: str) -> Any:
    """What stands at a JSON Pointer, or None."""
    found = root
    for part in parts(fragment):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def _anchors(schema: dict[str, Any]) -> list[str]:
    given = (schema.get("$anchor"), schema.get("$dynamicAnchor"))
    return [one for one in given if isinstance(one, str)]
