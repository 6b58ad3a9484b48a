"""Which desired rule is which live rule.

SDKs bucket users by a salt that belongs to the rule and that the API never shows. Whoever loses a rule's
identity draws its users afresh, so identity is decided here, once, and carried into the update's body.

Each step sees only the rules that the steps above left over:

    step      matches when                                         then it is
    ───────   ──────────────────────────────────────────────────   ────────────────────────────
    id        the file gives a ``baseID`` or ``id`` that live has    that rule, whatever else changed
    name      the names are equal (unique in a config)               that rule
    renamed   conditions and environments are equal, and no other    that rule under a new name, whatever
              left-over rule on either side has the same ones        its percentage or value
    value     what it returns is equal and not empty, and no other   that rule, rewritten
              left-over rule on either side returns the same
    —         nothing matches                                        a new rule, or a removed one

``id`` is compared as a whole and never parsed: the server rewrites it as percentages change, ``baseID`` stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.core.normalize import canonical_text
from reconciler.model import Rule


@dataclass(frozen=True, slots=True)
class Pairing:
    """Indices of one rule on both sides; ``desired`` is None for a removed rule, ``live`` for a new one."""

    desired: int | None
    live: int | None


def pair(desired: Sequence[Rule], live: Sequence[Rule]) -> list[Pairing]:
    """Pair two lists of rules: the desired ones in their order, then the live ones that are left, in theirs."""
    found = _by_id(desired, live)
    for key in (_name, _audience, _result):
        _by_unique_key(desired, live, found, key)
    return _pairings(desired, live, found)


def pair_variants(desired: Sequence[Rule], live: Sequence[Rule]) -> list[Pairing]:
    """Pair the variants of one rule, by id, name, or else what they return."""
    found = _by_id(desired, live)
    for key in (_name, _value):
        _by_unique_key(desired, live, found, key)
    return _pairings(desired, live, found)


def _pairings(desired: Sequence[Rule], live: Sequence[Rule], found: Mapping[int, int]) -> list[Pairing]:
    taken = set(found.values())
    return [
        *(Pairing(index, found.get(index)) for index in range(len(desired))),
        *(Pairing(None, index) for index in range(len(live)) if index not in taken),
    ]


def _by_id(desired: Sequence[Rule], live: Sequence[Rule]) -> dict[int, int]:
    known = {rule.raw[name]: at for at, rule in enumerate(live) for name in ("id", "baseID") if rule.raw.get(name)}
    found: dict[int, int] = {}
    taken: set[int] = set()
    for index, rule in enumerate(desired):
        at = known.get(rule.raw.get("baseID") or "", known.get(rule.raw.get("id") or ""))
        if at is not None and at not in taken:
            found[index] = at
            taken.add(at)
    return found


def _by_unique_key(
    desired: Sequence[Rule], live: Sequence[Rule], found: dict[int, int], key: Callable[[Rule], Hashable]
) -> None:
    taken = set(found.values())
    ours = _unique(desired, found, key)
    theirs = _unique(live, taken, key)
    found.update({at: theirs[value] for value, at in ours.items() if value in theirs})


def _unique(rules: Sequence[Rule], taken: Collection[int], key: Callable[[Rule], Hashable]) -> dict[Hashable, int]:
    """Key → index of the rules that are left over and whose key no other of them has."""
    places: dict[Hashable, list[int]] = {}
    for index, rule in enumerate(rules):
        value = None if index in taken else key(rule)
        if value is not None:
            places.setdefault(value, []).append(index)
    return {value: at[0] for value, at in places.items() if len(at) == 1}


def _name(rule: Rule) -> str:
    return rule.name


def _audience(rule: Rule) -> str:
    return canonical_text([rule.spec["conditions"], rule.spec["environments"]])


def _result(rule: Rule) -> str | None:
    returned = [rule.spec["returnValue"], rule.spec["variants"]]
    return None if returned == [{}, []] else canonical_text(returned)


def _value(variant: Rule) -> str | None:
    return None if variant.spec["returnValue"] == {} else canonical_text(variant.spec["returnValue"])
