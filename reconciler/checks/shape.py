"""The shape of a file: its keys, their types, lengths and ranges, as the shipped JSON Schema says.

Each fault that the schema finds becomes a sentence that a person would say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from reconciler.checks.findings import MOST_FINDINGS, did_you_mean, error, kind, label, nearest, short
from reconciler.checks.shape_engine import Fault, faults, is_accepted
from reconciler.diagnostics import Diagnostic, pointer
from reconciler.dynamic_config.condition_types import CONDITION_TYPES, SDK_TYPES
from reconciler.dynamic_config.fields import CONDITION, CONFIG, READ_ONLY, RULE, RULE_READ_ONLY, VARIANT

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings


def shape(document: Document, settings: Settings) -> Iterator[Diagnostic]:
    """Everything in which the file's data departs from the schema."""
    data = document.data
    if is_accepted(data):
        return
    # A field that the settings leave to the console is cleared by null, like the others that are managed when written.
    cleared = {name for name in settings.unmanaged_fields if data.get(name, ...) is None}
    found = (
        one
        for fault in faults({name: given for name, given in data.items() if name not in cleared})
        for one in _EXPLANATIONS[fault.keyword](document, pointer(*fault.path), fault)
    )
    yield from islice(found, MOST_FINDINGS)
    further = next(found, None)
    if further is not None:
        yield _too_many(document, further)


def _too_many(document: Document, further: Diagnostic) -> Diagnostic:
    from reconciler.files.flaws import too_many_findings
    from reconciler.files.loading import whole_file

    return replace(whole_file(document.file, too_many_findings()), location=further.location, id=document.id)


def _unknown_keys(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    known = fault.schema["properties"]
    for key in fault.value:
        if key not in known:
            yield error(
                document,
                path + pointer(key),
                "unknown-key",
                f'"{short(key)}" is not a key of {_owner(path)}',
                _unknown_key_hint(key, known),
                key=True,
            )


def _unknown_key_hint(key: str, known: dict[str, Any]) -> str:
    near = nearest(key, known)
    if near:
        return f'did you mean "{near}"?'
    if key in READ_ONLY or key in RULE_READ_ONLY:
        return "Statsig keeps this one by itself: it can be read but not written, so leave it out"
    for place, table in _TABLES.items():
        if key in table:
            return f'"{key}" belongs in {place}'
    return "known: " + ", ".join(known)


_TABLES = {"a config": CONFIG, "a rule": RULE, "a variant": VARIANT, "a condition": CONDITION}


def _owner(path: str) -> str:
    names = [name for name in path.split("/") if name and not name.isdigit()]
    owners = {"rules": "a rule", "conditions": "a condition", "variants": "a variant"}
    return owners.get(names[-1], f'"{names[-1]}"') if names else "a config"


def _missing_key(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    for key in fault.schema["required"]:
        if key not in fault.value:
            yield error(document, path + pointer(key), "missing-key", f'{_owner(path)} needs "{key}"')


def _wrong_type(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    types = fault.schema["type"]
    wanted = sorted([types] if isinstance(types, str) else types, key=list(_TYPE_WORDS).index)
    yield error(
        document,
        path,
        "wrong-type",
        f"{label(path)} is {kind(fault.value)}; wanted: {_in_words(wanted)}",
        _wrong_type_hint(fault.value, wanted),
    )


_TYPE_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}


def _in_words(wanted: list[str]) -> str:
    words = [_TYPE_WORDS[one] for one in wanted if one != "null"]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]


def _wrong_type_hint(value: Any, wanted: list[str]) -> str | None:
    if value is None:
        return "write a value, or leave the key out"
    if isinstance(value, str) and "number" in wanted:
        return "write the number without quotes" if _is_numeric(value) else None
    if isinstance(value, str) and "boolean" in wanted:
        return "write true or false, without quotes"
    if isinstance(value, int | float) and "string" in wanted:
        return "put it in quotes"
    if "array" in wanted:
        return "write a list, also for a single item"
    return None


def _is_numeric(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown_condition_type(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    name = fault.value
    if not isinstance(name, str):
        return  # its wrong type is reported already
    hint = did_you_mean(name, CONDITION_TYPES)
    if name in SDK_TYPES:
        hint = f'SDKs call it that; the API\'s nearest is "{SDK_TYPES[name]}"'
    yield error(
        document,
        path,
        "condition-type-unknown",
        f'"{short(name)}" is not a condition type',
        hint or "known: " + ", ".join(CONDITION_TYPES),
    )


def _text_length(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    yield text_length(document, path, label(path), fault.value, fault.schema)


def text_length(document: Document, path: str, what: str, text: str, limits: dict[str, Any]) -> Diagnostic:
    """A text that is too short or too long; ``limits`` holds the schema's ``minLength`` and ``maxLength``."""
    most = limits.get("maxLength")
    wanted = f"{limits.get('minLength', 0)} to {most}" if most else f"at least {limits['minLength']}"
    return error(
        document, path, "text-length", f"{what} has {len(text)} characters; {wanted} are allowed", key=path == ""
    )


def _text_characters(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    yield text_characters(document, path, label(path), fault.value, fault.schema["pattern"])


def text_characters(document: Document, path: str, what: str, text: str, pattern: str) -> Diagnostic:
    """A text with characters that ids or names may not hold."""
    bad = sorted({char for char in text if char == "\n" or not re.match(pattern, char)})
    allowed = "letters, digits, blanks, _, - and ." if " " in pattern else "letters, digits, _, - and ."
    return error(
        document,
        path,
        "text-characters",
        f'{what} "{short(text)}" holds {", ".join(map(repr, bad[:5]))}',
        f"allowed are {allowed}",
    )


def _out_of_range(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    yield error(
        document,
        path,
        "percentage-range",
        f"{label(path)} is {short(str(fault.value))}; it goes from 0 to 100",
        "write percents, not a fraction or basis points" if fault.value > 0 else None,
    )


def _mixed_list(document: Document, path: str, fault: Fault) -> Iterator[Diagnostic]:
    if not isinstance(fault.value, list):
        return
    odd = next((index for index, one in enumerate(fault.value) if _odd_one(one, fault.value[0])), 0)
    yield error(
        document,
        path + pointer(odd),
        "target-value-mixed",
        f"{label(path)} holds {kind(fault.value[odd])}; the list's items must be all text or all numbers",
    )


def _odd_one(item: Any, first: Any) -> bool:
    is_number = isinstance(item, int | float) and not isinstance(item, bool)
    return not (isinstance(item, str) or is_number) or isinstance(item, str) != isinstance(first, str)


_EXPLANATIONS: dict[str, Callable[[Document, str, Fault], Iterator[Diagnostic]]] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _unknown_condition_type,
    "minLength": _text_length,
    "maxLength": _text_length,
    "pattern": _text_characters,
    "minimum": _out_of_range,
    "maximum": _out_of_range,
    "anyOf": _mixed_list,
}
"""By the schema's keyword: every one that the shipped schema uses to refuse something."""
