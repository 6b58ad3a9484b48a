"""Did a write do what was meant? Read again, compare again, expect nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler import body as bodies
from reconciler.model import Resource
from reconciler.normalize import PayloadError, canonical_text
from reconciler.normalize import live as normalized
from reconciler.ports import Payload


def differences(config_id: str, body: Mapping[str, Any], after: Payload, before: Payload | None = None) -> list[str]:
    """What of a request body is not so in ``after``, and what of ``before`` was lost: paths, empty where all is well.

    Fields that the body leaves out are those that were empty, so they too are compared: the body is the whole config.
    """
    try:
        meant, found = normalized({"id": config_id, **body}), normalized(after)
    except PayloadError as error:
        return [f"the answer ({error})"]
    return [*_fields(meant, found, body), *_rules(meant, found), *_comments(meant, found), *_lost(before, after)]


def _fields(meant: Resource, found: Resource, body: Mapping[str, Any]) -> Iterator[str]:
    for name in meant.spec:
        if name == "teamID" and body.get("team") and name not in body:
            continue  # the server fills in the other spelling of a team
        if name == "team" and body.get("teamID") and name not in body:
            continue
        if name != "rules" and name in body and not _same(meant.spec[name], found.spec[name]):
            yield f"/{name}"


def _rules(meant: Resource, found: Resource) -> Iterator[str]:
    if len(meant.rules) != len(found.rules):
        yield "/rules"
        return
    for ours, theirs in zip(meant.rules, found.rules, strict=True):
        for name, wanted in ours.spec.items():
            if not _same(wanted, theirs.spec.get(name)):
                yield f"{ours.path}/{name}"
        if ours.raw.get("baseID") and ours.raw["baseID"] != theirs.raw.get("baseID"):
            yield f"{ours.path}/baseID"


def _comments(meant: Resource, found: Resource) -> Iterator[str]:
    for path, twin in meant.twins.items():
        after = found.twins.get(path)
        if twin.comments and after is not None and after.comments != twin.comments:
            yield f"{path} (comments)"


def _lost(before: Payload | None, after: Payload) -> Iterator[str]:
    if before is not None:
        known = set(bodies.unknown_fields(after))
        yield from (f"{name} (lost)" for name in bodies.unknown_fields(before) if name not in known)


def _same(one: Any, other: Any) -> bool:
    return canonical_text(one) == canonical_text(other)
