"""Does a change's request do what its fields show? A saved plan may come from anybody, its digests computed anew.

    alone          what a plan says by itself: the request is this config's own, and holds what the fields show
    against live   a full update is measured by what it leaves out, too: only live shows what it would change unseen

A create is known whole from its request; an update needs both looks.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.core import body as bodies
from reconciler.core import diff, normalize
from reconciler.core.body import claims
from reconciler.core.normalize import canonical_text
from reconciler.core.planning import API_PATH
from reconciler.dynamic_config.fields import ARCHIVED, CONDITION, CONFIG, RULE, VARIANT, Managed, unknown
from reconciler.model import Action, Change, FieldChange, Kind, Request, Resource
from reconciler.ports import Payload

_SHOWN = 60  # characters of a value that a message shows
_WAYS = {
    Action.CREATE: Request("POST", API_PATH, {}),
    Action.UPDATE: Request("POST", f"{API_PATH}/{{}}", {}),
    Action.UNARCHIVE: Request("PUT", f"{API_PATH}/{{}}/unarchive", {}),
}
_LISTS = ("rules", "variants", "conditions")  # whose items a plan names by live's place where they are removed


def contradiction(change: Change) -> str | None:
    """What a change's request does other than its fields show, as far as the plan alone says; None where they agree.

    Raises ``PayloadError``, or whatever else a body that is not one makes it raise.
    """
    return next(_alone(change), None)


def contradictions(changes: Iterable[Change], live: Sequence[Payload]) -> dict[str, str]:
    """Config id → what its update would do to live other than its fields show. ``live`` must be as the plan saw it."""
    payloads = {str(one.get("id")): one for one in live}
    updates = [_update_of(one) for one in changes if one.action is not Action.CREATE and one.id in payloads]
    found = {one.id: next(_against(one, normalize.live(payloads[one.id])), None) for one in updates if one is not None}
    return {config_id: said for config_id, said in found.items() if said is not None}


def _alone(change: Change) -> Iterator[str]:
    yield from _not_its_own(change)
    if change.action is Action.UNARCHIVE:
        yield from _not_unarchived(change)
        update = _update_of(change)
        if update is not None:
            yield from _alone(update)
        return
    if change.then is not None:
        yield "it has a second request, which it does not show"
    body = change.request.body
    yield from _unknown_keys(change.action, body)
    meant = claims(change.id, body)
    if _spoken(_without_plain(meant.raw)) != _spoken(meant.raw):
        yield "its request holds a value and a JSON5 text that says another one"
    if change.action is Action.CREATE:
        shown = {_said(one) for one in change.fields}
        made = [one for one in diff.creation(meant) if _said(one) in shown or not _is_implied(one, change.id)]
        yield from _unshown(change.fields, made)
        yield from _not_rebuilt(change, bodies.creation(meant))
        return
    if not change.fields:
        yield "it shows nothing, and its request updates the config"
    for one in change.fields:
        if not _holds(meant, one):
            yield f"it shows {_shown(one)}, and its request does not hold that"


def _against(change: Change, live: Resource) -> Iterator[str]:
    meant = claims(change.id, change.request.body)
    yield from _unshown(change.fields, diff.diff(meant, live))
    yield from _not_rebuilt(change, bodies.update(meant, live))


def _not_its_own(change: Change) -> Iterator[str]:
    """Whether the request goes where a change of this config goes."""
    request, is_create = change.request, change.action is Action.CREATE
    way = _WAYS[change.action]
    if (request.method, request.path) != (way.method, way.path.format(change.id)):
        yield f"it shows {change.action.value} {change.id}, and its request is {request.method} {request.path}"
    if request.body.get("id") != (change.id if is_create else None):
        yield f'it shows {change.action.value} {change.id}, and its request names the id "{request.body.get("id")}"'
    if is_create != (change.live is None):
        yield f"it is to {change.action.value} the config, and says that live {'has' if is_create else 'lacks'} it"


def _not_unarchived(change: Change) -> Iterator[str]:
    first = change.fields[0] if change.fields else None
    if first is None or (first.path, first.kind, first.before) != ("/status", Kind.CHANGED, ARCHIVED):
        yield "its request unarchives the config, which it does not show"
    if change.request.body:
        yield "its request to unarchive the config holds more than that"
    if change.then is None and change.fields[1:]:
        yield f"it shows {_shown(change.fields[1])}, and has no request for that"


def _update_of(change: Change) -> Change | None:
    """The full update in a change, as one of its own; None where there is none."""
    if change.action is not Action.UNARCHIVE:
        return change
    if change.then is None:
        return None
    return replace(change, action=Action.UPDATE, fields=change.fields[1:], request=change.then, then=None)


def _unknown_keys(action: Action, body: Mapping[str, Any]) -> Iterator[str]:
    sent = {name: field for name, field in CONFIG.items() if field.managed is not Managed.EDITOR}
    if action is Action.UPDATE:
        sent = {name: field for name, field in sent.items() if field.managed is not Managed.CREATE_ONLY}
    found = unknown(sent, body)
    for rule in body.get("rules") or ():
        found += unknown(RULE, rule)
        found += [name for one in rule.get("variants") or () for name in unknown(VARIANT, one)]
        found += [name for one in rule.get("conditions") or () for name in unknown(CONDITION, one)]
    yield from (f'its request holds "{name}", which no plan sends' for name in found)


def _without_plain(holder: Mapping[str, Any]) -> dict[str, Any]:
    """A body with its JSON5 texts alone, wherever it has one beside the plain value."""
    fields = {**CONFIG, **RULE}
    left = {
        name: given
        for name, given in holder.items()
        if name not in fields or holder.get(fields[name].twin or "") is None
    }
    for name in ("rules", "variants"):
        if holder.get(name) is not None:
            left[name] = [_without_plain(one) for one in holder[name]]
    return left


def _spoken(body: Mapping[str, Any]) -> str:
    return canonical_text(normalize.live(body).spec)


def _holds(meant: Resource, one: FieldChange) -> bool:
    """Whether the request holds what a field of an update shows to be there after it."""
    parent, _, last = one.path.rpartition("/")
    if one.kind is Kind.COMMENTS:
        twin = meant.twins.get(one.path)
        return twin is not None and twin.text == one.after
    if one.kind is Kind.REMOVED and parent.rpartition("/")[2] in _LISTS and last.isdecimal():
        return one.after is None  # at its place the request may have another one
    try:
        found = diff.shown_at(meant, one.path)
    except LookupError:
        return one.kind is Kind.REMOVED and one.after is None
    after = int(last) if one.kind is Kind.MOVED and last.isdecimal() else found
    return canonical_text(after) == canonical_text(one.after)


def _unshown(shown: Iterable[FieldChange], done: Iterable[FieldChange]) -> Iterator[str]:
    """The difference between what fields show and what a request does."""
    theirs, ours = {_said(one): one for one in shown}, {_said(one): one for one in done}
    counts = Counter(map(_said, shown)), Counter(map(_said, done))
    for said in counts[1] - counts[0]:
        yield f"its request makes {_shown(ours[said])}, which it does not show"
    for said in counts[0] - counts[1]:
        yield f"it shows {_shown(theirs[said])}, which its request does not make"


def _is_implied(one: FieldChange, config_id: str) -> bool:
    """What a create fills in where its file says nothing: the id as name, and an empty value."""
    return (one.path, one.after) in (("/name", config_id), ("/defaultValue", {}))


def _not_rebuilt(change: Change, body: Mapping[str, Any]) -> Iterator[str]:
    """A body that asks for what this one does is this one: else it drops, or makes up, what no field shows."""
    if _whole(change.id, change.request.body) != _whole(change.id, body):
        yield "its request leaves out, or adds, what no field shows: ids of rules, or fields that the file leaves alone"


def _whole(config_id: str, body: Mapping[str, Any]) -> str:
    meant = claims(config_id, body)
    ids = [[one.raw.get(name) for name in ("id", "baseID")] for rule in meant.rules for one in (rule, *rule.variants)]
    return canonical_text([meant.spec, ids, {path: twin.text for path, twin in meant.twins.items()}])


def _said(one: FieldChange) -> str:
    return canonical_text([one.path, one.kind, one.before, one.after, one.rule])


def _shown(one: FieldChange) -> str:
    return f"{one.path} {one.kind.value}: {short_json(one.before)} → {short_json(one.after)}"


def short_json(given: Any) -> str:
    """A value as JSON; of a long one the beginning, and how much there is of it."""
    text = json.dumps(given, ensure_ascii=False)
    if len(text) <= _SHOWN:
        return text
    count = f"{len(given):,} items" if isinstance(given, list) else f"{len(text):,} characters"
    return f"{text[:_SHOWN]}… ({count})"
