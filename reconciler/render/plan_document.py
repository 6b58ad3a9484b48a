"""Plan ↔ JSON, for ``plan --format json``, ``--out``, ``show`` and ``apply PLAN.json``.

Reading is strict: the digests are computed again, and what follows from the changes (the summary, ``errored``) is
never taken from the file. A digest is not a signature: it tells an altered file, not a hostile one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler import __version__
from reconciler.core import planning
from reconciler.core.agreement import contradiction
from reconciler.core.normalize import PayloadError, canonical_text
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import (
    Action,
    Change,
    FieldChange,
    Hold,
    Kind,
    LimitExceeded,
    LiveVersion,
    Origin,
    Plan,
    Request,
    TargetRef,
)

FORMAT_VERSION = "1.0"
"""Minor versions add keys, major versions break readers."""

_ERRORS = (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError)


class PlanFileError(Exception):
    """A file that is no plan, or one that was altered; the message is one line for people."""

    code = "plan-altered"


class PlanContradictionError(PlanFileError):
    """A plan whose digests fit, and whose requests do not do what it shows."""

    code = "plan-contradicts-itself"


def to_document(made: Plan) -> dict[str, Any]:
    """The JSON document of a plan. ``checksum`` covers all the rest of it."""
    document = _document(made)
    return document | {"checksum": checksum(document)}


def checksum(document: Mapping[str, Any]) -> str:
    """Over everything that a plan says, where the digest covers what is carried out and shown of the changes.

    It tells an altered document too that has another base, or no warnings any more.
    """
    rest = {name: given for name, given in document.items() if name not in ("checksum", "tool")}
    return "sha256:" + hashlib.sha256(canonical_text(rest).encode()).hexdigest()


def _document(made: Plan) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "tool": {"name": "reconciler", "version": __version__},
        "target": {"name": made.target.name, "api_url": made.target.api_url},
        "source": {"commit": made.commit, "base": made.base},
        "digest": made.digest,
        "intent": made.intent,
        "errored": made.errored,
        "summary": {
            "create": made.count(Action.CREATE),
            "update": made.count(Action.UPDATE),
            **({"unarchive": unarchived} if (unarchived := made.count(Action.UNARCHIVE)) else {}),
            "held": len(made.held),
            "unchanged": made.unchanged,
            "unmanaged": len(made.unmanaged),
            "released": len(made.released),
        },
        "limit": None if made.limit is None else _limit(made.limit),
        "changes": [_change(change) for change in made.changes],
        "unmanaged": list(made.unmanaged),
        "released": list(made.released),
        "diagnostics": [diagnostic_document(one) for one in made.diagnostics],
    }


def failed(target: TargetRef | None = None, diagnostics: Sequence[Diagnostic] = ()) -> dict[str, Any]:
    """The document of a plan that could not be made, without its ``error``."""
    empty = Plan(target or TargetRef("", ""), None, None, (), 0, (), (), tuple(diagnostics), "", "")
    unknown: dict[str, Any] = {} if target else {"target": None}
    return _document(empty) | unknown | {"digest": None, "intent": None, "errored": True}


def diagnostic_document(one: Diagnostic) -> dict[str, Any]:
    """One finding; null where a part is not known."""
    return {
        "severity": one.severity.value,
        "code": one.code,
        "message": one.message,
        "hint": one.hint,
        **place_document(one.location),
        "id": one.id,
        "path": one.path,
    }


def place_document(location: Location | None) -> dict[str, Any]:
    """A place; null for each part that is not known."""
    names = ("file", "line", "column", "end_line", "end_column")
    return {name: (getattr(location, name) or None) if location else None for name in names}


def from_text(text: str) -> Plan:
    """The plan of a file's text; raises ``PlanFileError``."""
    try:
        document = json.loads(text)
        made = from_document(document)
    except _ERRORS as error:
        raise PlanFileError("it is not a plan that this version of reconciler wrote") from error
    digests = (
        planning.digest(made.target.api_url, made.changes, made.limit),
        planning.intent(made.target.api_url, made.changes),
    )
    if (made.digest, made.intent) != digests or document.get("checksum") != checksum(document):
        raise PlanFileError("it was altered after it was made: its digest does not fit its contents")
    ours = to_document(made) | {name: document[name] for name in ("format_version", "tool", "checksum")}
    if ours != (document if document["format_version"] == FORMAT_VERSION else _known_part(document, ours)):
        raise PlanFileError("it was altered after it was made: its parts do not fit one another")
    _must_agree(made.changes)
    return made


