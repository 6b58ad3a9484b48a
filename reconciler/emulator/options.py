"""What may be switched on an emulator. The defaults are the strict choices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from reconciler.emulator.rule_ids import new_base_id

STATSIG_RATE_LIMITS = ((100, 10.0), (900, 900.0))
"""The documented windows of a project: mutations, seconds."""


@dataclass(frozen=True, slots=True)
class Options:
    rate_limits: tuple[tuple[int, float], ...] = ()
    """(mutations, seconds) each; empty for none. Counted by one Emulator, in memory."""
    retry_after: bool = True
    """Send ``Retry-After`` with a 429; whether the real API does is not known."""
    errors_key: bool = True
    """Send ``errors`` with a validation failure; clients of the real API disagree on whether it does."""
    review_required: bool = False
    """Refuse writes that carry ``x-respect-review-settings: true``."""
    match_rules_by_name: bool = False
    """Let a rule without ``id`` and ``baseID`` keep those of the stored rule of its name."""
    lenient_nulls: bool = False
    """Take explicit nulls in conditions, as if the key were absent."""
    keep_unknown_fields: bool = True
    """A full update keeps stored top-level fields that no write can carry; False drops them."""
    known_tags: frozenset[str] | None = None
    """Refuse other tags; None takes any. Likewise the next two."""
    known_id_types: frozenset[str] | None = None
    known_environments: frozenset[str] | None = None
    new_rule_id: Callable[[], str] = new_base_id
