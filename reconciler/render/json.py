"""Findings and outcomes as the JSON documents that users' scripts read, and the one way to write JSON out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from reconciler.diagnostics import Diagnostic, Severity, has_errors
from reconciler.model import Outcome, Plan, Status
from reconciler.render.inert import CONTROL
from reconciler.render.plan_document import FORMAT_VERSION, diagnostic_document, place_document

diagnostic = diagnostic_document
"""One finding as every document holds it."""

_CONTROL = re.compile(f"[{CONTROL}]")
_UNFINISHED = (Status.FAILED, Status.STALE, Status.SKIPPED, Status.UNKNOWN)


def dumps(document: Any) -> str:
    """The document as text that is safe in a log: readable letters as they are, control characters escaped.

    A line of it can only begin with a bracket or a quote, so ``##[`` is all that a CI runner could obey; it is escaped
    too, and the value stays the same. Raises ValueError for NaN and Infinity, which JSON does not have.
    """
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    text = _CONTROL.sub(_escape, text).replace("##[", "\\u0023\\u0023[")
    return text + "\n"


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    return char if char == "\n" else json.dumps(char)[1:-1] if char != "\x7f" else "\\u007f"


def findings(diagnostics: Sequence[Diagnostic], files: int) -> dict[str, Any]:
    """What ``validate`` prints; ``files`` counts the files checked."""
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    return {
        "format_version": FORMAT_VERSION,
        "errored": has_errors(tuple(diagnostics)),
        "summary": {"files": files, "errors": errors, "warnings": len(diagnostics) - errors},
        "diagnostics": [diagnostic(one) for one in diagnostics],
    }


def outcomes(results: Sequence[Outcome], plan: Plan) -> dict[str, Any]:
    """What ``apply`` prints. ``errored`` says that something was to be written and is not known to be."""
    counts = Counter(one.status for one in results)
    return {
        "format_version": FORMAT_VERSION,
        "digest": plan.digest,
        "errored": any(counts[status] for status in _UNFINISHED),
        "summary": {status.value: counts[status] for status in Status},
        "results": [_result(one) for one in results],
    }


def error(code: str, message: str, hint: str | None = None, **details: Any) -> dict[str, Any]:
    """What any command prints when it fails before it has a result; ``details`` join the error's object."""
    found: dict[str, Any] = {"code": code, "message": message, "hint": hint, **details}
    return {"format_version": FORMAT_VERSION, "errored": True, "error": found}


def _result(outcome: Outcome) -> dict[str, Any]:
    failure = outcome.error
    found = None
    if failure is not None:
        found = {"code": failure.code, "message": failure.message, **place_document(failure.location)}
    return {
        "id": outcome.change.id,
        "action": outcome.change.action.value,
        "status": outcome.status.value,
        "error": found,
    }
