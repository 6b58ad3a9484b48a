"""Rules: names, percentages, variants, environments, and rules that can never decide anything."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from reconciler.checks.findings import did_you_mean, error, kind, warning
from reconciler.checks.parts import Part, conditions, is_number, outcomes, rules, strings, variants
from reconciler.diagnostics import Diagnostic, pointer
from reconciler.dynamic_config.fields import RULE
from reconciler.dynamic_config.sizes import PERCENTAGE

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings


def unique_names(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """The API refuses two rules of one name."""
    first: dict[str, str] = {}
    for path, rule in rules(document.data):
        name = rule.get("name")
        if isinstance(name, str) and first.setdefault(name, path) != path:
            line = document.locate(first[name] + "/name").line
            yield error(
                document,
                path + "/name",
                "rule-name-duplicate",
                f'the rule in line {line} is called "{name}" too',
                "Statsig refuses two rules of one name; rename one",
            )


def percentages(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Every rule without variants says its percentage, and every percentage moves in steps of 0.01."""
    for path, rule in rules(document.data):
        if "passPercentage" not in rule and not rule.get("variants"):
            yield error(
                document,
                path + "/passPercentage",
                "rule-without-percentage",
                "this rule says neither passPercentage nor variants",
                "write passPercentage: 100 to mean everyone who meets the conditions",
            )
        yield from _steps(document, path, rule)
        for variant_path, variant in variants((path, rule)):
            yield from _steps(document, variant_path, variant)


def _steps(document: Document, path: str, owner: dict[str, Any]) -> Iterator[Diagnostic]:
    value = owner.get("passPercentage")
    if type(value) is int or not is_number(value) or not PERCENTAGE[0] <= value <= PERCENTAGE[1]:
        return
    if Decimal(repr(value)) % Decimal("0.01") != 0:
        yield error(
            document,
            path + "/passPercentage",
            "percentage-step",
            f"passPercentage is {value}; it moves in steps of 0.01",
            f"the nearest is {round(value, 2)}",
        )


def variant_shares(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Variants share out all users; what Statsig makes of another sum is not documented."""
    for rule in rules(document.data):
        shares = [variant.get("passPercentage") for _, variant in variants(rule)]
        if shares and all(map(is_number, shares)):
            total = sum((Decimal(repr(one)) for one in shares), Decimal())
            if total != PERCENTAGE[1]:
                yield warning(
                    document,
                    rule[0] + "/variants",
                    "variants-sum",
                    f"the variants' percentages sum to {total.normalize():f}, not 100",
                )


def environments(document: Document, settings: Settings) -> Iterator[Diagnostic]:
    """Environments are known to the settings, where these list any, and a rule counts in one at least."""
    for path, rule in rules(document.data):
        if rule.get("environments") == []:
            yield warning(
                document,
                path + "/environments",
                "environments-empty",
                "this rule names no environment, and may count in none",
                "leave environments out to mean all of them",
            )
        if settings.environments is None:
            continue
        for index, name in enumerate(strings(rule.get("environments"))):
            if name not in settings.environments:
                yield warning(
                    document,
                    path + pointer("environments", index),
                    "environment-unknown",
                    f'"{name}" is not one of the environments in the settings',
                    did_you_mean(name, settings.environments) or "known: " + ", ".join(settings.environments),
                )


def empty_rules(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """A rule without conditions applies to everyone, which should be said."""
    for path, rule in rules(document.data):
        if rule.get("conditions", []) == [] and not (rule.keys() - RULE.keys()):  # one may be a misspelt `conditions`
            yield warning(
                document,
                path + "/conditions",
                "rule-empty",
                "this rule has no conditions, so it decides for everyone",
                "say so with one condition of type public",
            )


def unreachable_rules(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Below a rule for everyone, in every environment, nothing is ever decided."""
    everyone: str | None = None
    for path, rule in rules(document.data):
        if everyone is not None:
            line = document.locate(everyone).line
            yield warning(
                document,
                path,
                "rule-unreachable",
                f"the rule in line {line} decides for everyone, so this one is never reached",
                "move it up: who is outside a rule's percentage gets defaultValue, not the next rule",
            )
        elif _is_for_everyone((path, rule)):
            everyone = path


def repeated_conditions(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Two rules with the same conditions: the second decides only where the first does not count."""
    given_rules = rules(document.data)
    if _all_differ([" ".join(_types(rule)) for rule in given_rules]):
        return
    first: dict[str, Part] = {}
    for path, rule in given_rules:
        given = rule.get("conditions")
        if not isinstance(given, list) or len(given) == 0 or _is_for_everyone((path, rule)):
            continue
        earlier = first.setdefault("\n".join(map(_spelled, given)), (path, rule))
        if earlier[0] != path and _covers(earlier[1], rule):
            line = document.locate(earlier[0]).line
            yield warning(
                document,
                path + "/conditions",
                "rule-conditions-repeated",
                f"the rule in line {line} has the same conditions, so this one is never reached",
                "who is outside a rule's percentage gets defaultValue, not the next rule",
            )


def repeated_condition(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """One condition written twice in a rule says nothing more."""
    for rule in rules(document.data):
        if _all_differ(_types(rule)):
            continue
        seen: set[str] = set()
        for path, condition in conditions(rule):
            spelled = _spelled(condition)
            if spelled in seen:
                yield warning(document, path, "condition-repeated", "this condition stands in the rule already")
            seen.add(spelled)


def values_are_objects(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Dynamic configs hold objects; the live API has been seen to hold other values, which its SDKs cannot use."""
    for path, owner, key in outcomes(document.data):
        value = owner.get(key)
        if key == "returnValue" and value is not None and not isinstance(value, dict):
            yield warning(
                document,
                path + pointer(key),
                "value-not-object",
                f"{key} is {kind(value)}; a dynamic config's values are mappings",
            )


def _types(rule: Part) -> list[str]:
    """The types of a rule's conditions. Where these differ the conditions do, and need not be spelled."""
    return [repr(condition.get("type")) for _, condition in conditions(rule)]


def _all_differ(items: list[str]) -> bool:
    return len(set(items)) == len(items)


def _spelled(condition: Any) -> str:
    """The same text for the same condition, in whatever order its keys stand."""
    return repr(sorted(condition.items())) if isinstance(condition, dict) else repr(condition)


def _is_for_everyone(rule: Part) -> bool:
    given = rule[1].get("conditions", [])
    if not isinstance(given, list) or rule[1].get("environments") is not None:
        return False
    return all(isinstance(one, dict) and one.get("type") == "public" for one in given)


def _covers(earlier: dict[str, Any], later: dict[str, Any]) -> bool:
    """Whether the earlier rule counts in every environment in which the later one does."""
    if earlier.get("environments") is None:
        return True
    named = strings(later.get("environments"))
    return bool(named) and set(named) <= set(strings(earlier["environments"]))
