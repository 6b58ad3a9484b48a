"""Findings, plans and outcomes for people: at a terminal, in a log. The only door to rich.

Every drawing ends with a newline. Without colour nothing of rich is imported but what measures wide characters.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Action, Change, FieldChange, Outcome, Plan, Status
from reconciler.render.excerpt import Sources, excerpt
from reconciler.render.inert import runner, terminal
from reconciler.render.layout import INDENT, Line, Page
from reconciler.render.phrases import Phrase, contents, duration, origin, phrase, revision, totals
from reconciler.render.values import Row, counted

_WIDEST_SUBJECT = 36
_APPLY = "reconciler apply"
_LISTED = 12  # verified configs, unmanaged ids: what is well is named up to here, then counted
_SEVERITY = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
_ACTION = {
    Action.CREATE: ("+ create", "bold green"),
    Action.UPDATE: ("~ update", "bold yellow"),
    Action.UNARCHIVE: ("~ unarchive", "bold yellow"),
}
_HELD = ("! held", "bold magenta")
_STATUS = {
    Status.VERIFIED: "green",
    Status.FAILED: "bold red",
    Status.STALE: "yellow",
    Status.HELD: "magenta",
    Status.SKIPPED: "dim",
    Status.UNKNOWN: "bold yellow",
}


def findings(
    diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], files_checked: int, *, color: bool, width: int
) -> str:
    """Every finding with its source line; ``sources`` maps a file to its text, as far as it could be read."""
    page, texts = _page(width), Sources(sources, diagnostics)
    lines: list[Line] = []
    for one in diagnostics:
        lines += [*_finding(one, texts, page), []]
    return _draw([*lines, _verdict(diagnostics, files_checked)], color=color)


def plan(
    plan: Plan,
    *,
    color: bool,
    width: int,
    seconds: float | None,
    sources: Mapping[str, str] | None = None,
    command: str | None = _APPLY,
) -> str:
    """What apply would do, and what to run next.

    ``seconds`` is how long that would take, where it is known; ``command`` what carries it out; None where that has
    begun already.
    """
    page, texts = _page(width), Sources(sources or {}, plan.diagnostics)
    base = f", base {revision(plan.base)}" if plan.base else ""
    lines: list[Line] = [[("Target ", ""), *_target(plan), (base, "")], []]
    about = defaultdict[str, list[Diagnostic]](list)
    for one in plan.diagnostics:
        about[one.id or ""].append(one)
    for change in sorted(plan.changes, key=lambda change: _urgency(change, about)):
        lines += [*_block(change, about.pop(change.id, []), page), []]
    for one in (one for rest in about.values() for one in rest):
        lines += [*_finding(one, texts, page), []]
    lines += [*_without_file(plan, page), *_closing(plan, seconds, command, page)]
    return _draw(lines, color=color)


def outcome(outcomes: Sequence[Outcome], plan: Plan, *, color: bool, width: int, record: str | None) -> str:
    """What became of every change; ``record`` is the ref it was recorded in, if it was."""
    page = _page(width)
    verified = [one for one in outcomes if one.status is Status.VERIFIED]
    others = [one for one in outcomes if one.status is not Status.VERIFIED]
    column = min(max((page.cells(terminal(one.change.id)) for one in others), default=0), _WIDEST_SUBJECT)
    lines: list[Line] = [[("Applied to ", ""), *_target(plan)], []]
    lines += [line for one in verified[:_LISTED] for line in _result(one, column, page)]
    if len(verified) > _LISTED:
        lines.append([(f"  … {len(verified) - _LISTED:,} more verified", "dim")])
    lines += [line for one in others for line in _result(one, column, page)]
    return _draw([*lines, *([[]] if outcomes else []), *_tally(outcomes, record)], color=color)


def _finding(one: Diagnostic, sources: Sources, page: Page) -> Iterator[Line]:
    where, style = _where(one.location), _SEVERITY[one.severity]
    yield [
        (f"{where}: " if where else "", "bold"),
        (f"{one.severity.value}: ", style),
        (terminal(one.message), "bold"),
        (f" [{one.code}]", "dim"),
    ]
    shown = excerpt(sources.lines(one.location.file), one.location, page.width, page.cells)
    for index, (gutter, text) in enumerate(shown, start=1):
        yield [(gutter, "dim"), (text, style if index == len(shown) else "")]
    if one.hint:
        yield [("   help: ", "cyan"), (terminal(one.hint), "")]


def _where(place: Location | None) -> str:
    if place is None:
        return ""
    return terminal(place.file) + (f":{place.line}:{place.column}" if place.line else "")


def _verdict(diagnostics: Sequence[Diagnostic], files: int) -> Line:
    checked = counted(files, "file")
    if not diagnostics:
        return [(f"{checked} checked, nothing to report", "green")]
    errors = sum(one.severity is Severity.ERROR for one in diagnostics)
    counts = [(errors, "error"), (len(diagnostics) - errors, "warning")]
    said = ", ".join(counted(number, noun) for number, noun in counts if number)
    concerned = len({one.location.file for one in diagnostics})
    where = f"{concerned:,} of {checked}" if files > concerned else counted(concerned, "file")
    return [(f"{said} in {where}", "bold red" if errors else "yellow")]


def _target(plan: Plan) -> Line:
    url = "embedded emulator" if plan.target.api_url == "emulator" else terminal(plan.target.api_url)
    return [(terminal(plan.target.name), "bold"), (f" ({url})", "")]


def _urgency(change: Change, about: Mapping[str, list[Diagnostic]]) -> tuple[int, bool]:
    """What needs a decision comes first, and within each action what is warned of."""
    return 0 if change.held else 2 if change.action is Action.CREATE else 1, change.id not in about


def _block(change: Change, warnings: Iterable[Diagnostic], page: Page) -> Iterator[Line]:
    """One config: what happens to it, field by field, why it is held, what it is warned of."""
    word, style = _HELD if change.held else _ACTION[change.action]
    yield from page.sides([(f"{word}  ", style), (terminal(change.id), "bold")], (terminal(change.file), "dim"))
    if change.action is Action.CREATE:
        yield [(" " * INDENT + contents(change), "")]
    else:
        yield from _fields(change, page)
    if change.held:
        yield from page.wrapped([(f"{change.held.code}: ", "magenta")], terminal(change.held.message))
    for one in warnings:
        lead: Line = [(f"{one.severity.value}: ", _SEVERITY[one.severity])]
        place = f"line {one.location.line}: " if one.location.line > 1 else ""
        yield from page.wrapped(lead, f"{place}{terminal(one.message)} [{one.code}]")
        if one.hint:
            yield from page.wrapped([("help: ", "cyan")], terminal(one.hint))


def _fields(change: Change, page: Page) -> Iterator[Line]:
    """The changes of a config in columns: of what, what, from and to, and what it means."""
    phrases = [(field, phrase(field, change)) for field in change.fields]
    column = min(max((page.cells(said.subject) for _, said in phrases if not said.rows), default=0), _WIDEST_SUBJECT)
    for field, said in phrases:
        why = _blame(field, change)
        line: Line = [(" " * INDENT, ""), (said.subject, "")]
        if said.verb or said.values:
            line.append((page.pad(said.subject, column), ""))
        line.append((said.verb, ""))
        values, rows = _values(said, page.width - page.measure(line), page)
        note = "; ".join(part for part in (said.note, why) if part)
        yield from page.sides([*line, *values], (note, "yellow" if why else "dim"), INDENT + 4)
        yield from (line for row in rows for line in page.row(row))


def _blame(field: FieldChange, change: Change) -> str:
    """Who made a difference that the file did not; a hold's own message tells more, so there one word will do."""
    said = origin(field, change)
    return said.partition(":")[0] if change.held else said


