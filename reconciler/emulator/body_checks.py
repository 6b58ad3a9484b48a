"""Is this body one that the API takes? The answer is every problem at once, as the API lists them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.emulator import twin_texts as twins
from reconciler.emulator import value_schema as json_schema
from reconciler.emulator.errors import Problem, invalid, rule_refusal
from reconciler.emulator.options import Options
from reconciler.emulator.shapes import (
    Shape,
    any_of,
    array,
    boolean,
    free_object,
    nullable,
    number,
    number_between,
    one_of,
    strict_object,
    text,
)

Body = dict[str, Any]

CONDITION_TYPES = [
    "app_version",
    "browser_name",
    "browser_version",
    "country",
    "custom_field",
    "email",
    "environment_tier",
    "fails_gate",
    "fails_segment",
    "ip_address",
    "locale",
    "os_name",
    "os_version",
    "passes_gate",
    "passes_segment",
    "public",
    "time",
    "unit_id",
    "user_id",
    "url",
    "javascript",
    "device_model",
    "target_app",
    "user_agent",
    "experiment_group",
]

# The only operators the API was seen to refuse; they are names of the SDKs' evaluators, not of the API.
_REFUSED_OPERATORS = frozenset({"str_starts_with_any", "str_ends_with_any"})
_REFUSED_FOR = frozenset({"email", "custom_field", "url", "locale", "user_agent", "browser_name"})

_STRING = text()
_PERCENTAGE = number_between(0, 100, "0.01")
_TARGET = any_of(_STRING, number, array(_STRING), array(number))
_ID = text(3, 100, r"[a-zA-Z0-9_\-.]*")
_NAME = text(3, 100, r"[a-zA-Z0-9_\-. ]*")

_VARIANT = strict_object(
    {
        "id": _STRING,
        "name": _STRING,
        "passPercentage": _PERCENTAGE,
        "returnValue": free_object,
        "returnValueJson5": _STRING,
    },
    required=("name", "passPercentage"),
)
_OWNER = strict_object(dict.fromkeys(("ownerID", "ownerType", "ownerName", "ownerEmail"), _STRING))
_WEBHOOK = strict_object({"url": _STRING, "internalStatusUrl": _STRING})


def _condition(*, nulls: bool) -> Shape:
    optional = nullable if nulls else lambda shape: shape
    return strict_object(
        {
            "type": one_of(CONDITION_TYPES),
            "targetValue": optional(_TARGET),
            "operator": optional(_STRING),
            "field": optional(_STRING),
            "customID": optional(_STRING),
        },
        required=("type",),
    )


def _rule(*, nulls: bool) -> Shape:
    return strict_object(
        {
            "name": text(0, 100),
            "passPercentage": _PERCENTAGE,
            "conditions": array(_condition(nulls=nulls)),
            "environments": nullable(array(_STRING)),
            "id": _STRING,
            "baseID": _STRING,
            "returnValue": free_object,
            "returnValueJson5": _STRING,
            "variants": array(_VARIANT),
        },
        required=("name", "conditions"),
    )


def _fields(*, nulls: bool) -> dict[str, Shape]:
    """What every write may carry."""
    text_or_null = nullable(_STRING)
    return {
        "name": _NAME,
        "isEnabled": boolean,
        "description": text(0, 1000),
        "rules": array(_rule(nulls=nulls)),
        "defaultValue": free_object,
        "defaultValueJson5": _STRING,
        "idType": _STRING,
        "tags": array(_STRING),
        "targetApps": any_of(_STRING, array(_STRING)),
        "creatorID": text_or_null,
        "creatorEmail": text_or_null,
        "owner": nullable(_OWNER),
        "schema": text_or_null,
        "schemaJson5": text_or_null,
        "team": text_or_null,
        "teamID": text_or_null,
        "releasePipelineID": text_or_null,
        "precommitWebhook": nullable(_WEBHOOK),
    }


WRITABLE = frozenset(_fields(nulls=False))
"""The top-level keys that a full update replaces, and resets where it leaves them out."""


class Validator:
    """The bodies that an emulator with these options takes; each check raises ``Refusal``."""

    def __init__(self, options: Options) -> None:
        self._options = options
        fields = _fields(nulls=options.lenient_nulls)
        self._create = strict_object(fields | {"id": _ID, "isTemplate": boolean}, required=("name",))
        self._update = strict_object(fields, required=("isEnabled", "description", "rules"))
        self._patch = strict_object(fields)
        self._archive = strict_object({"forceArchive": boolean, "archiveReason": _STRING})
        self._unarchive = strict_object({"unarchiveReason": _STRING})

    def create(self, body: Body) -> None:
        self._check(self._create, body)

    def derived_id(self, config_id: str) -> None:
        """An id that was made of the name must be one, too."""
        _raise_any(list(_ID(config_id, "id")))

    def update(self, body: Body) -> None:
        self._check(self._update, body)

    def patch(self, body: Body) -> None:
        self._check(self._patch, body)

    def archive(self, body: Body) -> None:
        _raise_any(list(self._archive(body, "")))

    def unarchive(self, body: Body) -> None:
        _raise_any(list(self._unarchive(body, "")))

    def _check(self, shape: Shape, body: Body) -> None:
        """The shape first, as a schema library does; what needs a sound shape only after it."""
        _raise_any(list(shape(body, "")))
        rules = body.get("rules", [])
        _raise_any([*_twin_problems(body, rules), *_operator_problems(rules), *self._unknown_names(body, rules)])
        names = [rule["name"] for rule in rules]
        if len(set(names)) < len(names):
            raise rule_refusal("Duplicate rule name(s) given")

    def _unknown_names(self, body: Body, rules: list[Body]) -> Iterator[Problem]:
        """Tags and such that the project does not have, where the options list what it has."""
        options = self._options
        if options.known_tags is not None:
            yield from _strangers("tags", body.get("tags", []), options.known_tags)
        if options.known_id_types is not None and "idType" in body:
            yield from _strangers("idType", body["idType"], options.known_id_types)
        if options.known_environments is not None:
            for index, rule in enumerate(rules):
                path = f"rules.{index}.environments"
                yield from _strangers(path, rule.get("environments") or [], options.known_environments)


def _raise_any(problems: list[Problem]) -> None:
    if problems:
        raise invalid(problems)


def _strangers(path: str, given: Any, known: frozenset[str]) -> Iterator[Problem]:
    names = [(path, given)] if isinstance(given, str) else [(f"{path}.{i}", x) for i, x in enumerate(given)]
    for place, name in names:
        if name not in known:
            yield Problem(place, f"'{name}' does not exist")


def _operator_problems(rules: list[Body]) -> Iterator[Problem]:
    for index, rule in enumerate(rules):
        for place, condition in enumerate(rule["conditions"]):
            operator = condition.get("operator")
            if operator in _REFUSED_OPERATORS and condition["type"] in _REFUSED_FOR:
                path = f"rules.{index}.conditions.{place}.operator"
                yield Problem(path, f"Invalid operator '{operator}' for condition type '{condition['type']}'")


def _holders(config: Body, rules: list[Body]) -> Iterator[tuple[str, Body, str]]:
    """Everything that holds a value: (path prefix, holder, key)."""
    yield "", config, "defaultValue"
    for index, rule in enumerate(rules):
        yield f"rules.{index}.", rule, "returnValue"
        for place, variant in enumerate(rule.get("variants", [])):
            yield f"rules.{index}.variants.{place}.", variant, "returnValue"


def _twin_problems(body: Body, rules: list[Body]) -> Iterator[Problem]:
    for prefix, holder, key in _holders(body, rules):
        try:
            twins.read_value(holder, key)
        except twins.TwinError as error:
            yield Problem(prefix + error.key, error.message)
    try:
        twins.read_schema(body)
    except twins.TwinError as error:
        yield Problem(error.key, error.message)


def conforms(config: Body, body: Body) -> None:
    """Hold the values of a config that is about to be stored to its own schema.

    Return values must conform whenever the write touches them or the schema; the default value is
    held to it only where this write states one, since the ``{}`` that the server fills in is not a claim.
    """
    text_of_schema = config.get("schema")
    touched = {"rules", "schema", "schemaJson5", "defaultValue", "defaultValueJson5"} & body.keys()
    if text_of_schema is None or not touched:
        return
    try:
        schema = twins.parse_schema(text_of_schema)
    except twins.TwinError as error:
        raise invalid([Problem(error.key, error.message)]) from error
    problems = []
    for prefix, holder, key in _holders(config, config.get("rules", [])):
        if key == "defaultValue" and not {key, twins.twin_of(key)} & body.keys():
            continue
        problems += [
            Problem(prefix + key, f"Does not match the schema: {mismatch}")
            for mismatch in json_schema.mismatches(holder.get(key), schema)
        ]
    _raise_any(problems)
