"""The author's text of a JSON5 value: without the file's indentation, and with what makes its comments comparable.

A comment's anchor says what it follows: an opening bracket, a key, a value, or nothing yet. Commas, colons and white
space outside comments do not count, and neither does the order of keys that keep their comments.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from reconciler.files.build import build
from reconciler.files.json5_syntax import COMMENT, Json5Syntax
from reconciler.files.places import Place, places
from reconciler.files.quick import quick
from reconciler.model import Twin

_STRING_OR_COMMENT = re.compile(rf"""\"(?:[^"\\]|\\(?s:.))*+"|'(?:[^'\\]|\\(?s:.))*+'|(?P<comment>{COMMENT})""")
_MAY_HAVE_COMMENT = re.compile("/[/*]")
_INDENT = re.compile(r"[ \t]*")
_LINES_IN_STRING = re.compile(r"\\[\r\n]")


def comments_of(json5_text: str) -> Twin | None:
    """The twin of a text; None where it is not strictly JSON5."""
    syntax = Json5Syntax(json5_text)
    if quick(json5_text, "json5") is None:
        built = build(syntax)
        if built.found or not built.roots:
            return None
    if not _MAY_HAVE_COMMENT.search(json5_text):
        return Twin(json5_text, ())
    return Twin(json5_text, _comments(json5_text, 0, places(syntax), json5_text))


def twin_at(text: str, place: Place) -> Twin:
    """The twin of a value in a JSON5 text that has been read."""
    line_start = max(text.rfind("\n", 0, place.start), text.rfind("\r", 0, place.start)) + 1
    indent = _INDENT.match(text, line_start, place.start)
    source = text[place.start : place.end]
    written = dedented(source, indent[0] if indent else "")
    if not _MAY_HAVE_COMMENT.search(source):
        return Twin(written, ())
    return Twin(written, _comments(source, place.start, place, written))


def dedented(source: str, indent: str) -> str:
    """A value's text without the indentation that its lines share; ``indent`` is that of the line it starts on."""
    first, *lines = source.split("\n")
    for line in lines:
        while line.strip() and not line.startswith(indent):
            indent = indent[:-1]
    if not indent:
        return source
    text = "\n".join([first, *(line.removeprefix(indent) if line.strip() else line.lstrip(" \t") for line in lines)])
    return text if not _LINES_IN_STRING.search(source) or _same_value(text, source) else source


def indented(source: str, indent: str) -> str:
    """The reverse: a value's text for a place at some depth. Left as it is where that would change a string in it."""
    first, *lines = source.split("\n")
    text = "\n".join([first, *(indent + line if line.strip() else line for line in lines)])
    return text if not _LINES_IN_STRING.search(source) or _same_value(text, source) else source


def _same_value(one: str, other: str) -> bool:
    # As text, since 1 == True.
    return repr(build(Json5Syntax(one)).roots) == repr(build(Json5Syntax(other)).roots)


def _comments(source: str, offset: int, root: Place, written: str) -> tuple[tuple[str, str], ...]:
    """The comments in a text that stands at some offset of the one that was placed, as they read in ``written``."""
    marks = sorted(_marks(root))
    ends = [end - offset for end, _ in marks]
    found = []
    for there, here in zip(_comments_in(source), _comments_in(written), strict=True):
        before = bisect_right(ends, there.start())
        lines = here["comment"].splitlines()
        found.append((marks[before - 1][1] if before else "before", "\n".join(line.rstrip() for line in lines)))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def _comments_in(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _STRING_OR_COMMENT.finditer(text) if match["comment"] is not None)


def _marks(root: Place) -> list[tuple[int, str]]:
    """What a comment can follow: (the offset where it ends, the anchor)."""
    found = []
    for path, place in root.walk():
        found.append((place.end, f"after {path}"))
        if place.key is not None:
            found.append((place.key[1], f"key {path}"))
        if place.children is not None:
            found.append((place.start + 1, f"open {path}"))
    return found