def _values(said: Phrase, room: int, page: Page) -> tuple[Line, Sequence[Row]]:
    """From and to on the field's own line where there is room, else on lines below it."""
    gap = ("  " if said.verb and said.values else "", "")
    if said.before is None or said.after is None:
        return [gap, (said.values, "")], said.rows
    if page.cells(said.values) + 2 <= room:
        return [gap, (said.before, "red"), (" → ", "dim"), (said.after, "green")], said.rows
    return [], (Row("-", said.before), Row("+", said.after))


def _without_file(plan: Plan, page: Page) -> Iterator[Line]:
    """Live configs without a file, by name as far as there is room."""
    for what, meaning, ids in (
        ("unmanaged", "live without a file, left alone", plan.unmanaged),
        ("released", "the file was removed; still live, no longer managed", plan.released),
    ):
        if ids:
            names = ", ".join(terminal(one) for one in ids[:_LISTED])
            more = f", … {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
            yield from page.wrapped([(f"{what}: ", "dim")], f"{names}{more} ({meaning})", indent=0)
            yield []


def _closing(plan: Plan, seconds: float | None, command: str | None, page: Page) -> Iterator[Line]:
    """The counts, then what happens next."""
    counts = ", ".join([*totals(plan), f"{plan.unchanged:,} unchanged"])
    live = [f"{counted(len(plan.unmanaged), 'live config')} unmanaged"] if plan.unmanaged else []
    released = [f"{len(plan.released):,} released"] if plan.released else []
    summary = "; ".join([counts, *live, *released])
    if not plan.changes and not plan.errored:
        yield from page.wrapped([("No changes: ", "bold green")], summary, indent=0)
        return
    yield from page.wrapped([], summary, indent=0)
    if plan.changes:
        yield [(f"intent {terminal(plan.intent)}", "dim")]
    if plan.errored:
        yield [("Nothing can be written until the errors are gone.", "bold red")]
    elif not plan.writes:
        yield [("Nothing to write until what is held is decided.", "")]
    else:
        yield _next_step(plan, seconds, command)


