"""A value and its ``...Json5`` text: given together they must agree, and either one makes the other."""

from __future__ import annotations

from typing import Any, NamedTuple

from reconciler.emulator import js_values as values
from reconciler.emulator import json5_reader as json5


class TwinError(ValueError):
    """``key`` is the one of the two keys at fault."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
        self.message = message


class Twin(NamedTuple):
    value: Any
    text: str


def twin_of(key: str) -> str:
    return f"{key}Json5"


def read_value(body: dict[str, Any], key: str) -> Twin:
    """``returnValue`` or ``defaultValue`` of ``body``: an object, ``{}`` where neither is given."""
    text = body.get(twin_of(key))
    if text is None:
        value = body.get(key, {})
        return Twin(value, values.dump_text(value))
    parsed = _parsed(text, twin_of(key))
    if not isinstance(parsed, dict):
        raise TwinError(twin_of(key), f"Expected object, received {values.type_name(parsed)}")
    if key in body and not values.same(parsed, body[key]):
        raise TwinError(twin_of(key), f"{twin_of(key)} must parse to the same JSON as {key}")
    return Twin(body.get(key, parsed), text)


def read_schema(body: dict[str, Any]) -> tuple[str | None, str | None]:
    """``schema`` and ``schemaJson5``: both are text, both may be JSON5, neither need be given."""
    schema, text = body.get("schema"), body.get("schemaJson5")
    parsed = {key: parse_schema(body[key], key) for key in ("schema", "schemaJson5") if body.get(key) is not None}
    if len(parsed) == 2 and not values.same(parsed["schema"], parsed["schemaJson5"]):
        raise TwinError("schemaJson5", "schemaJson5 must parse to the same JSON as schema")
    if schema is None and text is not None:
        schema = values.dump_text(parsed["schemaJson5"])
    return schema, schema if text is None else text


def parse_schema(text: str, key: str = "schema") -> Any:
    """A JSON Schema out of its text. Raises ``TwinError``."""
    parsed = _parsed(text, key)
    if not isinstance(parsed, dict | bool):
        raise TwinError(key, f"Expected a JSON Schema, received {values.type_name(parsed)}")
    return parsed


def _parsed(text: str, key: str) -> Any:
    try:
        return json5.parse(text)
    except ValueError as error:
        raise TwinError(key, f"Invalid JSON5: {error}") from error
