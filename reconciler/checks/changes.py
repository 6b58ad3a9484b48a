"""Checks on changes: what a reviewer would want to hear before this one is written. Warnings, all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from reconciler.checks.content import sent_bytes
from reconciler.checks.findings import MOST_NAMED, with_more
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.dynamic_config.sizes import PAYLOAD_BYTES
from reconciler.model import Action, FieldChange, Kind, Resource

_WITH_VALUE = re.compile(r"/rules/\d+(/variants/\d+)?")
_TYPES = {bool: "a boolean", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}


def check(
    action: Action, desired: Resource, live: Resource | None, fields: Sequence[FieldChange], body: Mapping[str, Any]
) -> list[Diagnostic]:
    """Everything to say of one config's change; ``live`` is None for a create."""
    return [
        *_some(_nulls(desired, fields)),
        *_some(_types(desired, fields)),
        *_identity(desired, fields),
        *_disabled(desired, fields),
        *_some(_recreated(desired, live, fields)),
        *_payload(desired, body, action),
        *_some(_comments_lost(desired, live, body)),
        *_some(_schema(desired, live, fields)),
        *_staged(desired, body),
    ]


def _some(found: Iterator[Diagnostic]) -> Iterator[Diagnostic]:
    """The first places that one thing is said of, and with the last of them how many more there are."""
    named = list(islice(found, MOST_NAMED))
    yield from named[:-1]
    for last in named[-1:]:
        yield with_more(last, sum(1 for _ in found), "like this")


def _joined(names: Sequence[str], word: str) -> str:
    """The first names of a list, and how many more there are."""
    more = len(names) - MOST_NAMED
    return f" {word} ".join([*names[:MOST_NAMED], *([f"{more:,} more"] if more > 0 else [])])


