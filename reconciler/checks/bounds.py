"""How much one file may make reconciler say: the first findings of every kind, then a count of the others.

A megabyte has room for many thousands of mistakes, and for names that are a megabyte long. What is printed stays below
a megabyte in every format, and no kind of finding hides another one.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.checks.findings import MOST_FINDINGS, MOST_NAMED, short, with_more
from reconciler.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from reconciler.files import Document

MOST_BYTES = 600_000
"""What the findings of one file take as JSON: about a thousand. Each counts its words and ``OVERHEAD``."""

OVERHEAD = 300
"""Bytes that a drawing adds to a finding: its place, its code, the lines that it speaks of."""

LONGEST = 1_000
"""A message or a hint; they are sentences, but for the names that they quote."""

LONGEST_PATH = 4_000
"""A JSON Pointer that is longer is left out: line and column say it too."""

LONGEST_ID = 200
"""Twice what an id may have."""


def bounded(document: Document, findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """The findings while there is room, a dozen of each code in any case; then one that counts the others."""
    shown = Counter[str]()
    room = MOST_BYTES
    first: Diagnostic | None = None
    more, has_error = 0, False
    for finding in findings:
        one = trimmed(finding)
        if room > 0 or shown[one.code] < MOST_NAMED:
            shown[one.code] += 1
            room -= OVERHEAD + len(json.dumps([one.message, one.hint, one.path]))
            yield one
        else:
            first = first or one
            more += 1
            has_error = has_error or one.severity is Severity.ERROR
    if first is not None:
        yield _further(document, first, more, Severity.ERROR if has_error else Severity.WARNING)


def trimmed(finding: Diagnostic) -> Diagnostic:
    """The finding, cut where it quotes something that is far too long."""
    path, hint = finding.path, finding.hint
    if (
        len(finding.message) <= LONGEST
        and len(hint or "") <= LONGEST
        and len(path or "") <= LONGEST_PATH
        and len(finding.id or "") <= LONGEST_ID
    ):
        return finding
    return replace(
        finding,
        message=short(finding.message, LONGEST),
        hint=None if hint is None else short(hint, LONGEST),
        path=None if path is None or len(path) > LONGEST_PATH else path,
        id=None if finding.id is None else short(finding.id, LONGEST_ID),
    )


def _further(document: Document, first: Diagnostic, more: int, severity: Severity) -> Diagnostic:
    from reconciler.files.flaws import too_many_findings
    from reconciler.files.loading import whole_file

    return replace(
        whole_file(document.file, too_many_findings()),
        severity=severity,
        message=f"and {more:,} more findings in this file, the first of them here",
        hint="fix those that are shown, then validate again",
        location=first.location,
        id=first.id,
    )


class Named:
    """The values that do not meet a schema: the first ones for each of its keywords, then how many there are."""

    def __init__(self) -> None:
        self._counts = defaultdict[str, int](int)
        self._found = defaultdict[str, list[Diagnostic]](list)
        self._total = 0
        self._elsewhere = 0  # by keywords that no finding names

    def takes(self, keyword: str) -> bool:
        """Counts one more for a keyword; whether it is to be named."""
        if not self._counts[keyword] and self._total >= MOST_FINDINGS:
            self._elsewhere += 1
            return False
        self._counts[keyword] += 1
        return len(self._found[keyword]) < MOST_NAMED

    def add(self, keyword: str, found: Diagnostic) -> None:
        self._found[keyword].append(found)
        self._total += 1

    def findings(self) -> list[Diagnostic]:
        """All that are named; the last one for each keyword counts the others."""
        named: list[Diagnostic] = []
        for keyword, found in self._found.items():
            more = self._counts[keyword] - len(found)
            named += [*found[:-1], with_more(found[-1], more, "do not meet it either")]
        if named and self._elsewhere:
            named[-1] = with_more(named[-1], self._elsewhere, "do not meet other parts of the schema")
        return named
