"""The list of all checks, and how they are run and weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.checks import condition_checks, content, identity, rule_checks
from reconciler.checks.bounds import bounded, trimmed
from reconciler.checks.schemas import schema
from reconciler.checks.shape import shape
from reconciler.checks.twin_checks import twins
from reconciler.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings

Check = Callable[["Document", "Settings"], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    shape,
    identity.stem,
    rule_checks.unique_names,
    rule_checks.percentages,
    rule_checks.variant_shares,
    rule_checks.environments,
    rule_checks.empty_rules,
    rule_checks.unreachable_rules,
    rule_checks.repeated_conditions,
    rule_checks.repeated_condition,
    rule_checks.values_are_objects,
    condition_checks.operators,
    condition_checks.targets,
    condition_checks.other_keys,
    twins,
    schema,
    content.unsafe_integers,
    content.credentials,
    content.payload_size,
)


def check(documents: Sequence[Document], settings: Settings) -> list[Diagnostic]:
    """Every finding in the documents and between them, weighed by the settings, sorted by place."""
    found = [finding for document in documents for finding in check_one(document, settings)]
    by_file = {document.file: document for document in documents}
    found += identity.clashes(map(identity.identity, documents), by_file.__getitem__)
    return with_severities(found, settings)


def check_one(document: Document, settings: Settings) -> Iterator[Diagnostic]:
    """What is to be found in one document by itself.

    A value that could not be read is a placeholder, and was reported by the reader; it is not reported again.
    """
    found = (finding for one in CHECKS for finding in one(document, settings))
    yield from bounded(
        document, (one for one in found if one.path not in document.placeholders and not _is_off(one, settings))
    )


def with_severities(findings: Iterable[Diagnostic], settings: Settings) -> list[Diagnostic]:
    """The findings as the settings weigh them, sorted: a warning may be off or an error, an error stays one."""
    weighed = []
    for one in map(trimmed, findings):
        if one.severity is Severity.WARNING and settings.checks.get(one.code) == "error":
            weighed.append(replace(one, severity=Severity.ERROR))
        elif not _is_off(one, settings):
            weighed.append(one)
    return sorted(weighed, key=lambda it: it.sort_key)


def _is_off(finding: Diagnostic, settings: Settings) -> bool:
    return finding.severity is Severity.WARNING and settings.checks.get(finding.code) not in (None, "warning", "error")
