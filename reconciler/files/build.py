"""Events → plain data and findings: every rule on structure, for all formats at once."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import pointer
from reconciler.files import file_limits, flaws
from reconciler.files.events import ALIAS, ANCHOR, END, FLAW, MAPPING, MERGE, SCALAR, SEQUENCE, Syntax
from reconciler.files.flaws import Flaw, Found, UnreadableError

_ITEM = object()  # a frame's key where the frame is a list
_DUE = object()  # a frame's key where a key comes next
_MERGE = object()  # stands for << in a mapping until it ends


@dataclass(frozen=True, slots=True)
class Built:
    """What was read. ``roots`` holds one value, or none for an empty text; data may share aliased parts."""

    roots: list[Any]
    found: list[Found]
    placeholders: frozenset[str]


def build(syntax: Syntax) -> Built:
    """Reads a text to its end, or to what stops reading: then the last finding says why and there are no roots."""
    building = _Building(syntax)
    try:
        building.run()
    except UnreadableError as error:
        found = [*building.found, Found(error.flaw, error.start, error.end)]
        return Built([], found, frozenset())
    return Built(building.roots, building.found, frozenset(building.placeholders))


class _Discarded:
    """Takes a key's place in a mapping until it ends, where the key cannot be kept but its value is read on."""

    def __init__(self, name: str) -> None:
        self.name = name


