"""Conditions: what a type's operator, target value and other keys may be, by the table of condition types.

An error is what Statsig has been seen to refuse, or what cannot mean anything; a warning is what is only not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reconciler.checks.findings import did_you_mean, error, kind, warning
from reconciler.checks.parts import conditions, is_number, rules
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.dynamic_config.condition_types import (
    API_OPERATORS,
    CONDITION_TYPES,
    NUMERIC_OPERATORS,
    SCALAR_OPERATORS,
    SDK_OPERATORS,
    TIME_OPERATORS,
    VALUELESS_OPERATORS,
    ConditionType,
    Operator,
    Target,
)
from reconciler.dynamic_config.sizes import PLAUSIBLE_EPOCH_MS

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings

Known = tuple[str, dict[str, Any], ConditionType]
"""A condition whose type is known: its pointer, its mapping, its row of the table."""


def operators(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """The operator is one that the type takes."""
    for path, condition, known in _known(document):
        operator = condition.get("operator")
        if operator in (None, ""):
            if known.operator is Operator.NEEDED:
                yield _operator_missing(document, path, known)
        elif not isinstance(operator, str):
            continue
        elif operator in known.refused:
            yield _operator_refused(document, path, operator, known)
        elif known.operator is Operator.USELESS:
            yield _operator_useless(document, path, known)
        elif operator not in (API_OPERATORS if known.operators is None else known.operators):
            yield _operator_unknown(document, path, operator, known)


def targets(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """The target value is there where it is needed, and of a kind that type and operator can compare with."""
    for path, condition, known in _known(document):
        value = condition.get("targetValue")
        operator = condition.get("operator")
        if not isinstance(operator, str):
            operator = None
        if known.target is Target.NONE or operator in VALUELESS_OPERATORS:
            if value not in (None, []):
                yield _target_useless(document, path, operator if operator in VALUELESS_OPERATORS else known.name)
        elif value is None or value == []:
            if known.target is not Target.ANY:
                yield _target_missing(document, path, known)
        else:
            yield from _target_fits(document, path, value, operator, known)


def other_keys(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """``field`` goes with a custom field and ``customID`` with a unit, and with nothing else."""
    for path, condition, known in _known(document):
        if known.needs == "field" and condition.get("field") in (None, ""):
            yield error(
                document,
                path + "/field",
                "condition-field-missing",
                f'a condition of type {known.name} needs "field", the name of what it looks at',
            )
        if known.needs == "customID" and condition.get("customID") in (None, ""):
            yield warning(
                document,
                path + "/customID",
                "condition-custom-id-missing",
                f'a condition of type {known.name} names its ID type in "customID"',
            )
        for key in ("field", "customID"):
            if condition.get(key) not in (None, "") and known.needs != key:
                yield _key_useless(document, path, key, known)


def _known(document: Document) -> Iterator[Known]:
    for rule in rules(document.data):
        for path, condition in conditions(rule):
            name = condition.get("type")
            known = CONDITION_TYPES.get(name) if isinstance(name, str) else None
            if known is not None:
                yield path, condition, known


def _operator_missing(document: Document, path: str, known: ConditionType) -> Diagnostic:
    return warning(
        document,
        path + "/operator",
        "condition-operator-missing",
        f"a condition of type {known.name} says how it compares",
        f"known: {', '.join(known.operators or ())}",
    )


def _operator_refused(document: Document, path: str, operator: str, known: ConditionType) -> Diagnostic:
    return error(
        document,
        path + "/operator",
        "condition-operator-refused",
        f'Statsig refuses the operator "{operator}" for {known.name}',
        _operator_hint(operator, known),
    )


def _operator_useless(document: Document, path: str, known: ConditionType) -> Diagnostic:
    return warning(
        document,
        path + "/operator",
        "condition-operator-useless",
        f"a condition of type {known.name} takes no operator",
        "leave it out",
        key=True,
    )


def _operator_unknown(document: Document, path: str, operator: str, known: ConditionType) -> Diagnostic:
    """An error where no type at all has such an operator; else Statsig may yet take it, and it is a warning."""
    is_an_operator = operator in API_OPERATORS or known.operators is None
    found = error(
        document,
        path + "/operator",
        "condition-operator-unknown",
        f'operator "{operator}" is not one that {known.name} {"is known to take" if is_an_operator else "takes"}',
        _operator_hint(operator, known),
    )
    return replace(found, severity=Severity.WARNING) if is_an_operator else found


def _operator_hint(operator: str, known: ConditionType) -> str:
    choice = sorted(API_OPERATORS) if known.operators is None else known.operators
    if SDK_OPERATORS.get(operator) in choice:
        return f'SDKs know it, the API does not; the nearest is "{SDK_OPERATORS[operator]}"'
    return did_you_mean(operator, choice) or f"known: {', '.join(choice)}"


def _target_missing(document: Document, path: str, known: ConditionType) -> Diagnostic:
    return warning(
        document,
        path + "/targetValue",
        "condition-value-missing",
        f"a condition of type {known.name} without a targetValue matches nobody",
        f"write {known.target.value}",
    )


def _target_useless(document: Document, path: str, what: object) -> Diagnostic:
    return warning(
        document,
        path + "/targetValue",
        "condition-value-useless",
        f"{what} takes no targetValue",
        "leave it out",
        key=True,
    )


def _key_useless(document: Document, path: str, key: str, known: ConditionType) -> Diagnostic:
    return warning(
        document,
        f"{path}/{key}",
        "condition-key-useless",
        f'a condition of type {known.name} does not look at "{key}"',
        "leave it out",
        key=True,
    )


def _target_fits(
    document: Document, path: str, value: Any, operator: str | None, known: ConditionType
) -> Iterator[Diagnostic]:
    items = value if isinstance(value, list) else [value]
    if operator in SCALAR_OPERATORS and len(items) > 1:
        yield _target_kind(document, path, f"{operator} compares with one value, not with a list")
    elif operator in TIME_OPERATORS or known.target is Target.MOMENT:
        yield from _moment(document, path, items[0])
    elif operator in NUMERIC_OPERATORS and not _is_numeric(items[0]):
        yield _target_kind(document, path, f"{operator} compares numbers, and this is {kind(items[0])}")
    elif known.target is Target.ID and not isinstance(value, str) and len(items) != 1:
        yield _target_kind(document, path, f"{known.name} takes {known.target.value}; write one condition for each")
    elif known.target in (Target.ID, Target.STRINGS) and not all(isinstance(one, str) for one in items):
        yield _target_kind(document, path, f"{known.name} compares text, and this holds a number", "put it in quotes")


def _moment(document: Document, path: str, value: Any) -> Iterator[Diagnostic]:
    if not _is_numeric(value):
        yield _target_kind(
            document, path, f"this is {kind(value)}, not a moment", "write milliseconds since 1970, in UTC"
        )
    elif 0 <= float(value) < PLAUSIBLE_EPOCH_MS:
        yield warning(
            document,
            path + "/targetValue",
            "condition-moment-in-seconds",
            f"{value} milliseconds after 1970 is in {1970 + int(float(value) / 31_556_952_000)}",
            "write milliseconds, not seconds",
        )


def _target_kind(document: Document, path: str, message: str, hint: str | None = None) -> Diagnostic:
    return warning(document, path + "/targetValue", "condition-value-kind", message, hint)


def _is_numeric(value: Any) -> bool:
    if is_number(value):
        return True
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
