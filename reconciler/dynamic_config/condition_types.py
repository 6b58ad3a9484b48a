"""Every condition type: which operators it knows, what its target value may be, which other keys it needs.

Statsig checks operators per condition type, but its API documents only their names. So three things are kept apart:
operators that are documented or have been seen to work (``operators``), operators that have been seen refused
(``refused``: an error), and everything else (a warning). ``operators`` of None says that nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Target(StrEnum):
    """What ``targetValue`` may be for a type, before the operator narrows it."""

    NONE = "no value"
    ID = "one id, as a string"
    STRINGS = "a string or a list of strings"
    SCALARS = "a string, a number, or a list of either"
    MOMENT = "a moment in milliseconds since 1970 (a number)"
    ANY = "any value"


class Operator(StrEnum):
    """How a type takes ``operator``."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    USELESS = "useless"


@dataclass(frozen=True, slots=True)
class ConditionType:
    """What is known of one type. ``needs`` is the key that it cannot do without: ``field``, ``customID`` or None."""

    name: str
    meaning: str
    target: Target
    operator: Operator = Operator.NEEDED
    operators: tuple[str, ...] | None = None
    refused: frozenset[str] = frozenset()
    needs: str | None = None


_LISTS = ("any", "none")
_CONTAINS = ("str_contains_any", "str_contains_none")
_NULLS = ("is_null", "is_not_null")
_VERSIONS = ("version_gt", "version_gte", "version_lt", "version_lte")
_ARRAYS = ("array_contains_any", "array_contains_none", "array_contains_all", "not_array_contains_all")
_ORDER = ("gt", "gte", "lt", "lte")
_TIMES = ("before", "after", "on")

NUMERIC_OPERATORS: frozenset[str] = frozenset({*_ORDER, *_TIMES})
"""Operators whose target is a number; for them the API reads numbers and numeric strings alike."""

TIME_OPERATORS: frozenset[str] = frozenset(_TIMES)
"""Operators whose target is a moment in milliseconds since 1970."""

SCALAR_OPERATORS: frozenset[str] = frozenset({*NUMERIC_OPERATORS, *_VERSIONS, "version_eq", "str_matches"})
"""Operators that compare with one value, not with a list."""

VALUELESS_OPERATORS: frozenset[str] = frozenset(_NULLS)
"""Operators that take no target value."""

API_OPERATORS: frozenset[str] = frozenset(
    {
        *_LISTS,
        *_CONTAINS,
        *_NULLS,
        *_ARRAYS,
        *SCALAR_OPERATORS,
        "any_case_sensitive",
        "none_case_sensitive",
        "encoded_any",
    }
)
"""Every operator that Statsig's own tools send to the API, whatever the type."""

_AFFIXES = frozenset({"str_starts_with_any", "str_ends_with_any"})  # seen refused, though the SDKs evaluate them


def _types(types: Iterable[ConditionType]) -> dict[str, ConditionType]:
    return {one.name: one for one in types}


CONDITION_TYPES: dict[str, ConditionType] = _types(
    [
        ConditionType("public", "everyone", Target.NONE, Operator.USELESS, ()),
        ConditionType("user_id", "the user's ID", Target.SCALARS, operators=_LISTS),
        ConditionType(
            "email",
            "the user's e-mail address",
            Target.STRINGS,
            operators=(*_LISTS, *_CONTAINS, "str_matches"),
            refused=_AFFIXES,
        ),
        ConditionType(
            "custom_field",
            "a custom field of the user, named by `field`",
            Target.SCALARS,
            operators=(*_LISTS, *_CONTAINS, *_ORDER, *_VERSIONS, *_TIMES, *_ARRAYS),
            refused=_AFFIXES,
            needs="field",
        ),
        ConditionType(
            "unit_id",
            "another ID of the user, named by `customID`",
            Target.SCALARS,
            operators=(*_LISTS, *_NULLS, *_CONTAINS, "str_matches"),
            needs="customID",
        ),
        ConditionType("app_version", "the app's version", Target.STRINGS, operators=(*_LISTS, *_VERSIONS)),
        ConditionType("browser_version", "the browser's version", Target.STRINGS, operators=(*_LISTS, *_VERSIONS)),
        ConditionType("os_version", "the operating system's version", Target.STRINGS, operators=(*_LISTS, *_VERSIONS)),
        ConditionType("browser_name", "the browser, by name", Target.STRINGS, operators=_LISTS, refused=_AFFIXES),
        ConditionType("os_name", "the operating system, by name", Target.STRINGS, operators=_LISTS),
        ConditionType("country", "the country, as two-letter codes", Target.STRINGS, operators=_LISTS),
        ConditionType("ip_address", "the IP address", Target.STRINGS, operators=_LISTS),
        ConditionType(
            "device_model",
            "the device's model",
            Target.STRINGS,
            operators=(*_LISTS, *_NULLS, *_CONTAINS, "str_matches"),
        ),
        ConditionType(
            "environment_tier", "the environment's tier", Target.STRINGS, Operator.OPTIONAL, operators=_LISTS
        ),
        ConditionType("time", "the time of evaluation", Target.MOMENT, operators=_TIMES),
        ConditionType("passes_gate", "users who pass a gate", Target.ID, Operator.USELESS, ()),
        ConditionType("fails_gate", "users who fail a gate", Target.ID, Operator.USELESS, ()),
        ConditionType("passes_segment", "users in a segment", Target.ID, Operator.USELESS, ()),
        ConditionType("fails_segment", "users outside a segment", Target.ID, Operator.USELESS, ()),
        ConditionType("locale", "the user's locale", Target.STRINGS, operators=_LISTS, refused=_AFFIXES),
        ConditionType("url", "the page's URL", Target.ANY, Operator.OPTIONAL, refused=_AFFIXES),
        ConditionType("user_agent", "the user agent", Target.ANY, Operator.OPTIONAL, refused=_AFFIXES),
        ConditionType("javascript", "an expression in JavaScript", Target.ANY, Operator.OPTIONAL),
        ConditionType("target_app", "the target app", Target.ANY, Operator.OPTIONAL),
        ConditionType("experiment_group", "the user's group in an experiment", Target.ANY, Operator.OPTIONAL),
    ]
)
"""The types that the API takes; any other is refused."""

OPERATORLESS_TYPES: frozenset[str] = frozenset(
    one.name for one in CONDITION_TYPES.values() if one.operator is Operator.USELESS
)
"""Types that take no operator: an absent one, null and "" are one there, and so are an absent target value and []."""

SDK_TYPES: dict[str, str] = {
    "ip_based": "country",
    "ua_based": "browser_name",
    "user_field": "email",
    "current_time": "time",
    "pass_gate": "passes_gate",
    "fail_gate": "fails_gate",
    "environment_field": "environment_tier",
    "user_bucket": "unit_id",
}
"""Type names that SDKs use in what they download, and the API's nearest."""

SDK_OPERATORS: dict[str, str] = {
    "eq": "any",
    "neq": "none",
    "in_segment_list": "any",
    "not_in_segment_list": "none",
    "version_neq": "none",
    "str_starts_with_any": "str_contains_any",
    "str_ends_with_any": "str_contains_any",
}
"""Operators that SDKs evaluate but the API does not take, and the API's nearest."""
