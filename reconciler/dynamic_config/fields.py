"""Every body key of a dynamic config, in the API's order: who manages it, what absent means, what belongs together.

``normalize`` reads defaults from here, ``body`` decides from here what to carry, ``pull`` writes in this order, and the
JSON Schema of a file is tested to have exactly these keys. Sources: the OpenAPI document of the Console API
(DynamicConfigDto, its create and update forms) and what the live API has been seen to send.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Managed(StrEnum):
    """When the file speaks for a field."""

    ALWAYS = "always"  # absent from the file means the default
    WHEN_WRITTEN = "when-written"  # absent means "as it is live"; null or [] means "clear it"
    CREATE_ONLY = "create-only"  # sent on a create; the API takes no later change
    IDENTITY = "identity"  # tells which config, rule or variant is meant; never a difference by itself
    EDITOR = "editor"  # for editors only, never sent


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a body.

    ``default`` is the canonical value for "absent" where the field is always managed, and for "cleared" where it is
    managed when written; in a rule, a variant or a condition it is what the API fills in. ``nullable``: the API takes
    null. ``as_set``: order and repetition carry no meaning. ``numeric``: numbers and numeric strings are equal.
    ``group`` names the thing that several keys spell (``team`` and ``teamID``; a value and its twin); writing one of
    a group never carries another one's live value along. ``twin`` is the key of the same value as JSON5 text, and
    ``twin_of`` its way back.
    """

    name: str
    managed: Managed
    default: Any = None
    nullable: bool = False
    as_set: bool = False
    numeric: bool = False
    group: str = ""
    twin: str | None = None
    twin_of: str | None = None


def _table(fields: Iterable[Field]) -> dict[str, Field]:
    return {field.name: field for field in fields}


_ALWAYS, _WRITTEN, _IDENTITY = Managed.ALWAYS, Managed.WHEN_WRITTEN, Managed.IDENTITY

CONFIG: dict[str, Field] = _table(
    [
        Field("$schema", Managed.EDITOR),
        Field("id", _IDENTITY),
        Field("name", _WRITTEN, default=None),  # cleared, and on a create: the id
        Field("description", _ALWAYS, default=""),
        Field("isEnabled", _ALWAYS, default=True),
        Field("idType", _WRITTEN, default="userID"),
        Field("tags", _WRITTEN, default=[], as_set=True),
        Field("targetApps", _WRITTEN, default=[], as_set=True),
        Field("team", _WRITTEN, nullable=True, group="team"),
        Field("teamID", _WRITTEN, nullable=True, group="team"),
        Field("owner", _WRITTEN, nullable=True),
        Field("creatorID", _WRITTEN, nullable=True),
        Field("creatorEmail", _WRITTEN, nullable=True),
        Field("releasePipelineID", _WRITTEN, nullable=True),
        Field("isTemplate", Managed.CREATE_ONLY, default=False),
        Field("precommitWebhook", _WRITTEN, nullable=True),
        Field("rules", _ALWAYS, default=[]),
        Field("defaultValue", _ALWAYS, default={}, group="defaultValue", twin="defaultValueJson5"),
        Field("defaultValueJson5", _ALWAYS, group="defaultValue", twin_of="defaultValue"),
        Field("schema", _ALWAYS, nullable=True, group="schema", twin="schemaJson5"),
        Field("schemaJson5", _ALWAYS, nullable=True, group="schema", twin_of="schema"),
    ]
)
"""The keys of a config."""

RULE: dict[str, Field] = _table(
    [
        Field("id", _IDENTITY),
        Field("baseID", _IDENTITY),
        Field("name", _ALWAYS),
        Field("passPercentage", _ALWAYS, default=100, numeric=True),  # absent where variants stand in for it
        Field("conditions", _ALWAYS, default=[]),
        Field("environments", _ALWAYS, nullable=True, as_set=True),  # null: every environment
        Field("returnValue", _ALWAYS, default={}, group="returnValue", twin="returnValueJson5"),
        Field("returnValueJson5", _ALWAYS, group="returnValue", twin_of="returnValue"),
        Field("variants", _ALWAYS),
    ]
)
"""The keys of a rule."""

VARIANT: dict[str, Field] = _table(
    [
        Field("id", _IDENTITY),
        Field("name", _ALWAYS),
        Field("passPercentage", _ALWAYS, numeric=True),
        Field("returnValue", _ALWAYS, default={}, group="returnValue", twin="returnValueJson5"),
        Field("returnValueJson5", _ALWAYS, group="returnValue", twin_of="returnValue"),
    ]
)
"""The keys of a variant."""

CONDITION: dict[str, Field] = _table(
    [
        Field("type", _ALWAYS),
        Field("operator", _ALWAYS),  # absent, null and "" are one; the API refuses the latter two on a write
        Field("targetValue", _ALWAYS),
        Field("field", _ALWAYS),
        Field("customID", _ALWAYS),
    ]
)
"""The keys of a condition."""

ARCHIVED = "Archived"
"""The ``status`` of a config that takes no update."""

READ_ONLY: frozenset[str] = frozenset(
    {
        "checksPerHour",
        "createdTime",
        "creatorName",
        "holdoutIDs",
        "isPermanent",
        "lastModifiedTime",
        "lastModifierEmail",
        "lastModifierID",
        "lastModifierName",
        "permalink",
        "status",
        "typeReason",
        "version",
    }
)
"""What the API sends of a config and does not take."""

RULE_READ_ONLY: frozenset[str] = frozenset(
    {"automatedRollouts", "completedAutomatedRollouts", "pendingAutomatedRollouts"}
)
"""What the API sends of a rule and does not take: the rollouts that the console scheduled."""


def group(fields: dict[str, Field], name: str) -> tuple[str, ...]:
    """All keys that spell the same thing as ``name``, itself included, in the API's order."""
    field = fields[name]
    if not field.group:
        return (name,)
    return tuple(one.name for one in fields.values() if one.group == field.group)


def unknown(fields: dict[str, Field], payload: Iterable[str], read_only: frozenset[str] = frozenset()) -> list[str]:
    """The keys of a live payload that this table does not know, sorted."""
    return sorted(key for key in payload if key not in fields and key not in read_only)
