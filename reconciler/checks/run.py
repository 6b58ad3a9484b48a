"""The list of all checks, and how they are run and weighed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.checks import conditions, content, identity, rules
from reconciler.checks.schemas import schema
from reconciler.checks.shape import shape
from reconciler.checks.twins import twins
from reconciler.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.documents import Document
    from reconciler.settings import Settings

Check = Callable[["Document", "Settings"], Iterator[Diagnostic]]

CHECKS: tuple[Check, ...] = (
    shape,
    identity.stem,
    rules.unique_names,
    rules.percentages,
    rules.variant_shares,
    rules.environments,
    rules.empty_rules,
    rules.unreachable_rules,
    rules.repeated_conditions,
    rules.repeated_condition,
    rules.values_are_objects,
    conditions.operators,
    conditions.targets,
    conditions.other_keys,
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
    for one in CHECKS:
        for finding in one(document, settings):
            if finding.path not in document.placeholders:
                yield finding


def with_severities(findings: Iterable[Diagnostic], settings: Settings) -> list[Diagnostic]:
    """The findings as the settings weigh them, sorted: a warning may be off or an error, an error stays one."""
    weighed = []
    for one in findings:
        level = settings.checks.get(one.code)
        if one.severity is Severity.ERROR or level in (None, "warning"):
            weighed.append(one)
        elif level == "error":
            weighed.append(replace(one, severity=Severity.ERROR))
    return sorted(weighed, key=lambda it: it.sort_key)
