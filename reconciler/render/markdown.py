"""A plan as a pull request's comment: is it safe, what does it do, does somebody have to decide something.

The order is that of a reader on a phone: counts, what needs a decision, a table, then the diffs, folded. GitHub refuses
a comment over its limit, so each part takes what is left of it: what does not fit is left out whole, and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reconciler.diagnostics import Diagnostic, Severity
from reconciler.model import Action, Change, FieldChange, Kind, Plan
from reconciler.render.inert import cell, code_span, comment_value, fence, html_code, prose, runner, terminal
from reconciler.render.phrases import Phrase, contents, duration, origin, phrase
from reconciler.render.values import counted, cut, whole

COMMENT_LIMIT = 65_536
"""GitHub's limit on a comment is in characters; bytes are never fewer."""

_NAME = 100  # shown characters of a target's or a config's name, of a file's path
_MESSAGE = 1_000  # shown characters of a finding's or a hold's message
_PHRASES = 3  # fields named in a config's row of the table
_VALUES = 60  # characters of values that a row of the table has room for
_LISTED = 100  # ids of configs without a file
_RESERVE = 1_000  # bytes for the lines that count what was left out


def plan(
    plan: Plan,
    *,
    limit: int = COMMENT_LIMIT,
    seconds: float | None = None,
    head_commit: str | None = None,
    full_at: str | None = None,
) -> str:
    """The comment, at most ``limit`` bytes in UTF-8; below about 2,000 only its heading and last line are certain.

    ``head_commit`` is the pull request's, by default the plan's; ``full_at`` says in words where the whole plan is.
    """
    commit = head_commit or plan.commit
    heading = [_marker(plan, commit), f"### Dynamic configs → {prose(_short(plan.target.name))}: {_headline(plan)}", ""]
    footer = [_footer(plan, seconds, commit)]
    room = _Room(limit - _RESERVE, [*heading, *footer])
    body = [*_decisions(plan, room), *_table(plan, room), *_diffs(plan, room, full_at), *_without_file(plan, room)]
    return runner("\n".join([*heading, *body, *footer]) + "\n")


def findings(drawn: str, *, limit: int = COMMENT_LIMIT) -> str:
    """Findings that keep a plan from being made, as a comment: the counts first, then as much as has room.

    ``drawn`` is their text form, without colour.
    """
    *lines, counts = drawn.rstrip("\n").split("\n")
    room, shown = limit - _RESERVE - len(counts.encode()) * 2, []
    for line in lines:
        room -= len(terminal(line).encode()) + 1
        if room < 0:
            shown.append("…")
            break
        shown.append(line)
    return runner(f"### Dynamic configs: {prose(counts)}\n\n{fence(shown, 'text')}\n")


class _Room:
    """The bytes that are left; a piece is taken whole or not at all."""

    def __init__(self, limit: int, certain: Sequence[str]) -> None:
        self.left = limit - sum(map(self.cost, certain))

    @staticmethod
    def cost(piece: str) -> int:
        return len(runner(piece).encode()) + 1

    def take(self, pieces: Sequence[str], share: float = 1.0, *, skip: bool = False) -> list[str]:
        """The pieces that fit into a share of what is left: the leading ones or, with ``skip``, any."""
        here = int(self.left * share)
        taken: list[str] = []
        for piece in pieces:
            cost = self.cost(piece)
            if cost <= here:
                here, self.left = here - cost, self.left - cost
                taken.append(piece)
            elif not skip:
                break
        return taken


def _marker(plan: Plan, commit: str | None) -> str:
    """What the job that keeps one comment up to date finds it by."""
    named = {"target": plan.target.name, "digest": plan.digest, "commit": commit or ""}
    return f"<!-- reconciler {' '.join(f'{key}={comment_value(value)}' for key, value in named.items())} -->"


def _headline(plan: Plan) -> str:
    errors = sum(one.severity is Severity.ERROR for one in plan.diagnostics)
    counts = [
        (errors, counted(errors, "error")),
        (plan.count(Action.CREATE), counted(plan.count(Action.CREATE), "create")),
        (plan.count(Action.UPDATE), counted(plan.count(Action.UPDATE), "update")),
        (plan.count(Action.UNARCHIVE), f"{plan.count(Action.UNARCHIVE):,} to unarchive"),
        (len(plan.held), f"{len(plan.held):,} held"),
    ]
    return ", ".join(said for number, said in counts if number) or "no changes"


def _decisions(plan: Plan, room: _Room) -> Iterator[str]:
    """What somebody has to decide: holds with their way out, then errors and warnings."""
    held = [_held(change) for change in plan.held]
    shown = room.take(held, 0.3)
    yield from shown
    if len(held) > len(shown):
        yield f"> **… and {len(held) - len(shown):,} more held.**\n"
    if held:
        yield "To discard live's edit from GitHub, run the workflow Apply with the config's id as `overwrite`.\n"
    found = sorted(plan.diagnostics, key=lambda one: one.severity is not Severity.ERROR)
    listed = room.take([_finding(one) for one in found], 0.3)
    yield from listed
    if len(found) > len(listed):
        yield f"- … and {counted(len(found) - len(listed), 'more finding')}"
    if found:
        yield ""


def _held(change: Change) -> str:
    assert change.held is not None
    return (
        f"> **Held: {_name(change.id)}** ({prose(change.held.code)})\n> {prose(cut(change.held.message, _MESSAGE))}\n"
    )