def _must_agree(changes: Sequence[Change]) -> None:
    seen: set[str] = set()
    for change in changes:
        try:
            said = "it is there twice" if change.id in seen else contradiction(change)
        except (PayloadError, *_ERRORS) as error:
            said = f"its request is not one of the API's ({error})"
        if said is not None:
            raise PlanContradictionError(f'the change of "{change.id}" contradicts itself: {said}')
        seen.add(change.id)


def _known_part(theirs: Any, ours: Any) -> Any:
    """What a newer minor version wrote, without the keys that it added."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return {key: _known_part(given, ours[key]) for key, given in theirs.items() if key in ours}
    if isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        return [_known_part(given, one) for given, one in zip(theirs, ours, strict=True)]
    return theirs


def from_document(document: Mapping[str, Any]) -> Plan:
    """A plan from its document, not yet checked against its digest; raises whatever a malformed one makes it raise."""
    major = str(document["format_version"]).partition(".")[0]
    if major != FORMAT_VERSION.partition(".")[0]:
        raise ValueError(f"format {document['format_version']}")
    limit = document.get("limit")
    return Plan(
        target=TargetRef(document["target"]["name"], document["target"]["api_url"]),
        commit=document["source"]["commit"],
        base=document["source"]["base"],
        changes=tuple(_read_change(change) for change in document["changes"]),
        unchanged=document["summary"]["unchanged"],
        unmanaged=tuple(document["unmanaged"]),
        released=tuple(document["released"]),
        diagnostics=tuple(_read_diagnostic(one) for one in document["diagnostics"]),
        digest=document["digest"],
        intent=document["intent"],
        limit=limit and LimitExceeded(limit["updates"], limit["managed"], limit["max_changed_percent"]),
    )


def _limit(limit: LimitExceeded) -> dict[str, Any]:
    return {
        "updates": limit.updates,
        "managed": limit.managed,
        "max_changed_percent": limit.max_changed_percent,
    }


def _change(change: Change) -> dict[str, Any]:
    live = change.live
    return {
        "id": change.id,
        "action": change.action.value,
        "file": change.file,
        "held": change.held and {"code": change.held.code, "message": change.held.message},
        "fields": [_field(one) for one in change.fields],
        "live": live
        and {
            "fingerprint": live.fingerprint,
            "lastModifierName": live.last_modifier_name,
            "lastModifiedTime": live.last_modified_time,
        },
        "request": _request(change.request),
        **({} if change.then is None else {"then": _request(change.then)}),
    }


def _request(request: Request) -> dict[str, Any]:
    return {"method": request.method, "path": request.path, "body": request.body}


def _field(one: FieldChange) -> dict[str, Any]:
    place = place_document(one.location)
    return {
        "path": one.path,
        "rule": one.rule,
        "kind": one.kind.value,
        "before": one.before,
        "after": one.after,
        "origin": one.origin.value,
        "file": place["file"],
        "line": place["line"],
        "column": place["column"],
    }


def _read_change(given: Mapping[str, Any]) -> Change:
    held, live, then = given["held"], given["live"], given.get("then")
    return Change(
        id=given["id"],
        action=Action(given["action"]),
        file=given["file"],
        fields=tuple(_read_field(one) for one in given["fields"]),
        held=held and Hold(held["code"], held["message"]),
        request=_read_request(given["request"]),
        live=live and LiveVersion(live["fingerprint"], live["lastModifierName"], live["lastModifiedTime"]),
        then=None if then is None else _read_request(then),
    )


def _read_request(given: Mapping[str, Any]) -> Request:
    return Request(given["method"], given["path"], given["body"])


def _read_field(given: Mapping[str, Any]) -> FieldChange:
    return FieldChange(
        path=given["path"],
        kind=Kind(given["kind"]),
        before=given["before"],
        after=given["after"],
        rule=given["rule"],
        origin=Origin(given["origin"]),
        location=_read_place(given) if given["file"] else None,
    )


def _read_diagnostic(given: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        severity=Severity(given["severity"]),
        code=given["code"],
        message=given["message"],
        location=_read_place(given),
        hint=given["hint"],
        id=given["id"],
        path=given["path"],
    )


def _read_place(given: Mapping[str, Any]) -> Location:
    names = ("line", "column", "end_line", "end_column")
    return Location(given["file"] or "", *(given.get(name) or 0 for name in names))
