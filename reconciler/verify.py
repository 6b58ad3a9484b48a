"""Did a write do what was meant? Read again, compare again, expect nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler import body as bodies
from reconciler.dynamic_config.fields import CONFIG, Managed
from reconciler.model import Resource
from reconciler.normalize import PayloadError, same
from reconciler.normalize import live as normalized
from reconciler.ports import Payload

_SCHEDULE = "pendingAutomatedRollouts"


def differences(config_id: str, body: Mapping[str, Any], after: Payload, before: Payload | None = None) -> list[str]:
    """What of a request body is not so in ``after``, and what of ``before`` was lost: paths, empty where all is well.

    A field that the body leaves out is empty where files always manage it, else the server's own affair.
    """
    try:
        meant, found = normalized({"id": config_id, **body}), normalized(after)
        was = None if before is None else normalized(before)
    except PayloadError as error:
        return [f"the answer ({error})"]
    if found.id != config_id:
        return [f'the answer, which is about "{found.id}"']
    wrong = [*_fields(meant, found, body), *_rules(meant, found), *_comments(meant, found)]
    return wrong if was is None else [*wrong, *_lost_comments(meant, found, was), *_lost(was.raw, after)]


def _fields(meant: Resource, found: Resource, body: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in meant.spec.items():
        is_compared = name in body or CONFIG[name].managed is Managed.ALWAYS
        if name != "rules" and is_compared and not same(wanted, found.spec[name]):
            yield f"/{name}"


def _rules(meant: Resource, found: Resource) -> Iterator[str]:
    if len(meant.rules) != len(found.rules):
        yield "/rules"
        return
    for ours, theirs in zip(meant.rules, found.rules, strict=True):
        for name, wanted in ours.spec.items():
            if not same(wanted, theirs.spec.get(name)):
                yield f"{ours.path}/{name}"
        if ours.raw.get("baseID") and ours.raw["baseID"] != theirs.raw.get("baseID"):
            yield f"{ours.path}/baseID"


def _comments(meant: Resource, found: Resource) -> Iterator[str]:
    for path, twin in meant.twins.items():
        after = found.twins.get(path)
        if twin.comments and after is not None and after.comments != twin.comments:
            yield f"{path} (comments)"


def _lost_comments(meant: Resource, found: Resource, was: Resource) -> Iterator[str]:
    """Comments that live had and that were sent back, and that are gone together with their twin."""
    kept = {twin.text for twin in was.twins.values() if twin.comments}
    gone = (path for path, twin in meant.twins.items() if twin.text in kept and path not in found.twins)
    yield from (f"{path} (comments, lost)" for path in gone)


def _lost(before: Mapping[str, Any], after: Payload) -> Iterator[str]:
    """What could not be sent, and so is the server's to keep: unknown fields, and of each rule its rollout schedule."""
    yield from (f"/{name} (lost)" for name in bodies.unknown_in_config(before) if name not in after)
    rules = {_identity(rule): rule for rule in after.get("rules") or ()}
    for rule in before.get("rules") or ():
        left = rules.get(_identity(rule))
        if left is not None:
            yield from (f'rule "{rule.get("name")}" {name} (lost)' for name in _lost_in_rule(rule, left))


def _lost_in_rule(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    known = bodies.unknown_in_rule(after)
    yield from (name for name in bodies.unknown_in_rule(before) if name not in known)
    if before.get(_SCHEDULE) and not after.get(_SCHEDULE):
        yield _SCHEDULE


def _identity(rule: Mapping[str, Any]) -> Any:
    return rule.get("baseID") or rule.get("id") or rule.get("name")
