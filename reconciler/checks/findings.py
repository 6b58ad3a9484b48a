"""How a check says what it found: a pointer into the file's data becomes a placed ``Diagnostic``."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import Diagnostic, Location, Severity, parts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.files import Document


MOST_NAMED = 12
"""Places that one finding names where it concerns many; the others are counted."""

MOST_FINDINGS = 1_000
"""Findings of one check in one file; each takes memory, and a megabyte has room for many."""


def error(
    document: Document, path: str, code: str, message: str, hint: str | None = None, *, key: bool = False
) -> Diagnostic:
    """What must be mended. ``key`` places it at the key itself, not at its value."""
    place = document.locate(path, key)
    return Diagnostic(Severity.ERROR, code, message, place, hint, id=document.id, path=path)


def warning(
    document: Document, path: str, code: str, message: str, hint: str | None = None, *, key: bool = False
) -> Diagnostic:
    """What is most likely a mistake, or may be refused; settings can silence or raise it by its code."""
    place = document.locate(path, key)
    return Diagnostic(Severity.WARNING, code, message, place, hint, id=document.id, path=path)


def first_line(document: Document) -> Location:
    """The place of what is about a file as a whole."""
    first = document.text.split("\n", 1)[0].rstrip("\r")
    return Location(document.file, 1, 1, 1, max(2, len(first) + 1))


def kind(value: Any) -> str:
    """What a JSON value is, as people say it, with the value itself where it is short: ``text "10"``."""
    if value is None:
        return "blank (null)"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'text "{short(value)}"'
    return f"the number {short(str(value))}"


def short(text: str, most: int = 40) -> str:
    """The text, cut where it is long."""
    return text if len(text) <= most else text[: most - 1] + "…"


def with_more(found: Diagnostic, more: int, what: str) -> Diagnostic:
    """The last finding that is named, with the number of the others like it."""
    return replace(found, message=f"{found.message}; and {more:,} more {what}") if more else found


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, whatever its case."""
    by_lower = {one.lower(): one for one in known}
    near = get_close_matches(word.lower(), list(by_lower), n=1)
    return by_lower[near[0]] if near else None


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint with the nearest known word, or None where nothing is near."""
    near = nearest(word, known)
    return f'did you mean "{near}"?' if near else None


def label(path: str) -> str:
    """What a person calls the thing at a pointer: its key, or ``tags[0]`` for an item of a list."""
    names = parts(path)
    if not names:
        return "the file"
    if names[-1].isdigit() and len(names) > 1:
        return f"{names[-2]}[{names[-1]}]"
    return names[-1]
