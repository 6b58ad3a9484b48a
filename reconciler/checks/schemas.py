"""A config's ``schema``: it is a JSON Schema that can be used, and every value of the config meets it.

Statsig holds values to the schema when they are written, so what fails here would be refused there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reconciler.checks.bounds import Named
from reconciler.checks.findings import did_you_mean, error, kind, short, warning
from reconciler.checks.parts import outcomes
from reconciler.diagnostics import Diagnostic, Severity, parts, pointer

if TYPE_CHECKING:
    from reconciler.checks.schema_engine import Engine, Fault, Mismatch
    from reconciler.files import Document, JsonError
    from reconciler.files.settings import Settings


TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")
"""The types of JSON Schema."""


@dataclass(frozen=True, slots=True)
class _Schema:
    """The schema of a config as data, and the key that holds it; ``is_text`` where it is written as text."""

    key: str
    data: Any
    is_text: bool

    def at(self, path: str) -> str:
        """Where a part of the schema stands in the file: within a text only the text itself has a place."""
        return pointer(self.key) + ("" if self.is_text else path)


def schema(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """The schema first; where it can be used, every value against it."""
    if document.data.get("schema") is None and document.data.get("schemaJson5") is None:
        return
    from reconciler.files import JsonError

    try:
        read = _read(document.data)
    except JsonError as fault:
        yield _not_json(document, fault)
        return
    if read is None:
        return
    from reconciler.checks.schema_engine import DRAFT, Engine, faults

    draft = read.data.get("$schema") if isinstance(read.data, dict) else None
    if isinstance(draft, str) and draft.rstrip("#") != DRAFT:
        yield _other_draft(document, read, draft)
    found = faults(read.data)
    for one in found:
        yield _FAULTS[one.kind](document, read, one)
    if not found:
        yield from _values(document, read, Engine(read.data))


def violations(schema: Any, values: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, str]]:
    """Which of the named values do not meet a schema that is in use, and why: the first reason for each."""
    from reconciler.checks.schema_engine import Engine, TooMuchWorkError, faults

    if faults(schema):
        return
    engine = Engine(schema)
    for name, value in values:
        try:
            first = next(engine.mismatches(value), None)
        except TooMuchWorkError:
            return
        if first is not None:
            yield name, _in_words(first)[1]


def _read(data: dict[str, Any]) -> _Schema | None:
    from reconciler.files import JsonError, parse_json5

    value = data.get("schema")
    if isinstance(value, dict):
        return _Schema("schema", value, is_text=False)
    if isinstance(value, str):
        return _Schema("schema", parse_json5(value), is_text=True)
    twin = data.get("schemaJson5")
    if value is not None or not isinstance(twin, str):
        return None
    try:
        return _Schema("schemaJson5", parse_json5(twin), is_text=True)
    except JsonError:
        return None  # the check of twins says so


def _values(document: Document, read: _Schema, engine: Engine) -> Iterator[Diagnostic]:
    from reconciler.checks.schema_engine import TooMuchWorkError

    named = Named()
    for path, value, is_text in _outcomes(document.data):
        try:
            for one in engine.mismatches(value):
                if named.takes(one.schema_path):
                    named.add(one.schema_path, _mismatch(document, read, path, one, is_text))
        except TooMuchWorkError:
            yield _unchecked(document, read, path, engine.hardest())
            break
    yield from named.findings()
    if engine.unexplained is not None:
        yield _unexplained(document, read, engine.unexplained)


def _outcomes(data: dict[str, Any]) -> Iterator[tuple[str, Any, bool]]:
    """Each value that users may get: its place, itself, and whether it stands there as text. No default is ``{}``."""
    from reconciler.files import JsonError, parse_json5

    for path, owner, key in outcomes(data):
        text = owner.get(key + "Json5")
        if key in owner:
            yield path + pointer(key), owner[key], False
        elif isinstance(text, str):
            try:
                yield path + pointer(key + "Json5"), parse_json5(text), True
            except JsonError:
                continue  # the check of twins says so
        elif path == "":
            yield pointer(key), {}, True


def _mismatch(document: Document, read: _Schema, path: str, one: Mismatch, is_text: bool) -> Diagnostic:
    line = document.locate(read.at(one.schema_path)).line
    inner, message, at_key = _in_words(one)
    where = path if is_text else path + inner
    if is_text and inner:
        message = f"{inner}: {message}"
    return error(
        document,
        where,
        "value-against-schema",
        f"{message} (the schema says so in line {line})",
        key=at_key and not is_text,
    )


def _in_words(one: Mismatch) -> tuple[str, str, bool]:
    """Where in the value to point, what to say there, and whether a key is meant."""
    if one.error is None:
        return "", "this value does not meet the schema, which is too large to say where", False
    fault: Any = one.error.kind
    name = parts(one.schema_path)[-1] if one.schema_path else ""
    if name == "required":
        return one.value_path + pointer(fault.property), f'"{short(fault.property)}" is missing', False
    if name in ("additionalProperties", "unevaluatedProperties") and fault.name == name and fault.unexpected:
        key = fault.unexpected[0]
        return one.value_path + pointer(key), f'"{short(key)}" is not a key that the schema knows', True
    return one.value_path, _sentence(fault, one.error), False


def _sentence(fault: Any, raised: Any) -> str:
    value = raised.instance
    limit = getattr(fault, "limit", None)
    sentences = {
        "type": lambda: f"this is {kind(value)}; wanted: {' or '.join(fault.types)}",
        "enum": lambda: f"{_shown(value)} is none of {', '.join(map(_shown, fault.options[:10]))}",
        "const": lambda: f"{_shown(value)} is not {_shown(fault.expected_value)}",
        "pattern": lambda: f"{_shown(value)} does not match {short(fault.pattern, 80)}",
        "minimum": lambda: f"{_shown(value)} is less than {limit}",
        "maximum": lambda: f"{_shown(value)} is more than {limit}",
        "minLength": lambda: f"{_shown(value)} is shorter than {limit} characters",
        "maxLength": lambda: f"{_shown(value)} is longer than {limit} characters",
        "minItems": lambda: f"this list has {len(value)} items; at least {limit} are needed",
        "maxItems": lambda: f"this list has {len(value)} items; at most {limit} are allowed",
    }
    return sentences[fault.name]() if fault.name in sentences else short(raised.message.splitlines()[0], 160)


def _shown(value: Any) -> str:
    return f'"{short(value)}"' if isinstance(value, str) else short(str(value))


def _not_json(document: Document, fault: JsonError) -> Diagnostic:
    return error(
        document,
        "/schema",
        "schema-syntax",
        f"schema is text that is neither JSON nor JSON5: {fault.message}, in line {fault.line} of the text",
        "a schema may also be written as a mapping",
    )


def _other_draft(document: Document, read: _Schema, draft: str) -> Diagnostic:
    return warning(
        document,
        read.at("/$schema"),
        "schema-draft",
        f'"{short(draft, 80)}" is another draft; Statsig reads schemas as draft 2020-12',
    )


def _invalid(document: Document, read: _Schema, fault: Fault, hint: str | None = None) -> Diagnostic:
    message = f"this is not a JSON Schema of draft 2020-12: {short(fault.found, 200)}"
    return error(document, read.at(fault.path), "schema-invalid", message, hint)


def _no_type(document: Document, read: _Schema, fault: Fault) -> Diagnostic:
    said = replace(fault, found=f'"{short(fault.found)}" is not a type')
    return _invalid(document, read, said, did_you_mean(fault.found, TYPES) or "known: " + ", ".join(TYPES))


def _outside(document: Document, read: _Schema, fault: Fault) -> Diagnostic:
    return error(
        document,
        read.at(fault.path),
        "schema-outside",
        f'"{short(fault.found, 80)}" leads out of this schema; nothing is ever fetched',
        'put what is meant under "$defs" and refer to it by "#/$defs/…"',
    )


def _bad_pattern(document: Document, read: _Schema, fault: Fault) -> Diagnostic:
    return error(
        document,
        read.at(fault.path),
        "schema-pattern",
        f'"{short(fault.found, 80)}" is not a regular expression, or is too large to run safely',
        key="patternProperties" in parts(fault.path)[-2:-1],
    )


def _unchecked(document: Document, read: _Schema, path: str, part: str) -> Diagnostic:
    """Only a warning: the value may be right, and Statsig looks at it when it is written."""
    line = document.locate(path).line
    found = _too_much_work(document, read, f"the value in line {line} and those below it are not checked", part)
    return replace(found, severity=Severity.WARNING)


def _unexplained(document: Document, read: _Schema, part: str) -> Diagnostic:
    return warning(
        document,
        read.at(part),
        "schema-unexplained",
        f"{_part_of(read, part)} is too large to name every value that does not meet it: only the first is named",
        'fix that one and validate again; or shorten the "enum", "const" or "required" here',
    )


def _part_of(read: _Schema, part: str) -> str:
    return f"{pointer(read.key)}{short(part, 200)}"


def _too_large(document: Document, read: _Schema, fault: Fault) -> Diagnostic:
    return _too_much_work(document, read, f"reading {fault.found}", fault.path)


def _loop(document: Document, read: _Schema, fault: Fault) -> Diagnostic:
    return error(
        document,
        read.at(fault.path),
        "schema-loop",
        "this schema refers back to itself about the same value, so it never decides",
        "let the reference stand below properties or items",
    )


def _too_much_work(document: Document, read: _Schema, what: str, part: str) -> Diagnostic:
    return error(
        document,
        read.at(part),
        "schema-work",
        f"{_part_of(read, part)} asks for too much work: {what}",
        "look for branches that double, references that come back to the same value, long enums and large patterns",
    )


_FAULTS = {
    "invalid": _invalid,
    "outside": _outside,
    "pattern": _bad_pattern,
    "work": _too_large,
    "loop": _loop,
    "type": _no_type,
}