def _next_step(plan: Plan, seconds: float | None, command: str | None) -> Line:
    """How long an apply takes, and the command for it."""
    time = f": {duration(seconds)}" if seconds is not None else ""
    writes = f"{counted(len(plan.writes), 'write')}{time}."
    if command is None:
        return [(writes, "")]
    if plan.limit is None:
        return [(f"{writes}  To carry it out: ", ""), (terminal(command), "bold")]
    allowed = f"{terminal(command)} --allow-changes {plan.limit.updates}"
    return [(f"{writes}  Over the limit; if that is meant: ", ""), (allowed, "bold")]


def _result(one: Outcome, column: int, page: Page) -> Iterator[Line]:
    """A change's status, and of one that was not verified the reason and its place."""
    name = terminal(one.change.id)
    line: Line = [(f"  {one.status.value:<9} ", _STATUS[one.status]), (name, "bold")]
    if one.error is None:
        yield line
        return
    message, where, hang = terminal(one.error.message), _where(one.error.location), 14
    joined: Line = [*line, (page.pad(name, column), ""), (message, "")]
    if page.measure(joined) <= page.width:
        yield from page.sides(joined, (where, "dim"), hang)
        return
    yield line
    yield from ([(" " * hang + piece, "")] for piece in page.folded(message, hang))
    if where:
        yield [(" " * hang + where, "dim")]


def _tally(outcomes: Sequence[Outcome], record: str | None) -> Iterator[Line]:
    counts = Counter(one.status for one in outcomes)
    skipped = counts.pop(Status.SKIPPED, 0)
    named = [status for status in Status if counts[status] and status is not Status.VERIFIED]
    said = ", ".join(f"{counts[status]:,} {status.value}" for status in (Status.VERIFIED, *named))
    unfinished = skipped or set(named) - {Status.HELD}
    if set(named) - {Status.HELD} == {Status.STALE}:
        yield [("Live is not what the plan saw: plan again.", "")]
    elif unfinished:
        yield [("Run it again to finish the rest: what is verified is not written twice.", "")]
    if not outcomes:
        said = "Nothing was to be done"
    recorded = f"  Recorded in {terminal(record)}." if record else ""
    yield [
        (f"{said}; {skipped:,} not started." if outcomes else f"{said}.", "bold red" if unfinished else "bold green"),
        (recorded, ""),
    ]


def _page(width: int) -> Page:
    return Page(width, _cells, _chop)


def _cells(text: str) -> int:
    """How many columns a terminal gives the text."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _chop(text: str, room: int) -> list[str]:
    if text.isascii():
        return [text[at : at + room] for at in range(0, len(text), room)] or [""]
    from rich.cells import chop_cells

    return chop_cells(text, room)


def _draw(lines: Iterable[Line], *, color: bool) -> str:
    """The one string, in which no CI runner finds a command."""
    drawn = [_coloured(line) if color else "".join(text for text, _ in line) for line in lines]
    return runner("\n".join(drawn) + "\n")


def _coloured(line: Line) -> str:
    from rich.color import ColorSystem
    from rich.style import Style

    return "".join(
        Style.parse(style).render(text, color_system=ColorSystem.STANDARD) if style and text else text
        for text, style in line
    )