def _finding(one: Diagnostic) -> str:
    sign = "❌ error" if one.severity is Severity.ERROR else "⚠️ warning"
    about = f" {_name(one.id)}" if one.id else ""
    about += f", line {one.location.line}" if one.location.line > 1 else ""
    help_line = f" — {prose(cut(one.hint, _MESSAGE))}" if one.hint else ""
    return f"- {sign}{about}: {prose(cut(one.message, _MESSAGE))} {code_span(one.code)}{help_line}"


def _table(plan: Plan, room: _Room) -> Iterator[str]:
    """One row a config that is written; held ones stand above."""
    warned = {one.id for one in plan.diagnostics}
    writes = sorted(plan.writes, key=lambda change: (change.id not in warned, change.action is Action.CREATE))
    if not writes:
        return
    shown = room.take([_table_row(change, change.id in warned) for change in writes], 0.5)
    yield from ("| | config | what changes |", "|---|---|---|")
    yield from shown
    rest = writes[len(shown) :]
    if rest:
        creates = sum(change.action is Action.CREATE for change in rest)
        yield f"| | … {len(rest):,} more | {counted(len(rest) - creates, 'update')}, {counted(creates, 'create')} |"
    yield ""


def _table_row(change: Change, warned: bool) -> str:
    sign = "🟢" if change.action is Action.CREATE else "🟡"
    return f"| {sign}{' ⚠️' if warned else ''} | {cell(_name(change.id))} | {cell(_in_few_words(change))} |"


def _in_few_words(change: Change) -> str:
    if change.action is Action.CREATE:
        return f"new: {prose(contents(change))}"
    said = [_brief(field, phrase(field, change)) for field in change.fields[:_PHRASES]]
    more = len(change.fields) - len(said)
    return "; ".join([*said, *([f"{more:,} more"] if more else [])])


def _brief(field: FieldChange, said: Phrase) -> str:
    subject = said.subject if field.rule is None else cut(field.rule, _VALUES)
    values = said.values if len(said.values) <= _VALUES else ""
    return f"{code_span(subject)} {prose(f'{said.verb} {values}') or 'changes'}"


def _diffs(plan: Plan, room: _Room, full_at: str | None) -> Iterator[str]:
    """Each config's diff, folded; one that does not fit is left out whole, and smaller ones still shown."""
    changes = [*plan.held, *plan.writes]
    shown = room.take([_diff(change) for change in changes], skip=True)
    yield from shown
    if len(shown) < len(changes):
        where = prose(full_at) if full_at else "in the job summary and in the saved plan"
        yield (
            f"**Cut:** the diffs of {len(changes) - len(shown):,} of {counted(len(changes), 'config')} do not fit here."
            f" The whole plan is {where}: {code_span(plan.digest)}\n"
        )


def _diff(change: Change) -> str:
    lines = [line for field in change.fields for line in _diff_lines(field, change)]
    summary = f"{html_code(_short(change.id))} — {html_code(_short(change.file))}"
    return f"<details><summary>{summary}</summary>\n\n{fence(lines)}\n\n</details>\n"


def _diff_lines(field: FieldChange, change: Change) -> Iterator[str]:
    """A field as a hunk: its name, what it was, what it becomes, what that means."""
    said = phrase(field, change)
    yield f"@@ {said.subject} {said.verb}".rstrip() + " @@"
    if field.kind is Kind.ADDED and change.action is Action.CREATE:
        yield from (f"{row.sign} {row.text}" for row in said.rows or whole(field.after, "+"))
    elif field.kind in (Kind.ADDED, Kind.REMOVED) and not said.rows:
        yield f"{'+' if field.kind is Kind.ADDED else '-'} {said.values}"
    elif not said.rows:
        yield from (f"- {said.before}", f"+ {said.after}")
    else:
        yield from (f"{row.sign if row.sign in '+-' else ' '} {_elided(row.sign)}{row.text}" for row in said.rows)
    yield from (f"# {note}" for note in (said.note, origin(field, change)) if note)


def _elided(sign: str) -> str:
    return "… " if sign == "…" else ""


def _without_file(plan: Plan, room: _Room) -> Iterator[str]:
    for meaning, ids in (
        ("live without a file, left alone", plan.unmanaged),
        ("whose file was removed: still live, no longer managed", plan.released),
    ):
        if ids:
            names = ", ".join(_name(one) for one in ids[:_LISTED])
            more = f", … {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
            folded = (
                f"<details><summary>{counted(len(ids), 'config')} {meaning}</summary>\n\n{names}{more}\n\n</details>\n"
            )
            yield from room.take([folded])


def _footer(plan: Plan, seconds: float | None, commit: str | None) -> str:
    writes = counted(len(plan.writes), "write")
    parts = [
        f"{plan.unchanged:,} unchanged",
        f"{len(plan.unmanaged):,} unmanaged" if plan.unmanaged else "",
        f"{len(plan.released):,} released" if plan.released else "",
        f"{writes}, {duration(seconds)}" if plan.writes and seconds is not None else writes,
        f"intent {code_span(plan.intent)}",
        f"commit {_commit(commit)}" if commit else "",
    ]
    return " · ".join(part for part in parts if part)


def _commit(name: str) -> str:
    """A commit as GitHub links it; anything else is only text."""
    return name[:12] if re.fullmatch(r"[0-9a-f]{12,64}", name) else code_span(_short(name))


def _name(text: str) -> str:
    return code_span(_short(text))


def _short(text: str) -> str:
    return cut(text, _NAME)
