"""The source lines of a finding, with a caret under what it speaks of, as compilers draw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from reconciler.diagnostics import Diagnostic, Location
from reconciler.render.inert import terminal

_BEFORE = 2  # lines shown above the finding's own, to say where one is
_TAB = "    "
_NARROWEST = 30  # room for a source line, however narrow the terminal
_LOOKED_AT = 4  # times the room: what lies further off in a line that may be a megabyte long is never measured


class Sources:
    """The files' lines, split once, and only where a finding asks; of a line with a secret only that it is there."""

    def __init__(self, texts: Mapping[str, str], diagnostics: Iterable[Diagnostic]) -> None:
        self._texts = texts
        self._lines: dict[str, list[str]] = {}
        self._secret = defaultdict[str, set[int]](set)
        for one in diagnostics:
            if one.is_secret:
                self._secret[one.location.file].update(range(one.location.line, one.location.end_line + 1))

    def lines(self, file: str) -> list[str]:
        if file not in self._lines:
            lines = enumerate(_split(self._texts.get(file, "")), start=1)
            secret = self._secret[file]
            self._lines[file] = ["…" if number in secret else line for number, line in lines]
        return self._lines[file]


def excerpt(lines: Sequence[str], place: Location, width: int, cells: Callable[[str], int]) -> list[tuple[str, str]]:
    """(gutter, text) of the lines at a place, then of the caret line; nothing where the file has no such line.

    ``width`` is how many columns a line may take, ``cells`` measures a text as the terminal draws it.
    """
    if not 1 <= place.line <= len(lines):
        return []
    source = lines[place.line - 1]
    start = min(max(place.column - 1, 0), len(source))
    numbers = range(max(1, place.line - _BEFORE), place.line + 1)
    gutter = max(4, len(str(place.line)) + 1)
    room = max(width - gutter - 3, _NARROWEST)
    end = min(place.end_column - 1 if place.end_line == place.line else len(source), start + room * _LOOKED_AT)
    first = _first_shown(source, start, room, cells)
    shown = [(f"{number:>{gutter}} | ", _clip(lines[number - 1], first, room, cells)) for number in numbers]
    lead = cells("…" * bool(first) + _visible(source[first:start]))
    length = max(1, min(cells(_visible(source[start:end])), room - lead))
    return [*shown, (" " * gutter + " | ", " " * lead + "^" + "~" * (length - 1))]


def _split(text: str) -> list[str]:
    """The lines of a file as editors count them: ended by LF, CRLF or CR."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _first_shown(source: str, start: int, room: int, cells: Callable[[str], int]) -> int:
    """The first character to show, so that what comes at ``start`` is within the room that there is."""
    before = source[max(0, start - room * _LOOKED_AT) : start]
    if len(before) == start and cells(_visible(before)) < room * 2 // 3:
        return 0
    kept = before[-(room // 3) :]
    while cells(_visible(kept)) > room // 3:
        kept = kept[1:]
    return start - len(kept)


def _clip(line: str, first: int, room: int, cells: Callable[[str], int]) -> str:
    """What of a line is shown from ``first`` on, with … where some is left out."""
    lead = "…" if first and line else ""
    kept = line[first : first + room]
    shown = lead + _visible(kept)
    if cells(shown) <= room and len(line) <= first + room:
        return shown
    while kept and cells(shown) >= room:
        kept = kept[: len(kept) - max(1, (cells(shown) - room) // 8)]
        shown = lead + _visible(kept)
    return shown + "…"


def _visible(text: str) -> str:
    return terminal(text.replace("\t", _TAB))