def _nulls(desired: Resource, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    for one in fields:
        if one.kind in (Kind.CHANGED, Kind.ADDED) and _is_value(one.path) and _holds_null(one.after):
            if one.kind is Kind.CHANGED and _holds_null(one.before):
                continue
            yield _warning(
                desired,
                "null-in-value",
                f"{_of(one)} brings a null: older SDKs have crashed on one inside a value",
                "leave the key out, or make sure that every client reads it",
                one,
            )


def _types(desired: Resource, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    for one in fields:
        if one.kind is not Kind.CHANGED or not _is_value(one.path) or one.before is None or one.after is None:
            continue
        before, after = _TYPES[type(one.before)], _TYPES[type(one.after)]
        if before != after:
            yield _warning(
                desired,
                "value-type-changed",
                f"{_of(one)} is {before} live and becomes {after}: clients that read it by type fall back to theirs",
                "ship clients that read the new type first, or use a new key",
                one,
            )


def _identity(desired: Resource, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    for one in fields:
        if one.path == "/idType" and one.kind is Kind.CHANGED:
            yield _warning(
                desired,
                "id-type-changed",
                f"idType changes from {one.before} to {one.after}: every user is re-bucketed in every rule",
                None,
                one,
            )


def _disabled(desired: Resource, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    for one in fields:
        if one.path == "/isEnabled" and one.before is True:
            yield _warning(desired, "config-disabled", "it is disabled: every user gets the default value", None, one)


def _recreated(desired: Resource, live: Resource | None, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    """A rule that goes beside one that comes may be meant as one rule; only its ``baseID`` keeps its users."""
    rules = [one for one in fields if one.path.count("/") == 2 and _is_rule(one.path)]
    removed = [one.rule for one in rules if one.kind is Kind.REMOVED]
    if live is None or not removed:
        return
    bases = {rule.name: rule.raw.get("baseID") or rule.raw.get("id") for rule in live.rules}
    gone = _joined([f'"{name}"' for name in removed], "and")
    noun, verb = ("rule", "is") if len(removed) == 1 else ("rules", "are")
    keys = _joined([f'baseID: {bases[name]} ("{name}")' for name in removed if name in bases], "or")
    for one in rules:
        if one.kind is Kind.ADDED:
            yield _warning(
                desired,
                "rule-recreated",
                f'{noun} {gone} {verb} removed and "{one.rule}" added: its users are re-bucketed',
                f'to keep the users of a rule that became "{one.rule}", give it {keys}',
                one,
            )


def _payload(desired: Resource, body: Mapping[str, Any], action: Action) -> Iterator[Diagnostic]:
    size = sent_bytes(body)
    if action is Action.UPDATE and size > PAYLOAD_BYTES:
        yield _warning(
            desired,
            "request-too-large",
            f"the update is {size:,} bytes with what live holds; Statsig takes {PAYLOAD_BYTES:,}",
            "split the config",
        )


def _comments_lost(desired: Resource, live: Resource | None, body: Mapping[str, Any]) -> Iterator[Diagnostic]:
    for path in () if live is None else _lost(live, body):
        yield _warning(
            desired,
            "comments-lost",
            f"{path} changes, and the comments that live has on it go",
            "write them into a .json5 file, or into the …Json5 twin, to keep them",
        )


def _lost(live: Resource, body: Mapping[str, Any]) -> Iterator[str]:
    for name in ("defaultValue", "schema"):
        twin = live.twins.get(f"/{name}")
        if twin is not None and twin.comments and body.get(name) is not None and f"{name}Json5" not in body:
            yield name
    kept = {rule.get("baseID"): rule for rule in body.get("rules") or () if rule.get("baseID")}
    for rule in live.rules:
        after = kept.get(rule.raw.get("baseID"))
        if after is not None and rule.twin is not None and rule.twin.comments and "returnValueJson5" not in after:
            yield f'the return value of rule "{rule.name}"'


def _schema(desired: Resource, live: Resource | None, fields: Sequence[FieldChange]) -> Iterator[Diagnostic]:
    """A new schema is enforced on live's rules too, which the file does not speak of here."""
    schema = desired.spec.get("schema")
    if live is None or schema is None or "rules" in desired.spec or not any(_is_schema(one.path) for one in fields):
        return
    from reconciler.checks.schemas import violations

    values = [(rule.name, rule.spec["returnValue"]) for rule in live.rules]
    for name, problem in violations(schema, values):
        yield _warning(
            desired,
            "schema-breaks-live-rule",
            f'live\'s rule "{name}" does not fit the new schema: {problem}',
            "the API may refuse the update; change the rule in the console first",
        )


def _staged(desired: Resource, body: Mapping[str, Any]) -> Iterator[Diagnostic]:
    if body.get("releasePipelineID"):
        yield _warning(
            desired,
            "write-may-be-staged",
            "a release pipeline is attached: the change may be rolled out in phases and not show at once",
            "if it is not there after the apply, look at the pipeline in the console",
        )


def _is_value(path: str) -> bool:
    """Whether clients may read what changed: a value, or a rule or variant that brings one."""
    return path.startswith("/defaultValue") or "/returnValue" in path or bool(_WITH_VALUE.fullmatch(path))


def _is_rule(path: str) -> bool:
    return path.startswith("/rules/")


def _is_schema(path: str) -> bool:
    return path == "/schema" or path.startswith("/schema/")


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_null(one) for one in value.values())
    if isinstance(value, list):
        return any(_holds_null(one) for one in value)
    return value is None


def _of(one: FieldChange) -> str:
    return one.path if one.rule is None else f'rule "{one.rule}" at {one.path}'


def _warning(
    desired: Resource, code: str, message: str, hint: str | None, one: FieldChange | None = None
) -> Diagnostic:
    location = None if one is None else one.location
    if location is None:
        location = Location("") if desired.origin is None else Location(desired.origin.file, 1, 1, 1, 1)
    return Diagnostic(Severity.WARNING, code, message, location, hint, desired.id, None if one is None else one.path)
