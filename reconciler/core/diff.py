"""Desired and live (and base) → the differences, each with who made it.

Equality of the canonical forms decides whether two things differ; DeepDiff only says where inside a value. Of each
difference the base tells the origin:

    base = live          only the file changed     intended
    base = desired       only live changed         drift
    all three differ     both changed              conflict
    base does not say    —                         unknown
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from reconciler.core.normalize import VALUE_FIELDS, canonical_text, same
from reconciler.core.rule_identity import Pairing, pair, pair_variants
from reconciler.diagnostics import Location, parts, pointer
from reconciler.dynamic_config.fields import CONDITION, CONFIG
from reconciler.model import FieldChange, Kind, Origin, Resource, Rule, Twin


class _Missing:
    """Stands for what is not there. Unlike None it is never a value."""


_ABSENT = _Missing()  # this side has no such part
_UNSAID = _Missing()  # the base does not manage the field, so it cannot tell


class _Three(NamedTuple):
    """One part, in canonical form, on all three sides."""

    desired: Any
    live: Any
    base: Any

    @property
    def differs(self) -> bool:
        return not _same(self.desired, self.live)

    @property
    def origin(self) -> Origin:
        if self.base is _UNSAID:
            return Origin.UNKNOWN
        if _same(self.base, self.live):
            return Origin.INTENDED
        return Origin.DRIFT if _same(self.base, self.desired) else Origin.CONFLICT

    @property
    def kind(self) -> Kind:
        if self.live is _ABSENT:
            return Kind.ADDED
        return Kind.REMOVED if self.desired is _ABSENT else Kind.CHANGED

    def get(self, key: str | int) -> _Three:
        return _Three(*(_part(side, key) for side in self))


def diff(desired: Resource, live: Resource, base: Resource | None = None) -> tuple[FieldChange, ...]:
    """What an update changes; empty exactly where file and live are equal as the API reads back.

    ``base`` is the file as it was when it and live last agreed, None where that is not known.
    """
    if _equal(desired, live):
        return ()
    changes: list[FieldChange] = []
    for name in desired.spec:
        if name == "rules":
            changes += _named(_rules_of(desired, live, base))
        else:
            said = _UNSAID if base is None else base.spec.get(name, _UNSAID)
            sides = (desired.spec[name], live.spec.get(name), said)
            changes += _value(pointer(name), _Three(*(_ABSENT if side is None else side for side in sides)))
        if name in VALUE_FIELDS:
            path = pointer(name)
            known = None if base is None else base.twins.get(path)
            changes += _comments(path, desired.twins.get(path), live.twins.get(path), known)
    return tuple(_placed(change, desired) for change in changes)


def creation(desired: Resource, base: Resource | None = None) -> tuple[FieldChange, ...]:
    """What a create brings: what the file says beyond the defaults. A base that has the config: live lost it since."""
    origin = _Three(desired.spec, _ABSENT, _UNSAID if base is None else base.spec).origin
    brought: list[tuple[str, Any, str | None]] = []
    for name, given in desired.spec.items():
        if name == "rules":
            brought += [(rule.path, shown_rule(rule.spec), rule.name) for rule in desired.rules]
        elif name == "defaultValue" or not _same(given, CONFIG[name].default):
            brought.append((pointer(name), given, None))
    if desired.raw.get("isTemplate"):
        brought.append(("/isTemplate", True, None))
    return tuple(
        _placed(FieldChange(path, Kind.ADDED, None, after, rule, origin), desired) for path, after, rule in brought
    )


def shown_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A canonical rule as a person would write it: without ids, without what is empty anyway."""
    empty: dict[str, Any] = {"environments": None, "returnValue": {}, "variants": []}
    kept = {key: given for key, given in rule.items() if key not in empty or given != empty[key]}
    return kept | {"conditions": [_shown_condition(condition) for condition in rule["conditions"]]}


