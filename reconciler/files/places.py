"""Events → where every part of a text stands. Only findings and twins pay for it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from reconciler.diagnostics import Location, parts
from reconciler.files.events import ALIAS, ANCHOR, END, FLAW, MAPPING, MERGE, REMARK, SEQUENCE, Span, Syntax


@dataclass(slots=True)
class Place:
    """Where a value stands, and its key if it has one; ``children`` for a mapping by key, for a list by index.

    An aliased or merged value stands where it is written, under the key that leads to it.
    """

    start: int
    end: int
    key: Span | None = None
    children: dict[str, Place] | list[Place] | None = None

    def child(self, part: str) -> Place | None:
        """The part of a value that a part of a JSON Pointer names."""
        if isinstance(self.children, dict):
            return self.children.get(part)
        if isinstance(self.children, list) and part.isdecimal() and int(part) < len(self.children):
            return self.children[int(part)]
        return None

    def find(self, path: str) -> tuple[Place, bool]:
        """The place of a JSON Pointer, or of its nearest parent; and whether it is the very one."""
        place = self
        for part in parts(path):
            child = place.child(part)
            if child is None:
                return place, False
            place = child
        return place, True

    def walk(self, path: str = "") -> Iterator[tuple[str, Place]]:
        """Every place with its JSON Pointer, from the outside in."""
        yield path, self
        children = self.children or ()
        for part, child in children.items() if isinstance(children, dict) else enumerate(children):
            yield from child.walk(path + "/" + str(part).replace("~", "~0").replace("/", "~1"))


def places(syntax: Syntax) -> Place:
    """The place of the text's one value and of all in it; the text has been read without an ``UnreadableError``."""
    placing = _Placing(syntax)
    for kind, value, token in syntax.events():
        placing.take(kind, value, token)
    assert placing.root is not None
    return placing.root


@dataclass(slots=True)
class _Anchor:
    """An anchored value; its place is known once it has ended."""

    value: object
    place: Place | None = None


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read, and for a mapping the key whose value comes next."""

    place: Place
    anchor: _Anchor | None
    key_due: bool
    key: str | None = None
    key_span: Span | None = None
    is_merge: bool = False
    merged: Place | None = None


class _Placing:
    """Follows the same events as the building of data does, and keeps the same keys."""

    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.root: Place | None = None
        self.frames: list[_Frame] = []
        self.end = 0  # of what was read last
        self.anchor: _Anchor | None = None  # the one that the next value has
        self.anchors: dict[str, _Anchor] = {}

    def take(self, kind: int, value: object, token: object) -> None:
        if kind == ANCHOR:
            self.anchor = self.anchors[str(value)] = _Anchor(None)
        elif kind not in (REMARK, FLAW):
            span = self.syntax.span(token)
            self.end = span[1] if span[1] > span[0] or kind != END else self.end
            if kind == END:
                self.leave(self.frames.pop())
            elif kind == ALIAS:
                anchor = self.anchors.get(str(value), _Anchor(None))
                there = anchor.place or Place(*span)
                self.put(Place(there.start, there.end, None, there.children), kind, anchor.value, span)
            elif kind in (MAPPING, SEQUENCE):
                place = Place(*span, None, {} if kind == MAPPING else [])
                self.put(place, kind, None, span)
                self.frames.append(_Frame(place, self.anchor, kind == MAPPING))
                self.anchor = None
            else:
                self.leaf(Place(*span), kind, value, span)

    def leaf(self, place: Place, kind: int, value: object, span: Span) -> None:
        self.put(place, kind, value, span)
        if self.anchor is not None:
            self.anchor.place, self.anchor.value = place, value
            self.anchor = None

    def put(self, place: Place, kind: int, value: object, span: Span) -> None:
        frame = self.frames[-1] if self.frames else None
        if frame is None:
            self.root = place
        elif isinstance(frame.place.children, list):
            frame.place.children.append(place)
        elif frame.key_due:
            frame.key_due = False
            frame.key_span = span
            frame.is_merge = kind == MERGE
            frame.key = self.key_text(kind, value, span)
        else:
            self.put_by_key(frame, place)

    def put_by_key(self, frame: _Frame, place: Place) -> None:
        """Keeps the first of two values with one key, as the data does."""
        assert isinstance(frame.place.children, dict)
        place.key = frame.key_span
        if frame.is_merge:
            frame.merged = frame.merged or place
        elif frame.key is not None:
            frame.place.children.setdefault(frame.key, place)
        frame.key_due = True

    def key_text(self, kind: int, value: object, span: Span) -> str | None:
        """The key in the data; None where it has none there."""
        if isinstance(value, str) or kind in (MAPPING, SEQUENCE):
            return value if isinstance(value, str) else None
        return self.syntax.text[span[0] : span[1]]

    def leave(self, frame: _Frame) -> None:
        frame.place.end = self.end
        if frame.merged is not None and isinstance(frame.place.children, dict):
            merged = frame.merged.children
            for source in merged if isinstance(merged, list) else [frame.merged]:
                for key, place in source.children.items() if isinstance(source.children, dict) else ():
                    frame.place.children.setdefault(key, place)
        if frame.anchor is not None:
            frame.anchor.place = frame.place


_LINE_END = re.compile(r"\r\n|\r|\n")


@lru_cache(maxsize=16)
def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def location(file: str, text: str, start: int, end: int) -> Location:
    """The place of two offsets, in lines as editors count them: they end in LF, CR LF or CR."""
    starts = _line_starts(text)
    line, end_line = bisect_right(starts, start), bisect_right(starts, end)
    return Location(file, line, start - starts[line - 1] + 1, end_line, end - starts[end_line - 1] + 1)


def first_line_end(text: str, start: int, end: int) -> int:
    """Where the first line of a range ends."""
    line_end = _LINE_END.search(text, start, end)
    return end if line_end is None else line_end.start()
