"""Bytes → documents."""

from __future__ import annotations

from typing import Any

from reconciler.diagnostics import Diagnostic, Location
from reconciler.files import flaws
from reconciler.files.build import build
from reconciler.files.document import Document, Format, syntax_of
from reconciler.files.file_limits import MAX_BYTES
from reconciler.files.flaws import Flaw, Found
from reconciler.files.json5_syntax import Json5Syntax
from reconciler.files.places import first_line_end, location, places
from reconciler.files.quick import quick
from reconciler.files.sources import File, RefusedFileError, Source

_BOM = b"\xef\xbb\xbf"


class JsonError(Exception):
    """A text that is not strictly JSON5; ``line`` and ``column`` are 1-based."""

    def __init__(self, message: str, line: int, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.column = column


def load(source: Source) -> tuple[list[Document], list[Diagnostic]]:
    """Every file of a source, read and parsed, in the order of their paths."""
    files, refused = source.files()
    diagnostics = list(refused)
    documents = []
    for file in files:
        document, found = load_file(file)
        diagnostics += found
        if document is not None:
            documents.append(document)
    return documents, sorted(diagnostics, key=lambda one: one.sort_key)


def load_file(file: File) -> tuple[Document | None, list[Diagnostic]]:
    """One file, read and parsed: what a worker process does."""
    try:
        content = file.read()
    except RefusedFileError as error:
        return None, [whole_file(file.path, error.flaw)]
    return parse(file.path, content, file.format)


def parse(file: str, content: bytes | str, text_format: Format) -> tuple[Document | None, list[Diagnostic]]:
    """A document and all findings; no document where nothing could be read or the file holds no mapping."""
    encoded = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    if len(encoded) > MAX_BYTES:
        return None, [whole_file(file, flaws.too_large())]
    encoded = encoded.removeprefix(_BOM)
    try:
        text = encoded.decode("utf-8")
    except UnicodeDecodeError as error:
        return None, [_undecodable(file, encoded, error)]
    data = quick(text, text_format)
    if data is not None:
        return Document(file, text, text_format, data), []
    return _carefully(file, text, text_format)


def _carefully(file: str, text: str, text_format: Format) -> tuple[Document | None, list[Diagnostic]]:
    """Reads a text with all findings, once it is known not to be an ordinary one."""
    syntax = syntax_of(text, text_format)
    built = build(syntax)
    found = built.found
    if not built.roots and not found:
        found = [Found(flaws.empty_file(), 0, 0)]
    elif built.roots and not isinstance(built.roots[0], dict):
        root = places(syntax)
        flaw = flaws.not_a_mapping(json_type(built.roots[0])) if root.start < root.end else flaws.empty_file()
        found = [*found, Found(flaw, root.start, first_line_end(text, root.start, root.end), "")]
    diagnostics = [
        Diagnostic(
            one.flaw.severity,
            one.flaw.code,
            one.flaw.message,
            location(file, text, one.start, one.end),
            one.flaw.hint,
            path=one.path,
        )
        for one in found
    ]
    if not built.roots or not isinstance(built.roots[0], dict):
        return None, diagnostics
    return Document(file, text, text_format, built.roots[0], built.placeholders), diagnostics


def parse_json5(text: str) -> Any:
    """The value of a JSON5 text; raises ``JsonError`` at the first finding."""
    built = build(Json5Syntax(text))
    if built.found or not built.roots:
        first = min(built.found, key=lambda one: one.start, default=Found(flaws.empty_file(), 0, 0))
        place = location("", text, first.start, first.end)
        raise JsonError(first.flaw.message, place.line, place.column)
    return built.roots[0]


def json_type(value: Any) -> str:
    """What a person calls a value's type."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return "a number"


def whole_file(file: str, flaw: Flaw) -> Diagnostic:
    """A finding without a line."""
    return Diagnostic(flaw.severity, flaw.code, flaw.message, Location(file), flaw.hint)


def _undecodable(file: str, encoded: bytes, error: UnicodeDecodeError) -> Diagnostic:
    """The finding at the first byte that is not UTF-8."""
    before = encoded[: error.start].decode("utf-8")
    wide = encoded[:2] in (b"\xff\xfe", b"\xfe\xff")
    flaw = flaws.not_utf8("the file is UTF-16; save it as UTF-8" if wide else "save the file as UTF-8")
    place = location(file, before, len(before), len(before))
    return Diagnostic(flaw.severity, flaw.code, flaw.message, place, flaw.hint)
