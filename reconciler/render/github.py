"""Findings, drift and holds as annotations on the files' lines of a pull request, and a plan as a job's summary.

GitHub shows ten errors and ten warnings of a step, so the worst come first and the last of each counts the rest. What
follows them is the text form, in a fold of the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Change, FieldChange, Origin, Plan
from reconciler.render import markdown, text
from reconciler.render.inert import runner, spaced, terminal
from reconciler.render.phrases import origin, phrase
from reconciler.render.values import counted

SUMMARY_LIMIT = 1_048_576
"""Bytes of ``GITHUB_STEP_SUMMARY`` a step may write; GitHub drops the whole of a longer one."""

_SHOWN = 10
_WIDTH = 120
_BLAMED = (Origin.CONFLICT, Origin.DRIFT)


class _Note(NamedTuple):
    title: str
    message: str
    place: Location | None


def findings(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], files_checked: int) -> str:
    """Annotations of the findings, and below them the text form; the arguments are those of ``text.findings``."""
    drawn = text.findings(diagnostics, sources, files_checked, color=False, width=_WIDTH)
    return _output(_notes(diagnostics, Severity.ERROR), _notes(diagnostics, Severity.WARNING), "Findings", drawn)


def plan(
    plan: Plan,
    *,
    seconds: float | None = None,
    sources: Mapping[str, str] | None = None,
    command: str | None = "reconciler apply",
) -> str:
    """Annotations of holds, drift and findings, and below them the text form; the arguments are ``text.plan``'s."""
    drawn = text.plan(plan, color=False, width=_WIDTH, seconds=seconds, sources=sources, command=command)
    held = [_held(change) for change in plan.held]
    drift = [_drift(field, change) for change in plan.writes for field in change.fields if field.origin in _BLAMED]
    warnings = [*held, *drift, *_notes(plan.diagnostics, Severity.WARNING)]
    return _output(_notes(plan.diagnostics, Severity.ERROR), warnings, "Plan", drawn)


def summary(plan: Plan, *, seconds: float | None = None, head_commit: str | None = None) -> str:
    """The plan as Markdown for the job's summary, at most ``SUMMARY_LIMIT`` bytes."""
    return markdown.plan(
        plan, limit=SUMMARY_LIMIT, seconds=seconds, head_commit=head_commit, full_at="in the saved plan"
    )


def _notes(diagnostics: Sequence[Diagnostic], severity: Severity) -> list[_Note]:
    return [
        _Note(one.code, f"{one.message}\nhelp: {one.hint}" if one.hint else one.message, one.location)
        for one in diagnostics
        if one.severity is severity
    ]


def _held(change: Change) -> _Note:
    """A hold, on the line of the first field that live has otherwise."""
    assert change.held is not None
    blamed = [field for field in change.fields if field.origin in _BLAMED and field.location]
    place = next((field.location for field in blamed or change.fields if field.location), Location(change.file))
    return _Note(f"held: {change.held.code}", f"{change.id} is not written. {change.held.message}", place)


def _drift(field: FieldChange, change: Change) -> _Note:
    said = phrase(field, change)
    what = " ".join(part for part in (said.subject, said.verb, said.values) if part)
    message = f"{change.id}: {what}. {origin(field, change)}; it will be overwritten"
    return _Note(field.origin.value, message, field.location or Location(change.file))


def _output(errors: list[_Note], warnings: list[_Note], title: str, drawn: str) -> str:
    lines = [*_annotations("error", errors), *_annotations("warning", warnings)]
    return "\n".join([*lines, f"::group::{title}", drawn.removesuffix("\n"), "::endgroup::"]) + "\n"


def _annotations(level: str, notes: list[_Note]) -> list[str]:
    shown = notes if len(notes) <= _SHOWN else notes[: _SHOWN - 1]
    lines = [_annotation(level, note) for note in shown]
    if len(notes) > len(shown):
        rest = f"and {counted(len(notes) - len(shown), f'more {level}')}: see the log of this step"
        lines.append(f"::{level}::{_data(rest)}")
    return lines


def _annotation(level: str, note: _Note) -> str:
    properties = {**_position(note.place), "title": note.title}
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items())
    return f"::{level} {said}::{_data(note.message)}"


def _position(place: Location | None) -> dict[str, str | int]:
    """GitHub ignores an annotation that has columns where its lines differ."""
    if place is None or not place.file:
        return {}
    if not place.line:
        return {"file": place.file}
    where: dict[str, str | int] = {"file": place.file, "line": place.line, "endLine": place.end_line or place.line}
    if where["endLine"] == place.line and place.column:
        where |= {"col": place.column, "endColumn": max(place.end_column, place.column)}
    return where


def _data(message: str) -> str:
    """A message for after ``::``; its lines stay lines, nothing else of it acts."""
    lines = [runner(spaced(terminal(line))).replace("%", "%25") for line in message.split("\n")]
    return "%0A".join(lines)


def _property(value: str) -> str:
    return runner(spaced(terminal(value))).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
