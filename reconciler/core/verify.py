"""Did a write do what was meant? Read again, compare again, expect nothing.

Two things can be wrong: live differs from what was sent, or something that could not be sent is no longer what it was.
Both become a ``Difference``; ``phrase`` and ``phrases`` are the one place that puts them into words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.core import normalize
from reconciler.core.agreement import short_json
from reconciler.core.body import claims
from reconciler.core.diff import diff
from reconciler.core.normalize import PayloadError, canonical_text, value
from reconciler.core.rule_identity import pair, pair_variants
from reconciler.diagnostics import pointer
from reconciler.dynamic_config.fields import (
    ARCHIVED,
    CONDITION,
    CONFIG,
    READ_ONLY,
    RULE,
    RULE_READ_ONLY,
    VARIANT,
    Managed,
    unknown,
)
from reconciler.model import Action, Change, FieldChange, Kind, Resource, Rule
from reconciler.ports import Payload

_HOLDOUTS, _PENDING, _COMPLETED = "holdoutIDs", "pendingAutomatedRollouts", "completedAutomatedRollouts"
_UNSENT = tuple(field for field in CONFIG.values() if field.managed is Managed.CREATE_ONLY)
_NAMED = 12  # differences that a message names; the rest are counted
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
        meant, found = claims(config_id, body), normalize.live(after)
        was = None if before is None else normalize.live(before)
    except PayloadError as error:
        return [Difference("", note=f"the answer is not a config ({error})")]
    if found.id != config_id:
        return [Difference("", config_id, found.id, note=f'the answer is about "{found.id}"')]
    wrong = [*_unlike(meant, found), *_base_ids(meant, found)]
    return wrong if was is None else [*wrong, *_lost_comments(meant, found, was), *_lost(was, found)]


def unmet(change: Change, after: Payload, before: Payload | None = None) -> list[Difference]:
    """What of a change is not so in ``after``; the same for all its requests together."""
    if change.action is not Action.UNARCHIVE:
        return differences(change.id, change.body, after, before)
    is_archived = after.get("status") == ARCHIVED
    still = [Difference("/status", change.fields[0].after, ARCHIVED)] if is_archived else []
    if change.then is not None:
        return [*still, *differences(change.id, change.body, after, before)]
    return [*still, *_kept(change.id, after, before)]


def _kept(config_id: str, after: Payload, before: Payload | None) -> list[Difference]:
    """What is no longer as it was: of a write that only unarchives all must be."""
    try:
        found = normalize.live(after)
        was = found if before is None else normalize.live(before)
    except PayloadError as error:
        return [Difference("", note=f"the answer is not a config ({error})")]
    if found.id != config_id:
        return [Difference("", config_id, found.id, note=f'the answer is about "{found.id}"')]
    unlike = [replace(one, is_lost=True) for one in (*_unlike(was, found), *_base_ids(was, found))]
    return [*unlike, *_lost(was, found)]


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
    sent = "nothing" if one.kind is Kind.ADDED else short_json(one.sent)
    is_gone = one.kind is Kind.REMOVED or (one.kind is Kind.COMMENTS and one.read is None)
    return sent, "nothing" if is_gone else short_json(one.read)


# ── what was sent ─────────────────────────────────────────────────────────────────────────────────────────────────


def _unlike(meant: Resource, found: Resource) -> Iterator[Difference]:
    yield from (difference(change) for change in diff(meant, found))


def difference(change: FieldChange) -> Difference:
    """What a plan still shows of a write: its file's side was sent, its live side is what was read."""
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


def _lost(was: Resource, found: Resource) -> Iterator[Difference]:
    """What could not be sent, and so is the server's to keep: fields that we do not know, and what must not shrink."""
    yield from _changed("", was.raw, found.raw, unknown(CONFIG, was.raw, READ_ONLY))
    for field in _UNSENT:
        yield from _changed("", was.raw, found.raw, [field.name], field.default)
    if _is_fewer(was.raw.get(_HOLDOUTS), _items(found.raw.get(_HOLDOUTS))):
        yield _loss("", _HOLDOUTS, was.raw, found.raw)
    for each in pair(found.rules, was.rules):
        if each.desired is not None and each.live is not None:
            left = found.rules[each.desired]
            yield from (replace(one, rule=left.name) for one in _lost_in_rule(was.rules[each.live], left))


def _lost_in_rule(was: Rule, found: Rule) -> Iterator[Difference]:
    yield from _changed(found.path, was.raw, found.raw, unknown(RULE, was.raw, RULE_READ_ONLY))
    rollouts = [*_items(found.raw.get(_PENDING)), *_items(found.raw.get(_COMPLETED))]  # one may have come due meanwhile
    if _is_fewer(was.raw.get(_PENDING), rollouts):
        yield _loss(found.path, _PENDING, was.raw, found.raw)
    for each in pair_variants(found.variants, was.variants):
        if each.desired is not None and each.live is not None:
            before, left = was.variants[each.live].raw, found.variants[each.desired]
            yield from _changed(left.path, before, left.raw, unknown(VARIANT, before))
    for at, before, after in _conditions_left(was, found):
        yield from _changed(f"{found.path}/conditions/{at}", before, after, unknown(CONDITION, before))


def _conditions_left(was: Rule, found: Rule) -> Iterator[tuple[int, Payload, Payload]]:
    """Conditions that outlived the write, with their places: those that are equal, then those of one type in turn."""
    ours, theirs = found.spec["conditions"], was.spec["conditions"]
    afters, befores = list(range(len(ours))), list(range(len(theirs)))
    alike: tuple[Callable[[Any], Any], ...] = (canonical_text, lambda condition: canonical_text(condition["type"]))
    for key in alike:
        places: dict[Any, list[int]] = {}
        for number in befores:
            places.setdefault(key(theirs[number]), []).append(number)
        for at in tuple(afters):
            if numbers := places.get(key(ours[at])):
                number = numbers.pop(0)
                afters.remove(at)
                befores.remove(number)
                yield at, was.raw["conditions"][number], found.raw["conditions"][at]


def _changed(
    path: str, before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str], default: Any = None
) -> Iterator[Difference]:
    """Those of the named fields that are not as they were; absent, null and the default are one."""
    for name in names:
        was, now = (default if given.get(name) is None else given[name] for given in (before, after))
        if _text(was) != _text(now):
            yield _loss(path, name, before, after)


def _loss(path: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference:
    kind = Kind.CHANGED if name in after else Kind.REMOVED
    return Difference(f"{path}{pointer(name)}", before.get(name), after.get(name), kind, is_lost=True)


def _is_fewer(before: Any, after: Sequence[Any]) -> bool:
    left = {_text(one) for one in after}
    return any(_text(one) not in left for one in _items(before))


def _items(given: Any) -> Sequence[Any]:
    return given if isinstance(given, list) else ()


def _text(given: Any) -> str:
    try:
        return canonical_text(value(given))
    except OverflowError:  # an integer beyond every double, in a field that nothing else reads
        return canonical_text(given)
