"""``…Json5`` twins: the text parses, and holds the value that stands beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.checks.findings import error
from reconciler.checks.parts import outcomes
from reconciler.diagnostics import Diagnostic, pointer

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings


def twins(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Every twin that is written, of values and of the schema."""
    for path, owner, key in (*outcomes(document.data), ("", document.data, "schema")):
        text = owner.get(key + "Json5")
        if isinstance(text, str):
            yield from _twin(document, path, owner, key, text)


def _twin(document: Document, path: str, owner: dict[str, Any], key: str, text: str) -> Iterator[Diagnostic]:
    from reconciler.files import JsonError, parse_json5

    twin = path + pointer(key + "Json5")
    try:
        value = parse_json5(text)
    except JsonError as fault:
        yield error(
            document, twin, "twin-syntax", f"{key}Json5 is not JSON5: {fault.message}, in line {fault.line} of the text"
        )
        return
    try:
        plain = parse_json5(owner[key]) if key == "schema" and isinstance(owner.get(key), str) else owner.get(key)
    except JsonError:
        return  # the check of the schema says so
    if key in owner and not same(plain, value):
        line = document.locate(path + pointer(key)).line
        yield error(
            document,
            twin,
            "twin-differs",
            f"{key}Json5 holds another value than {key} in line {line}",
            "Statsig takes both only where they are equal; drop one",
        )


def same(one: Any, other: Any) -> bool:
    """Equality of JSON values: ``1`` is ``1.0``, and ``true`` is not ``1``."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