@dataclass(slots=True)
class _Anchor:
    """An anchored value: how much an alias of it repeats. ``value`` counts once ``closed``."""

    name: str
    start: int
    nodes: int
    grown: int
    value: Any = None
    closed: bool = False


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being read; ``part`` is its own part of the JSON Pointer."""

    value: Any
    key: Any
    part: Any
    anchor: _Anchor | None = None
    merge_token: Any = None


class _Building:
    def __init__(self, syntax: Syntax) -> None:
        self.syntax = syntax
        self.roots: list[Any] = []
        self.found: list[Found] = []
        self.placeholders: set[str] = set()
        self.frames = [_Frame(self.roots, _ITEM, None)]
        self.nodes = 0
        self.grown = 0
        self.anchor: _Anchor | None = None  # the one that the next value has
        self.anchors: dict[str, _Anchor] = {}
        self.forms: set[tuple[int, str]] = set()  # (mapping's id, NFC form) of the keys beyond ASCII
        self.has_odd_keys = False

    def run(self) -> None:
        frame = self.frames[-1]
        for kind, value, token in self.syntax.events():
            if kind == SCALAR:
                self.put(frame, value, token)
                if self.anchor is not None:
                    self.close_scalar(value, token)
            else:
                self.other(kind, value, token)
                frame = self.frames[-1]

    def other(self, kind: int, value: Any, token: Any) -> None:
        frame = self.frames[-1]
        if kind == END:
            self.leave(self.frames.pop(), token)
        elif kind in (MAPPING, SEQUENCE):
            self.enter(frame, kind, token)
        elif kind == MERGE:
            self.merge_key(frame, value, token)
        elif kind == ANCHOR:
            self.anchor = _Anchor(value, self.syntax.span(token)[0], self.nodes, self.grown)
            self.anchors[value] = self.anchor
        elif kind == ALIAS:
            self.put(frame, self.repeated(value, token), token)
        else:
            self.report(value, token)
            if kind == FLAW and frame.key is not _DUE:
                self.hold_place()

    def put(self, frame: _Frame, value: Any, token: Any) -> None:
        """Adds a value to a mapping or list, or takes it as the mapping's next key."""
        self.nodes += 1
        if self.nodes > file_limits.MAX_NODES:
            raise UnreadableError(flaws.too_many_nodes(), *self.syntax.span(token))
        key = frame.key
        if key is _ITEM:
            frame.value.append(value)
        elif key is not _DUE:
            frame.value[key] = value
            frame.key = _DUE
        elif len(frame.value) >= file_limits.MAX_KEYS:
            raise UnreadableError(flaws.too_many_keys(), *self.syntax.span(token))
        elif type(value) is str and value.isascii() and value not in frame.value:
            frame.key = value
        else:
            frame.key = self.odd_key(frame, value, token)

    def odd_key(self, frame: _Frame, value: Any, token: Any) -> Any:
        """The key to keep for one that is no string, is there already, or may look like another."""
        mapping: dict[Any, Any] = frame.value
        if isinstance(value, (dict, list)):
            self.report(flaws.key_not_string("a mapping" if isinstance(value, dict) else "a list"), token)
            return self.discarded("?")
        if not isinstance(value, str):
            start, end = self.syntax.span(token)
            text = self.syntax.text[start:end]
            self.report(flaws.key_not_string(text or "empty"), token, text)
            return self.discarded(text) if text in mapping else text
        if value in mapping:
            self.report(flaws.duplicate_key(value), token, value)
            return self.discarded(value)
        if not value.isascii():
            form = (id(mapping), unicodedata.normalize("NFC", value))
            if form in self.forms:
                self.report(flaws.key_forms(value), token, value)
            self.forms.add(form)
        return value

    def discarded(self, name: str) -> _Discarded:
        self.has_odd_keys = True
        return _Discarded(name)

    def enter(self, frame: _Frame, kind: int, token: Any) -> None:
        if len(self.frames) > file_limits.MAX_DEPTH:
            raise UnreadableError(flaws.too_deep(), *self.syntax.span(token))
        value: Any = {} if kind == MAPPING else []
        part = self.next_part(frame)
        self.put(frame, value, token)
        self.frames.append(_Frame(value, _DUE if kind == MAPPING else _ITEM, part, self.anchor))
        self.anchor = None

    def leave(self, frame: _Frame, token: Any) -> None:
        if self.has_odd_keys and isinstance(frame.value, dict):
            self.settle(frame)
        if frame.anchor is not None:
            self.close(frame.anchor, frame.value, self.syntax.span(token)[1])

    def settle(self, frame: _Frame) -> None:
        """Drops the keys that were only held, and merges what << names: written keys win, then earlier mappings."""
        mapping: dict[Any, Any] = frame.value
        for key in [key for key in mapping if isinstance(key, _Discarded)]:
            del mapping[key]
        if _MERGE not in mapping:
            return
        merged = mapping.pop(_MERGE)
        sources = merged if isinstance(merged, list) else [merged]
        if not all(isinstance(source, dict) for source in sources):
            inner = (frame.part, _MERGE) if len(self.frames) > 1 else (_MERGE,)
            self.note(flaws.merge_not_mapping(), frame.merge_token, self.path_of(*inner))
            return
        for source in sources:
            for key, value in source.items():
                mapping.setdefault(key, value)

    def merge_key(self, frame: _Frame, value: str, token: Any) -> None:
        if frame.key is not _DUE:
            self.put(frame, value, token)
        elif _MERGE in frame.value:
            self.report(flaws.duplicate_key(value), token, value)
            frame.key = self.discarded(value)
        else:
            self.has_odd_keys = True
            frame.key = _MERGE
            frame.merge_token = token
        self.close_scalar(value, token)

    def close_scalar(self, value: Any, token: Any) -> None:
        """Closes the anchor of a key or value that has no parts, if it has one."""
        if self.anchor is not None:
            self.close(self.anchor, value, self.syntax.span(token)[1])
            self.anchor = None

    def close(self, anchor: _Anchor, value: Any, end: int) -> None:
        """From here on the anchor can be repeated; it weighs what was read since it was set."""
        anchor.nodes = max(self.nodes - anchor.nodes, 1)
        anchor.grown = self.grown - anchor.grown + end - anchor.start
        anchor.value = value
        anchor.closed = True

    def repeated(self, name: str, token: Any) -> Any:
        """The value of an alias, or None and a finding."""
        anchor = self.anchors.get(name)
        if anchor is None or not anchor.closed:
            self.report(flaws.alias_unknown(name) if anchor is None else flaws.alias_recursive(name), token)
            self.hold_place()
            return None
        self.nodes += anchor.nodes
        self.grown += anchor.grown
        if self.nodes > file_limits.MAX_NODES or self.grown > file_limits.MAX_ALIAS_GROWTH:
            raise UnreadableError(flaws.alias_growth(), *self.syntax.span(token))
        return anchor.value

    def report(self, flaw: Flaw, token: Any, key: str | None = None) -> None:
        """Notes a finding on the value that comes next, or on the key that is read just now."""
        path = self.path() if key is None else self.path_of(key)
        self.note(flaw, token, path)

    def note(self, flaw: Flaw, token: Any, path: str) -> None:
        self.found.append(Found(flaw, *self.syntax.span(token), path))
        if len(self.found) >= file_limits.MAX_FINDINGS:
            raise UnreadableError(flaws.too_many_findings(), *self.syntax.span(token))

    def hold_place(self) -> None:
        """The value that comes next is a placeholder, unless it is dropped anyway."""
        following = self.next_part(self.frames[-1])
        if all(isinstance(part, (str, int)) for part in [*(frame.part for frame in self.frames[2:]), following]):
            self.placeholders.add(self.path())

    def path(self) -> str:
        """The JSON Pointer of the value that comes next; of its mapping where a key comes next."""
        frame = self.frames[-1]
        if frame.value is self.roots or frame.key is _DUE:
            return self.path_of()
        return self.path_of(self.next_part(frame))

    def path_of(self, *inner: Any) -> str:
        """The JSON Pointer of what is being read, and on from there."""
        return pointer(*(_name(part) for part in [*(frame.part for frame in self.frames[2:]), *inner]))

    def next_part(self, frame: _Frame) -> Any:
        return len(frame.value) if frame.key is _ITEM else frame.key


def _name(part: Any) -> Any:
    if isinstance(part, _Discarded):
        return part.name
    return part if isinstance(part, (str, int)) else _NAMELESS.get(part)


_NAMELESS = {_MERGE: "<<", _DUE: "?"}