def shown_at(side: Resource, path: str) -> Any:
    """What a plan shows of the part at ``path``; None where it is empty. Raises ``LookupError`` where there is none."""
    keys = parts(path)
    found: Any = side.spec
    for key in keys:
        part = _part(found, int(key) if isinstance(found, list) and key.isdecimal() else key)
        if part is _ABSENT:
            raise LookupError(path)
        found = part
    match keys:
        case ["rules", _]:
            return shown_rule(found)
        case ["rules", _, "conditions", _]:
            return _shown_condition(found)
        case ["rules", _, "conditions", _, _]:
            return _unlisted(found)
    return found


def _equal(desired: Resource, live: Resource) -> bool:
    managed = {name: live.spec.get(name) for name in desired.spec}
    if repr(desired.spec) != repr(managed) and canonical_text(desired.spec) != canonical_text(managed):
        return False  # equal in print is equal, and cheap to see; otherwise the order of keys may differ
    return not any(_comments_differ(twin, live.twins.get(path)) for path, twin in desired.twins.items())


# ── rules and variants: lists whose items have a name and an identity ─────────────────────────────────────────────


class _Lists(NamedTuple):
    """A list of rules or of variants on all three sides; ``base`` None where it does not say."""

    path: str
    desired: Sequence[Rule]
    live: Sequence[Rule]
    base: Sequence[Rule] | None
    pair: Callable[[Sequence[Rule], Sequence[Rule]], list[Pairing]]
    rule: str | None = None  # the rule whose variants these are


def _rules_of(desired: Resource, live: Resource, base: Resource | None) -> _Lists:
    said = base.rules if base is not None and "rules" in base.spec else None
    return _Lists("/rules", desired.rules, live.rules, said, pair)


def _named(lists: _Lists) -> Iterator[FieldChange]:
    pairs = lists.pair(lists.desired, lists.live)
    known = _in_base(lists, pairs)
    for each, base in zip(pairs, known, strict=True):
        desired = None if each.desired is None else lists.desired[each.desired]
        live = None if each.live is None else lists.live[each.live]
        if desired is not None and live is not None:
            yield from _item(desired, live, base, lists.rule or desired.name)
        elif (either := desired or live) is not None:
            sides = _Three(_spec(desired), _spec(live), base if base is _UNSAID else _spec(base))
            before, after = (None if item is None else _shown_item(item.spec) for item in (live, desired))
            path = f"{lists.path}/{either.path.rpartition('/')[2]}"  # a removed variant: in the file's rule
            yield FieldChange(path, sides.kind, before, after, lists.rule or either.name, sides.origin)
    yield from _moves(lists, pairs, known)


def _in_base(lists: _Lists, pairs: Sequence[Pairing]) -> list[Any]:
    """For each pair the base's item: a Rule, None where the base has none, or ``_UNSAID``."""
    if lists.base is None:
        return [_UNSAID] * len(pairs)
    by_live = {each.live: each.desired for each in lists.pair(lists.base, lists.live) if each.live is not None}
    by_desired = {each.desired: each.live for each in lists.pair(lists.desired, lists.base)}
    found = []
    for each in pairs:
        at = None if each.live is None else by_live.get(each.live)
        if at is None and each.desired is not None:
            at = by_desired.get(each.desired)
        found.append(None if at is None else lists.base[at])
    return found


def _item(desired: Rule, live: Rule, base: Any, rule: str) -> Iterator[FieldChange]:
    """The changes inside one rule or variant that is on both sides."""
    for name, given in desired.spec.items():
        said = base if base is _UNSAID else _part(_spec(base), name)
        sides = _Three(given, live.spec.get(name, _ABSENT), said)
        path = f"{desired.path}/{name}"
        if name == "name" and sides.differs:
            yield FieldChange(path, Kind.RENAMED, sides.live, sides.desired, rule, sides.origin)
        elif name == "conditions":
            yield from _conditions(path, sides, rule)
        elif name == "variants":
            said = None if base is _UNSAID else base.variants if base is not None else ()
            yield from _named(_Lists(path, desired.variants, live.variants, said, pair_variants, rule))
        else:
            yield from _value(path, sides, rule)
    twin = base.twin if isinstance(base, Rule) else None
    yield from _comments(f"{desired.path}/returnValue", desired.twin, live.twin, twin, rule)


