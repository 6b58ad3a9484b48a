"""The third side of a plan: what each config's file asked for when it and live last agreed.

For a config whose last write is open (``record.OpenWrite``) that depends on what live is now. It is decided for the
whole config, never by field:

    live is as that write was planned against, version and all   the write did not happen: the file before it
                                                                 (or an earlier write that was still open then)
    the server made something else of the write                  what was read then: the server made it, not a person
    anything else                                                what was written
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reconciler.core import normalize
from reconciler.core.diff import diff
from reconciler.core.fingerprint import fingerprint, version
from reconciler.core.normalize import same
from reconciler.core.record import OpenWrite, Record
from reconciler.model import FieldChange, Resource
from reconciler.ports import Payload


@dataclass(frozen=True, slots=True)
class Base:
    """``resources`` maps an id to what its file asked for, or to None where that file cannot be parsed today."""

    name: str
    resources: Mapping[str, Resource | None]
    record: Record = field(default_factory=Record)

    @property
    def ids(self) -> set[str]:
        """Every config that was once applied from a file, or may have been."""
        return {*self.resources, *self.record.open}

    def of(self, config_id: str, live: Resource | None) -> Resource | None:
        """What a config's file last agreed with live on; None where the base does not know."""
        write = self.record.open.get(config_id)
        held = None if write is None else what_live_holds(write, live)
        return self.resources.get(config_id) if held is None else _resource(config_id, held)

    def not_kept(self, config_id: str, live: Resource | None, fields: Sequence[FieldChange]) -> list[FieldChange]:
        """Of a config's differences those that a write did not end: the server answered it with another value."""
        write = self.record.open.get(config_id)
        if write is None or write.read is None or live is None:
            return []
        sent, read = _resource(config_id, write.body), _resource(config_id, write.read)
        if sent is None or read is None:
            return []
        known = {one.path: one for one in diff(sent, read)}
        return [one for one in fields if one.path in known and _is_same(one, known[one.path])]

    def behind(self, live: Mapping[str, Payload]) -> list[str]:
        """Ids of configs of which live shows less than what was seen before: an older version, or nothing."""
        return [config_id for config_id, seen in self.record.versions.items() if is_behind(live.get(config_id), seen)]


def what_live_holds(write: OpenWrite, live: Resource | None) -> Mapping[str, Any] | None:
    """Of an open write the body that live was last made of, by us; None where that is the file before it."""
    if _is_as_planned(write, live):
        return write.was
    return write.body if write.read is None else write.read


def is_behind(payload: Payload | None, seen: int) -> bool:
    """Whether a payload is older than a version that was seen before; a server without versions is never behind."""
    if payload is None:
        return True
    now = version(payload)
    return now is not None and now < seen


def _is_as_planned(write: OpenWrite, live: Resource | None) -> bool:
    if live is None or write.fingerprint is None:
        return live is None and write.fingerprint is None
    now, seen = fingerprint(live), version(dict(live.raw))
    if write.between is not None and now == write.between:
        return seen is None or write.version is None or seen == write.version + 1
    return now == write.fingerprint and seen == write.version


def _resource(config_id: str, body: Mapping[str, Any]) -> Resource | None:
    try:
        return normalize.live({"id": config_id, **body})
    except normalize.PayloadError:
        return None


def _is_same(one: FieldChange, other: FieldChange) -> bool:
    return same(one.before, other.before) and same(one.after, other.after)
