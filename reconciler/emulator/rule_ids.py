"""Which submitted rule is which stored rule, and what its id becomes.

A rule's ``baseID`` stays for life and decides how users are bucketed; its ``id`` starts equal to it
and becomes ``baseID:PP.PP:n`` when the percentage changes. The API was seen to find a rule by either.
That ``n`` counts those changes is inferred from captured answers.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator.errors import Refusal, rule_refusal

Rule = dict[str, Any]

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_FULL = 100


def new_base_id() -> str:
    """22 base62 characters, as the API's look."""
    number = int.from_bytes(os.urandom(17), "big")
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_BASE62[digit])
    return "".join(digits)


def unknown_rule() -> Refusal:
    return rule_refusal("A provided rule ID does not match an existing rule ID")


def pair(submitted: Sequence[Rule], stored: Sequence[Rule], *, by_name: bool) -> list[Rule | None]:
    """For each submitted rule the stored one that it continues, or None for a new rule.

    Refuses an id that no stored rule has, and two rules that claim the same one.
    """
    pairs = [_find(rule, stored, by_name=by_name) for rule in submitted]
    claimed = [id(found) for found in pairs if found is not None]
    if len(claimed) != len(set(claimed)):
        raise rule_refusal("Duplicate rule ID(s) given")
    return pairs


def _find(rule: Rule, stored: Sequence[Rule], *, by_name: bool) -> Rule | None:
    given, base = rule.get("id"), rule.get("baseID")
    if given is None and base is None:
        return next((live for live in stored if by_name and live.get("name") == rule["name"]), None)
    for live in stored:
        live_base = base_of(live)
        if (given is None or given in (live.get("id"), live_base)) and (base is None or base == live_base):
            return live
    raise unknown_rule()


def base_of(rule: Rule) -> str | None:
    base: str | None = rule.get("baseID", rule.get("id"))
    return base


def identity(percentage: float, stored: Rule | None, new_id: Callable[[], str]) -> tuple[str, str]:
    """The ``id`` and ``baseID`` of a rule that continues ``stored``, or of a new one."""
    base = (base_of(stored) if stored else None) or new_id()
    if stored is None:
        return base, base
    current = stored.get("id", base)
    if values.same(percentage, stored.get("passPercentage", _FULL)):
        return current, base
    return next_id(base, current, percentage), base


def next_id(base: str, current: str, percentage: float) -> str:
    counted = re.search(r":(\d{1,9})$", current.removeprefix(base))
    return f"{base}:{percentage:.2f}:{int(counted.group(1)) + 1 if counted else 1}"