def _moves(lists: _Lists, pairs: Sequence[Pairing], known: Sequence[Any]) -> Iterator[FieldChange]:
    """The fewest items whose moving turns live's order into the desired one; those around them only shift."""
    both = [(at, each.desired, each.live) for at, each in enumerate(pairs)]
    kept = [(at, ours, theirs) for at, ours, theirs in both if ours is not None and theirs is not None]
    moved = _out_of_order([theirs for _, _, theirs in kept])
    origin = _order_origin([known[at] for at, _, _ in kept], [theirs for _, _, theirs in kept]) if moved else None
    for number in moved:
        _, ours, theirs = kept[number]
        item = lists.desired[ours]
        assert origin is not None
        yield FieldChange(item.path, Kind.MOVED, theirs, ours, lists.rule or item.name, origin)


def _order_origin(known: Sequence[Any], live: Sequence[int]) -> Origin:
    """Who changed the order. ``known``: the base's items in desired order; ``live``: their live places."""
    if any(item is _UNSAID for item in known):
        return Origin.UNKNOWN
    places = [(int(item.path.rpartition("/")[2]), at) for item, at in zip(known, live, strict=True) if item is not None]
    ours = [base for base, _ in places]
    theirs = [base for base, _ in sorted(places, key=lambda place: place[1])]
    if ours == theirs:
        return Origin.CONFLICT  # what moved is an item that both sides added, at two places
    if ours == sorted(ours):
        return Origin.DRIFT
    return Origin.INTENDED if theirs == sorted(theirs) else Origin.CONFLICT


