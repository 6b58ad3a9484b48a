"""Did a write do what was meant? Read again, compare again, expect nothing.

Two things can be wrong: live differs from what was sent, or something that could not be sent is no longer what it was.
Both become a ``Difference``; ``phrase`` and ``phrases`` are the one place that puts them into words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler import body as bodies
from reconciler.diff import diff
from reconciler.dynamic_config.fields import CONFIG, Managed
from reconciler.model import FieldChange, Kind, Resource
from reconciler.normalize import PayloadError
from reconciler.normalize import live as normalized
from reconciler.ports import Payload
from reconciler.rules import pair

_SCHEDULE = "pendingAutomatedRollouts"
_NAMED = 5  # differences that a message names; the rest are counted
_SHOWN = 60  # characters of a value that a message shows
_KIND_OF = {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}  # a diff goes from live to file, this from sent to read


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a config that live does not hold as it should.

    ``path`` is a JSON Pointer, as a plan's fields have it ("" for the config as a whole); ``rule`` names the rule that
    it is in. ``sent`` and ``read`` are JSON values in canonical form; ``kind`` says what became of the one on its way
    to the other: for ``added`` and ``removed`` the missing side is None, for ``moved`` they are 0-based places, for
    ``comments`` JSON5 texts. Of a loss (``is_lost``) nothing was sent, and ``sent`` is what live had before the write.
    ``note`` stands for the values where the answer as a whole is wrong.
    """

    path: str
    sent: Any = None
    read: Any = None
    kind: Kind = Kind.CHANGED
    rule: str | None = None
    is_lost: bool = False
    note: str = ""


def differences(
    config_id: str, body: Mapping[str, Any], after: Payload, before: Payload | None = None
) -> list[Difference]:
    """What of a request body is not so in ``after``, and what of ``before`` was lost; empty where all is well.

    A field that the body leaves out is empty where files always manage it, else the server's own affair.
    """
    try:
        meant, found = normalized({"id": config_id, **body}), normalized(after)
        was = None if before is None else normalized(before)
    except PayloadError as error:
        return [Difference("", note=f"the answer is not a config ({error})")]
    if found.id != config_id:
        return [Difference("", config_id, found.id, note=f'the answer is about "{found.id}"')]
    wrong = [*_unlike(_compared(meant, body), found), *_base_ids(meant, found)]
    return wrong if was is None else [*wrong, *_lost_comments(meant, found, was), *_lost(was.raw, after)]


def phrases(wrong: Sequence[Difference]) -> str:
    """All of them in one line: the first few by path and value, the rest as a number."""
    named = "; ".join(phrase(one) for one in wrong[:_NAMED])
    return named + (f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else "")


def phrase(one: Difference) -> str:
    """``/tags sent ["a"], read ["a", "core"]``; of a loss ``/novelty was 1, read null``."""
    if one.note:
        return one.note
    sent, read = _sides(one)
    what = f"the comments of {one.path}" if one.kind is Kind.COMMENTS else one.path
    rule = "" if one.rule is None else f' (rule "{one.rule}")'
    return f"{what} {'was' if one.is_lost else 'sent'} {sent}, read {read}{rule}"


def _sides(one: Difference) -> tuple[str, str]:
    if one.kind is Kind.MOVED:
        return f"as number {one.sent + 1}", f"as number {one.read + 1}"
    sent = "nothing" if one.kind is Kind.ADDED else _short(one.sent)
    return sent, "nothing" if one.kind is Kind.REMOVED else _short(one.read)


def _short(value: Any) -> str:
    """A value as JSON; of a long one the beginning, and how much there is of it."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= _SHOWN:
        return text
    count = f"{len(value):,} items" if isinstance(value, list) else f"{len(text):,} characters"
    return f"{text[:_SHOWN]}… ({count})"


# ── what was sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def _compared(meant: Resource, body: Mapping[str, Any]) -> Resource:
    """What a body claims: what it holds, and that what files always manage and it leaves out is empty."""
    spec = {
        name: wanted for name, wanted in meant.spec.items() if name in body or CONFIG[name].managed is Managed.ALWAYS
    }
    return replace(meant, spec=spec)


def _unlike(meant: Resource, found: Resource) -> Iterator[Difference]:
    yield from (_difference(change) for change in diff(meant, found))


def _difference(change: FieldChange) -> Difference:
    kind = _KIND_OF.get(change.kind, change.kind)
    return Difference(change.path, change.after, change.before, kind, change.rule)


def _base_ids(meant: Resource, found: Resource) -> Iterator[Difference]:
    """Rules that did not keep the identity by which their users are bucketed."""
    for each in pair(meant.rules, found.rules):
        if each.desired is not None and each.live is not None:
            ours, theirs = meant.rules[each.desired], found.rules[each.live]
            sent, read = ours.raw.get("baseID"), theirs.raw.get("baseID")
            if sent and sent != read:
                yield Difference(f"{ours.path}/baseID", sent, read, rule=ours.name)


# ── what could not be sent ────────────────────────────────────────────────────────────────────────────────────────


def _lost_comments(meant: Resource, found: Resource, was: Resource) -> Iterator[Difference]:
    """Comments that live had and that were sent back, and that are gone together with their twin."""
    kept = {twin.text for twin in was.twins.values() if twin.comments}
    for path, twin in meant.twins.items():
        if twin.text in kept and path not in found.twins:
            yield Difference(path, twin.text, None, Kind.COMMENTS, is_lost=True)


def _lost(before: Mapping[str, Any], after: Payload) -> Iterator[Difference]:
    """What could not be sent, and so is the server's to keep: unknown fields, and of each rule its rollout schedule."""
    for name in bodies.unknown_in_config(before):
        if name not in after:
            yield Difference(f"/{name}", before[name], None, Kind.REMOVED, is_lost=True)
    rules = {_identity(rule): (at, rule) for at, rule in enumerate(after.get("rules") or ())}
    for rule in before.get("rules") or ():
        at, left = rules.get(_identity(rule), (0, None))
        if left is not None:
            for name in _lost_in_rule(rule, left):
                path = f"/rules/{at}/{name.replace('.', '/')}"
                yield Difference(path, rule.get(name), None, Kind.REMOVED, str(rule.get("name")), is_lost=True)


def _lost_in_rule(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    known = bodies.unknown_in_rule(after)
    yield from (name for name in bodies.unknown_in_rule(before) if name not in known)
    if before.get(_SCHEDULE) and not after.get(_SCHEDULE):
        yield _SCHEDULE


def _identity(rule: Mapping[str, Any]) -> Any:
    return rule.get("baseID") or rule.get("id") or rule.get("name")
