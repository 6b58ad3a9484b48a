"""JSON as a JavaScript server reads, compares and writes it.

Every number is a double: ``1.0`` is written back as ``1`` and an integer above 2**53 is rounded.
"""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 200  # far above what people write, far below Python's recursion limit


def number(literal: str) -> int | float:
    """A decimal literal as JavaScript holds it; ``ValueError`` where it is too large for a double."""
    value = float(literal)
    if not math.isfinite(value):
        raise ValueError(f"{literal[:20]} is out of range")
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def as_javascript(value: Any) -> Any:
    """What is left of a Python value on a JavaScript server. Raises ``ValueError`` where it is no JSON."""
    return parse(dump(value))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def parse(text: str | bytes) -> Any:
    """RFC 8259, with the last of duplicate keys winning as in JavaScript. Raises ``ValueError``."""
    try:
        value = json.loads(
            text if isinstance(text, str) else text.decode("utf-8"),
            parse_int=number,
            parse_float=number,
            parse_constant=_no_constant,
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if too_deep(value):
        raise ValueError("nested too deeply")
    return value


def too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def same(left: Any, right: Any) -> bool:
    """Equal as JSON: ``1`` is ``1.0`` but not ``true``, and the order of keys does not count."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def dump(value: Any) -> str:
    """Compact, in ASCII: what is stored survives any string, lone surrogates included."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def dump_text(value: Any) -> str:
    """As ``JSON.stringify`` writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def dump_bytes(value: Any) -> bytes:
    """UTF-8 that people can read; escaped where a lone surrogate has no UTF-8."""
    try:
        return dump_text(value).encode()
    except UnicodeEncodeError:
        return dump(value).encode()


def type_name(value: Any) -> str:
    """The word the API's messages use for the type of a value."""
    if value is None:
        return "null"
    names: dict[type, str] = {bool: "boolean", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "number")
