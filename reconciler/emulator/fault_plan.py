"""Misbehaviour on cue, so that a client's failures can be rehearsed.

A faults file is a JSON list of entries; the first entry that fires decides:

    {"method": "POST",                            any method where absent
     "path": "/console/v1/dynamic_configs*",      shell pattern on the path without query; any where absent
     "nth": [1, 3],                               which of the requests that match this entry, from 1
     "fault": {"kind": "status", "status": 503}}

In place of ``nth`` stands ``"count": 2`` (the first two), ``"always": true``, or ``"probability": 0.2``
with an optional ``"seed": 7``. Each entry counts the requests that match it by itself.

Kinds, with their keys and defaults. ``commit`` says whether the request is carried out first.

    status         status, headers {}, body (a JSON error), commit false     an answer of that status
    html           status 200, body "<html>...", commit false                 a proxy's page
    empty          status 200, commit false                                   an answer without a body
    raw            body, status 200, headers {}, encoding "utf-8", commit false   these bytes as JSON
    redirect       location, status 302, commit false                         a Location to somewhere else
    reset_before                                                              reset before it is carried out
    reset_after                                                               carried out, then reset
    cut_body       keep 0.5                           carried out; that part of the body, then the end
    delay          seconds, after false               a pause before (or after) it is carried out
    trickle        bytes 1, interval 0.3, where "body"                        carried out; body, or "headers",
                                                      sent so many bytes per so many seconds
    gzip_bomb      size 1073741824, commit false      blanks, gzip-compressed about a thousandfold
    console_edit   set {}, when "before", id, by "Jane Console"   someone edits a config "before" or "after";
                   ``set`` is {"description": "...", "rules.0.passPercentage": 30}; ``id`` is the config of
                   the path where absent

``status`` to ``redirect`` and ``console_edit`` also work on an embedded emulator; the others need a socket.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator.errors import EmulatorError, Problem
from reconciler.emulator.shapes import (
    Shape,
    array,
    boolean,
    free_object,
    number,
    number_between,
    one_of,
    strict_object,
    text,
)

Fields = dict[str, Any]

_ANSWER: Fields = {"status": 200, "headers": {}, "body": "", "encoding": "utf-8", "commit": False}
_DEFAULTS: dict[str, Fields] = {
    "status": {**_ANSWER, "body": None},
    "html": {**_ANSWER, "body": "<html><body><h1>Bad gateway</h1></body></html>"},
    "empty": _ANSWER,
    "raw": _ANSWER,
    "redirect": {**_ANSWER, "status": 302, "location": ""},
    "reset_before": {},
    "reset_after": {},
    "cut_body": {"keep": 0.5},
    "delay": {"seconds": 1.0, "after": False},
    "trickle": {"bytes": 1, "interval": 0.3, "where": "body"},
    "gzip_bomb": {"size": 1 << 30, "commit": False},
    "console_edit": {"set": {}, "when": "before", "id": None, "by": "Jane Console"},
}
_REQUIRED = {"status": ("status",), "raw": ("body",), "redirect": ("location",), "console_edit": ("set",)}


def _headers(value: Any, path: str) -> Any:
    yield from free_object(value, path)
    for name, content in value.items() if isinstance(value, dict) else ():
        if not isinstance(content, str) or any(c in name + content for c in "\r\n"):
            yield Problem(f"{path}.{name}", "Expected a string of one line")


_SHARE = number_between(0, 1, "0.000001")
_SECONDS = number_between(0, 3600, "0.001")
_FIELDS: dict[str, Shape] = {
    "kind": one_of(list(_DEFAULTS)),
    "status": number_between(200, 599, "1"),
    "headers": _headers,
    "body": text(),
    "encoding": one_of(["utf-8", "latin-1"]),
    "commit": boolean,
    "location": text(pattern=r"[^\r\n]*"),
    "keep": _SHARE,
    "seconds": _SECONDS,
    "after": boolean,
    "bytes": number_between(1, 1 << 20, "1"),
    "interval": _SECONDS,
    "where": one_of(["body", "headers"]),
    "size": number_between(1, 1 << 32, "1"),
    "set": free_object,
    "when": one_of(["before", "after"]),
    "id": text(),
    "by": text(),
}
_COUNT = number_between(1, 1 << 30, "1")
_CUES: dict[str, Shape] = {"nth": array(_COUNT), "count": _COUNT, "always": boolean, "probability": _SHARE}
_ENTRY = strict_object(
    {"method": text(), "path": text(), "seed": number, "fault": free_object, **_CUES}, required=("fault",)
)


@dataclass(frozen=True, slots=True)
class Fault:
    """``fields`` holds the keys of the kind, defaults filled in."""

    kind: str
    fields: Fields


@dataclass(slots=True)
class _Entry:
    method: str
    path: str
    fires: Callable[[int], bool]
    fault: Fault
    seen: int = field(default=0)

    def meets(self, method: str, path: str) -> bool:
        if self.method not in ("", method) or not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        return self.fires(self.seen)


class FaultPlan:
    """Which request meets which fault. Raises ``EmulatorError`` that names the entry at fault."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = [_entry(entry, position) for position, entry in enumerate(entries)]
        self._lock = threading.Lock()

    @classmethod
    def load(cls, path: str | Path) -> FaultPlan:
        try:
            entries = values.parse(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise EmulatorError(f"cannot read the faults file {path}: {error}") from error
        if not isinstance(entries, list):
            raise EmulatorError(f"{path}: a faults file is a JSON list of entries")
        return cls(entries)

    def kinds(self) -> set[str]:
        return {entry.fault.kind for entry in self._entries}

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that this request meets; counts the request."""
        with self._lock:
            fired = [entry.fault for entry in self._entries if entry.meets(method, path)]
        return fired[0] if fired else None


def _entry(entry: Any, position: int) -> _Entry:
    _require(position, list(_ENTRY(entry, "")))
    cues = [cue for cue in _CUES if cue in entry]
    if len(cues) != 1:
        raise EmulatorError(f"faults entry {position}: needs exactly one of {', '.join(_CUES)}")
    if "seed" in entry and cues != ["probability"]:
        raise EmulatorError(f"faults entry {position}: seed goes with probability only")
    return _Entry(
        entry.get("method", "").upper(), entry.get("path", "*"), _cue(entry), _fault(entry["fault"], position)
    )


def _require(position: int, problems: list[Problem]) -> None:
    if problems:
        told = "; ".join(f"{p.property}: {p.message}" if p.property else p.message for p in problems)
        raise EmulatorError(f"faults entry {position}: {told}")


def _cue(entry: Fields) -> Callable[[int], bool]:
    if "nth" in entry:
        wanted = frozenset(entry["nth"])
        return lambda seen: seen in wanted
    if "count" in entry:
        limit = entry["count"]
        return lambda seen: seen <= limit
    if "probability" in entry:
        dice = random.Random(entry.get("seed"))  # noqa: S311 - faults are to be repeatable, not secret
        return lambda _seen: dice.random() < entry["probability"]
    return lambda _seen: bool(entry["always"])


def _fault(given: Fields, position: int) -> Fault:
    _require(position, list(_FIELDS["kind"](given.get("kind"), "fault.kind")))
    kind = given["kind"]
    defaults = _DEFAULTS[kind]
    shape = strict_object({name: _FIELDS[name] for name in ("kind", *defaults)}, _REQUIRED.get(kind, ()))
    _require(position, list(shape(given, "fault")))
    fields = {**defaults, **given}
    try:
        (fields.get("body") or "").encode(fields.get("encoding", "utf-8"))
    except UnicodeEncodeError as error:
        raise EmulatorError(f"faults entry {position}: fault.body: {error}") from error
    return Fault(kind, fields)
