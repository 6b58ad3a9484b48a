"""Whether live is still what it was: digests of live states, and the server's own count of writes."""

from __future__ import annotations

import hashlib
from typing import Any

from reconciler.core.normalize import canonical_text
from reconciler.model import LiveVersion, Resource
from reconciler.ports import Payload


def fingerprint(live: Resource) -> str:
    """A digest of what a full update can write, of rule ids, rollout schedules and the status; of nothing else."""
    rules = [
        [
            rule.raw.get("id"),
            rule.raw.get("baseID"),
            rule.raw.get("pendingAutomatedRollouts") or [],
            rule.raw.get("completedAutomatedRollouts") or [],
            [variant.raw.get("id") for variant in rule.variants],
        ]
        for rule in live.rules
    ]
    texts = {path: twin.text for path, twin in live.twins.items()}
    return sha256([live.id, live.spec, rules, texts, live.raw.get("status")])


def planned_state(live: Resource) -> LiveVersion:
    """The live state that a change is planned against."""
    name, moment = live.raw.get("lastModifierName"), live.raw.get("lastModifiedTime")
    return LiveVersion(
        fingerprint(live),
        name if isinstance(name, str) else None,
        moment if isinstance(moment, int | float) and not isinstance(moment, bool) else None,
    )


def version(payload: Payload | None) -> int | None:
    """The number that rises by one with each effective write; None where the server sends none."""
    found = None if payload is None else payload.get("version")
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def sha256(value: Any) -> str:
    """``sha256:…`` over a canonical form."""
    return "sha256:" + hashlib.sha256(canonical_text(value).encode()).hexdigest()
