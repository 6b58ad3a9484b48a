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

    A field that the body leaves out is empty or the server's own affair, and is not compared.
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
    """Fields that this tool does not know and could not send, of the config and of each rule that is still there."""
    if before is None:
        return
    yield from (f"/{name} (lost)" for name in bodies.unknown_in_config(before) if name not in after)
    rules = {_identity(rule): rule for rule in after.get("rules") or ()}
    for rule in before.get("rules") or ():
        left = rules.get(_identity(rule))
        if left is not None:
            known = bodies.unknown_in_rule(left)
            lost = (name for name in bodies.unknown_in_rule(rule) if name not in known)
            yield from (f'rule "{rule.get("name")}" {name} (lost)' for name in lost)


def _identity(rule: Mapping[str, Any]) -> Any:
    return rule.get("baseID") or rule.get("id") or rule.get("name")


def _same(one: Any, other: Any) -> bool:
    return canonical_text(one) == canonical_text(other)
