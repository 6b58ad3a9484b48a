"""A document or a payload → the canonical form that is compared.

The only place that applies the API's defaults and quirks (they are data in ``dynamic_config``), to both sides alike,
so that nothing after it has a special case:

    absent, null                 one thing outside of values; "" too, for a condition's operator, field and customID
    "x" and ["x"]                one thing in ``targetValue``
    "31" and 31                  one thing where an operator compares numbers, and in a percentage
    tags, targetApps, …          sets: sorted, each once
    1.0 and 1, 1e20 and 10…0     one number: each is the double that Statsig keeps; true and 1 are two things
    schema as text or mapping    the parsed schema
    a rule without a percentage  one for all who meet its conditions: its variants say who gets what
    ids of rules                 left out: they say which rule it is, not what it does
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.diagnostics import pointer
from reconciler.dynamic_config.condition_types import NUMERIC_OPERATORS, OPERATORLESS_TYPES
from reconciler.dynamic_config.fields import CONFIG, RULE, VARIANT, Field, Managed, group
from reconciler.files import Document, JsonError, comments_of, parse_json5
from reconciler.model import Resource, Twin

VALUE_FIELDS = frozenset({"defaultValue", "schema"})
"""Fields of a config that have a twin, and whose parts are compared one by one."""

_STRING = re.compile(r""""(?:[^"\\]|\\.)*+"|'(?:[^'\\]|\\.)*+'""", re.DOTALL)
_COMPARED = tuple(
    name
    for name, field in CONFIG.items()
    if field.managed in (Managed.ALWAYS, Managed.WHEN_WRITTEN) and field.twin_of is None
)
_GROUPS = {name: group(CONFIG, name) for name in CONFIG}
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False)
_EXACT = 2**53  # beyond it Statsig, which keeps numbers as doubles, no longer tells neighbours apart
_PLAIN = 1e21  # below it JavaScript writes a whole number without an exponent


class PayloadError(Exception):
    """A live config that is not shaped as the API documents; the message says how."""


def desired(document: Document, unmanaged: frozenset[str] = frozenset()) -> Resource:
    """What a file asks for. An absent key means its default, or is left out of ``spec`` where it is unmanaged.

    ``unmanaged`` names always managed fields that the settings moved to "managed when written".
    The document must have passed the checks.
    """
    data = document.data
    names = [name for name in _COMPARED if _speaks(name, data, unmanaged)]
    return Resource(document.id, _spec(names, data, document.id), data, _twins(data, document), document)


def live(payload: Mapping[str, Any]) -> Resource:
    """What the API sent, or would be sent. Raises ``PayloadError`` where it cannot be a dynamic config."""
    try:
        config_id = str(payload["id"])
        _check_ids(payload)
        spec = _spec(_COMPARED, payload, config_id)
        return Resource(config_id, spec, payload, _twins(payload, None))
    except KeyError as error:
        raise PayloadError(f"a {error} is missing where the API documents one") from error
    except (AttributeError, OverflowError, TypeError, ValueError) as error:
        raise PayloadError(f"it is not shaped as the API documents ({error})") from error


def _check_ids(payload: Mapping[str, Any]) -> None:
    """Rules are told apart by their ids, so those must be what they seem."""
    for rule in payload.get("rules") or ():
        for item in (rule, *(rule.get("variants") or ())):
            for name in ("id", "baseID"):
                given = item.get(name)
                if given is not None and not isinstance(given, str):
                    raise TypeError(f'the {name} of "{item.get("name")}" is no text')


def canonical_text(value: Any) -> str:
    """A text that is equal exactly where two canonical forms are: keys sorted, ``true`` apart from ``1``."""
    return _CANONICAL.encode(value)


def same(one: Any, other: Any) -> bool:
    """Whether two canonical forms are equal."""
    return canonical_text(one) == canonical_text(other)


def value(given: Any) -> Any:
    """The canonical form of a JSON value: each number is the double that it becomes; nothing else is folded."""
    kind = type(given)
    if kind is dict:
        return {key: value(one) for key, one in given.items()}
    if kind is list:
        return [value(one) for one in given]
    if kind is float or (kind is int and abs(given) > _EXACT):
        double = float(given)
        return int(double) if double.is_integer() and abs(double) < _PLAIN else double
    return given


def _speaks(name: str, data: Mapping[str, Any], unmanaged: frozenset[str]) -> bool:
    """Whether a file manages a field. Of ``team`` and ``teamID`` only the one that is written, or both to clear it."""
    if CONFIG[name].managed is Managed.ALWAYS and name not in unmanaged:
        return True
    written = [key for key in _GROUPS[name] if key in data]
    if name in written or CONFIG[name].twin in written:
        return True
    return bool(written) and all(data[key] is None for key in written)