def _out_of_order(places: Sequence[int]) -> list[int]:
    """The positions that are outside one longest increasing run of ``places`` (patience sorting, n log n)."""
    tops: list[int] = []
    at_top: list[int] = []
    before: list[int] = []
    for position, place in enumerate(places):
        pile = bisect_left(tops, place)
        before.append(at_top[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [place]
        at_top[pile : pile + 1] = [position]
    in_order = set()
    position = at_top[-1] if at_top else -1
    while position >= 0:
        in_order.add(position)
        position = before[position]
    return [position for position in range(len(places)) if position not in in_order]


def _conditions(path: str, sides: _Three, rule: str) -> Iterator[FieldChange]:
    """Conditions have no identity: by place where as many are left, else those that only one side has."""
    ours, theirs = sides.desired, sides.live
    if not sides.differs:
        return
    if len(ours) == len(theirs):
        is_alike = isinstance(sides.base, list) and len(sides.base) == len(ours)
        for at in range(len(ours)):
            for key in CONDITION:
                part = sides.get(at).get(key)
                if part.differs:
                    before, after = _unlisted(part.live), _unlisted(part.desired)
                    origin = part.origin if is_alike else sides.origin
                    yield FieldChange(f"{path}/{at}/{key}", part.kind, before, after, rule, origin)
        return
    for at in _only_in(theirs, ours):
        yield FieldChange(f"{path}/{at}", Kind.REMOVED, _shown_condition(theirs[at]), None, rule, sides.origin)
    for at in _only_in(ours, theirs):
        yield FieldChange(f"{path}/{at}", Kind.ADDED, None, _shown_condition(ours[at]), rule, sides.origin)


def _only_in(some: Sequence[Any], others: Sequence[Any]) -> list[int]:
    left = Counter(canonical_text(other) for other in others)
    found = []
    for at, one in enumerate(some):
        text = canonical_text(one)
        if left[text]:
            left[text] -= 1
        else:
            found.append(at)
    return found


# ── values and their comments ─────────────────────────────────────────────────────────────────────────────────────


def _value(path: str, sides: _Three, rule: str | None = None) -> Iterator[FieldChange]:
    """Where two values differ, part by part; a scalar and a list of scalars are one part."""
    if not sides.differs:
        return
    for keys in _places(sides.live, sides.desired):
        part = sides
        for key in keys:
            part = part.get(key)
        where = path + pointer(*keys)
        yield FieldChange(where, part.kind, _shown(part.live), _shown(part.desired), rule, part.origin)


def _places(live: Any, desired: Any) -> list[list[str | int]]:
    from deepdiff import DeepDiff  # 0.25 s to import, and not needed where nothing differs

    found = DeepDiff(
        _leaves(live),
        _leaves(desired),
        view="tree",
        ignore_private_variables=False,  # keys that begin with __ are keys like any other
        zip_ordered_iterables=True,  # by place: linear, where aligning is quadratic
        threshold_to_diff_deeper=0,
    )
    levels = [level for kind in found.values() for level in kind]
    return sorted((level.path(output_format="list") for level in levels), key=_reading_order)


def _reading_order(keys: list[str | int]) -> list[tuple[int, str]]:
    """Items of lists by their number, keys by their name."""
    return [(key, "") if isinstance(key, int) else (0, key) for key in keys]


def _leaves(given: Any) -> Any:
    """The value with each leaf as its canonical text, so that DeepDiff compares only texts: exact, and fast."""
    if isinstance(given, dict):
        return {key: _leaves(one) for key, one in given.items()}
    if isinstance(given, list) and any(isinstance(one, dict | list) for one in given):
        return [_leaves(one) for one in given]
    return repr(given) if given is _ABSENT else canonical_text(given)


def _comments(
    path: str, desired: Twin | None, live: Twin | None, base: Twin | None, rule: str | None = None
) -> Iterator[FieldChange]:
    if desired is None or live is None or not _comments_differ(desired, live):
        return
    if base is None:
        origin = Origin.UNKNOWN
    elif not live.comments:  # whoever wrote the value without them lost them: there is nothing of theirs to keep
        origin = Origin.INTENDED
    elif not base.comments:  # a base without comments managed none
        origin = Origin.UNKNOWN
    else:
        origin = _Three(desired.comments, live.comments, base.comments).origin
    yield FieldChange(path, Kind.COMMENTS, live.text, desired.text, rule, origin)


def _comments_differ(desired: Twin, live: Twin | None) -> bool:
    return bool(desired.comments) and live is not None and desired.comments != live.comments


# ── small change ──────────────────────────────────────────────────────────────────────────────────────────────────


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, _Missing) or isinstance(other, _Missing):
        return one is other
    return same(one, other)


def _part(side: Any, key: str | int) -> Any:
    if side is _UNSAID:
        return _UNSAID
    if isinstance(side, dict) and isinstance(key, str):
        return side.get(key, _ABSENT)
    if isinstance(side, list) and isinstance(key, int) and key < len(side):
        return side[key]
    return _ABSENT


def _spec(item: Rule | None) -> Any:
    return _ABSENT if item is None else item.spec


def _shown(side: Any) -> Any:
    return None if isinstance(side, _Missing) else side


def _shown_item(item: Mapping[str, Any]) -> Mapping[str, Any]:
    return shown_rule(item) if "conditions" in item else item


def _shown_condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _unlisted(given) for key, given in condition.items()}


def _unlisted(given: Any) -> Any:
    """A list of one as the one: what a person would have written as a target value."""
    return given[0] if isinstance(given, list) and len(given) == 1 else _shown(given)


def _placed(change: FieldChange, desired: Resource) -> FieldChange:
    return change if desired.origin is None else replace(change, location=_place(change, desired))


def _place(change: FieldChange, desired: Resource) -> Location | None:
    assert desired.origin is not None
    parent, _, last = change.path.rpartition("/")
    if change.kind is Kind.REMOVED and last.isdecimal():  # at its number the file may have another item
        return desired.origin.locate(_written(parent, desired.raw), key=True)
    return desired.origin.locate(_written(change.path, desired.raw))


def _written(path: str, raw: Mapping[str, Any]) -> str:
    """The path as it stands in the file, where a value may be given by its twin alone."""
    at: Any = raw
    keys = path.split("/")[1:]
    for number, key in enumerate(keys):
        if isinstance(at, dict) and key not in at and f"{key}Json5" in at:
            return "/" + "/".join([*keys[:number], f"{key}Json5"])
        at = at[int(key)] if isinstance(at, list) and key.isdigit() and int(key) < len(at) else _part(at, key)
    return path