def _spec(names: Iterable[str], given: Mapping[str, Any], config_id: str) -> dict[str, Any]:
    spec = {name: _field(name, given) for name in names}
    if "name" in spec and spec["name"] is None:
        spec["name"] = config_id
    return spec


def _field(name: str, given: Mapping[str, Any]) -> Any:
    field = CONFIG[name]
    if name == "rules":
        return [_rule(rule) for rule in given.get("rules") or ()]
    if name == "schema":
        return _schema(given)
    if field.twin is not None:
        return _twinned(field, given)
    found = given.get(name)
    if found is None:
        return field.default
    if field.as_set:
        return _set(found)
    if isinstance(found, dict):
        return {key: value(one) for key, one in found.items() if one is not None}
    return found


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    variants = [_variant(variant) for variant in rule.get("variants") or ()]
    environments = rule.get("environments")
    percentage = rule.get("passPercentage")
    return {
        "name": rule["name"],
        "passPercentage": RULE["passPercentage"].default if percentage is None else _number(percentage),
        "conditions": [_condition(condition) for condition in rule.get("conditions") or ()],
        "environments": None if environments is None else _set(environments),
        "returnValue": _twinned(RULE["returnValue"], rule),
        "variants": variants,
    }


def _variant(variant: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": variant["name"],
        "passPercentage": _number(variant.get("passPercentage")),
        "returnValue": _twinned(VARIANT["returnValue"], variant),
    }


def _condition(condition: Mapping[str, Any]) -> dict[str, Any]:
    kind, operator = condition["type"], condition.get("operator")
    named = {"operator": operator, "field": condition.get("field"), "customID": condition.get("customID")}
    canonical = {"type": kind} | {key: given for key, given in named.items() if given not in (None, "")}
    target = condition.get("targetValue")
    targets = target if isinstance(target, list) else [] if target is None else [target]
    if operator in NUMERIC_OPERATORS:
        targets = [_number(one) for one in targets]
    if targets or not (target is None or kind in OPERATORLESS_TYPES):
        canonical["targetValue"] = [value(one) for one in targets]
    return canonical


def _number(given: Any) -> Any:
    """A number as itself, a numeric string as its number, anything else as it stands."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return given
        return value(given) if isinstance(given, int | float) and not isinstance(given, bool) else given
    return value(given)


def _set(given: Any) -> list[Any]:
    return sorted(set(given)) if isinstance(given, list) else [given]


def _twinned(field: Field, given: Mapping[str, Any]) -> Any:
    """A value that may be given plain, as JSON5 text, or as both (which are then equal)."""
    plain = given.get(field.name)
    if plain is not None:
        return value(plain)
    text = given.get(field.twin or "")
    parsed = _parsed(text) if isinstance(text, str) else None
    return field.default if parsed is None else parsed


def _schema(given: Mapping[str, Any]) -> Any:
    """The parsed schema, from a mapping or from JSON or JSON5 text; None where there is none."""
    for found in (given.get("schema"), given.get("schemaJson5")):
        if found not in (None, ""):
            return _parsed(found) if isinstance(found, str) else value(found)
    return None


def _parsed(text: str) -> Any:
    try:
        return value(parse_json5(text))
    except JsonError:
        return text


def _twins(given: Mapping[str, Any], document: Document | None) -> dict[str, Twin]:
    """Pointer of a value → its author's text: the twin that is given, or what a commented ``.json5`` file shows."""
    places = _twinned_places(given)
    found = {path: _twin(path, owner, field, document) for path, owner, field in places}
    return {path: twin for path, twin in found.items() if twin is not None}


def _twin(path: str, owner: Mapping[str, Any], field: Field, document: Document | None) -> Twin | None:
    """One value's text: the one with comments, where a file gives the value and a text beside it."""
    plain, text = owner.get(field.name), owner.get(field.twin or "")
    given = None
    if isinstance(text, str):
        given = comments_of(text) if _may_have_comments(text) else Twin(text, ())
    elif field.name == "schema" and isinstance(plain, str):
        return comments_of(plain) if _may_have_comments(plain) else None
    if document is None or plain is None or (given is not None and given.comments):
        return given
    written = document.twin(path)
    return written if given is None or (written is not None and written.comments) else given


def _may_have_comments(text: str) -> bool:
    """False for nearly every text, URLs in strings and all, and much cheaper than reading it."""
    if "//" not in text and "/*" not in text:
        return False
    outside = _STRING.sub("", text)  # up to the first comment surely, and that one is enough
    return "//" in outside or "/*" in outside


def _twinned_places(given: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any], Field]]:
    for name in VALUE_FIELDS:
        yield pointer(name), given, CONFIG[name]
    for at, rule in enumerate(given.get("rules") or ()):
        yield pointer("rules", at, "returnValue"), rule, RULE["returnValue"]
        for number, variant in enumerate(rule.get("variants") or ()):
            yield pointer("rules", at, "variants", number, "returnValue"), variant, VARIANT["returnValue"]
