"""A field's change in words: which rule, what of it, from what to what, and what that does to users.

Text and Markdown say the same because both say it from here. A finished phrase holds no control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.diagnostics import parts, pointer
from reconciler.model import Action, Change, FieldChange, Kind, Origin, Plan
from reconciler.render.inert import terminal
from reconciler.render.values import (
    LINE,
    Row,
    counted,
    cut,
    difference,
    fits_inline,
    line_difference,
    lines_of,
    short,
    whole,
)

_RULE = re.compile(r"/rules/\d+")
_LONGEST_SUBJECT = 60
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One field's change. ``before`` and ``after`` are short enough for one line; longer ones are ``rows``."""

    subject: str
    verb: str
    before: str | None = None
    after: str | None = None
    note: str = ""
    rows: tuple[Row, ...] = ()

    @property
    def values(self) -> str:
        """``10 → 25 %``, or the one side that there is."""
        return " → ".join(side for side in (self.before, self.after) if side is not None)


def phrase(field: FieldChange, change: Change) -> Phrase:
    """What one line of a plan says of a field; what it means depends on what else its config changes."""
    subject, verb = _subject(field)
    match field.kind:
        case Kind.MOVED:
            return Phrase(subject, f"{verb} moved".lstrip(), _ordinal(field.before), _ordinal(field.after))
        case Kind.RENAMED:
            verb = f"{verb.removesuffix('name')}renamed"  # of a rule, or of its "variant 2"
            if not (fits_inline(field.before) and fits_inline(field.after)):
                return Phrase(subject, verb, rows=tuple(difference(field.before, field.after)))
            return Phrase(subject, verb, short(field.before), short(field.after))
        case Kind.COMMENTS:
            alone = not any(
                one.path == field.path or one.path.startswith(field.path + "/") for one in _others(field, change)
            )
            rows = line_difference(lines_of(str(field.before or "")), lines_of(str(field.after or "")))
            return Phrase(subject, f"{verb} comments{' only' if alone else ''}".lstrip(), rows=tuple(rows))
        case Kind.ADDED | Kind.REMOVED:
            return _one_sided(field, subject, verb)
        case Kind.CHANGED:
            return _changed(field, change, subject, verb)


def _others(field: FieldChange, change: Change) -> Iterator[FieldChange]:
    return (one for one in change.fields if one is not field)


def _subject(field: FieldChange) -> tuple[str, str]:
    """The rule by its name and what of it; any other field by its path."""
    if field.rule is None or not _RULE.match(field.path):
        return cut(field.path, _LONGEST_SUBJECT), ""
    return f'rule "{cut(field.rule, _LONGEST_SUBJECT)}"', cut(_part_of_rule(parts(field.path)[2:]), _LONGEST_SUBJECT)


def _part_of_rule(inner: list[str]) -> str:
    match inner:
        case ["passPercentage"]:
            return "percentage"
        case ["returnValue"]:
            return "value"
        case ["returnValue", *rest]:
            return pointer(*rest)
        case [("conditions" | "variants") as what, index, *rest] if index.isdecimal():
            return " ".join([what[:-1], str(int(index) + 1), *rest])
        case _:
            return "/".join(inner)


def _one_sided(field: FieldChange, subject: str, verb: str) -> Phrase:
    added = field.kind is Kind.ADDED
    value = field.after if added else field.before
    said = f"{verb} {field.kind.value}".lstrip()
    if _RULE.fullmatch(field.path) and isinstance(value, Mapping):
        return Phrase(subject, said, rows=tuple(_rule_rows(value, "+" if added else "-")))
    if fits_inline(value):
        return Phrase(subject, said, after=short(value) + _unit(field))
    return Phrase(subject, said, rows=tuple(whole(value, "+" if added else "-")))


def _changed(field: FieldChange, change: Change, subject: str, verb: str) -> Phrase:
    if fits_inline(field.before) and fits_inline(field.after):
        note = _effect(field, change) if field.path.endswith("/passPercentage") else ""
        return Phrase(subject, verb, short(field.before), short(field.after) + _unit(field), note)
    return Phrase(subject, verb, rows=tuple(difference(field.before, field.after)))


def _unit(field: FieldChange) -> str:
    return " %" if field.path.endswith("/passPercentage") else ""


def _effect(field: FieldChange, change: Change) -> str:
    """What another percentage does to users: they are drawn by the rule's baseID, so a share only grows or shrinks."""
    before, after = field.before, field.after
    if not (_is_number(before) and _is_number(after)) or "/variants/" in field.path:
        return ""
    share = f"{abs(after - before):.2f}".rstrip("0").rstrip(".")
    if after < before:
        return f"takes the value away from some: {share} % fewer of the matching users"
    kept = not any(_redraws(one, field) for one in _others(field, change))
    return f"{share} % more of the matching users" + ("; none lose it" if kept else "")


def _redraws(other: FieldChange, field: FieldChange) -> bool:
    """Whether another change decides anew for whom a rule is, which of its variants, or by which ID users are drawn."""
    rule = field.path.removesuffix("/passPercentage")
    return other.path in ("/idType", "/isEnabled") or other.path.startswith(
        (f"{rule}/conditions", f"{rule}/environments", f"{rule}/variants")
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ordinal(index: Any) -> str:
    number = int(index) + 1
    suffix = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def _rule_rows(rule: Mapping[str, Any], sign: str) -> Iterator[Row]:
    """A whole rule, one idea a line: its share, its conditions, its value, then whatever else it says."""
    if "passPercentage" in rule:
        yield Row(sign, f"percentage {short(rule['passPercentage'])} %")
    conditions = rule.get("conditions")
    for condition in conditions if isinstance(conditions, list) else []:
        yield Row(sign, f"when {_condition(condition)}")
    for key, value in rule.items():
        if key == "returnValue":
            yield Row(sign, f"value {short(value, LINE)}")
        elif key not in ("name", "passPercentage", "conditions"):
            yield Row(sign, f"{cut(str(key), _LONGEST_SUBJECT)} {short(value, LINE)}")


def _condition(condition: Any) -> str:
    """``custom_field "plan" any ["pro"]``, as one would say it."""
    if not isinstance(condition, Mapping):
        return short(condition, LINE)
    words = [cut(str(condition.get("type", "?")), _LONGEST_SUBJECT)]
    words += [short(condition[key]) for key in ("field", "customID") if condition.get(key)]
    words += [cut(str(condition["operator"]), _LONGEST_SUBJECT)] if condition.get("operator") else []
    words += [short(condition["targetValue"], LINE)] if condition.get("targetValue") is not None else []
    return " ".join(words)


def contents(change: Change) -> str:
    """What a new config consists of: ``2 rules, 1 default value, description``."""
    named = list(dict.fromkeys(parts(field.path)[0] for field in change.fields if field.path))
    counts = [counted(rules, "rule")] if (rules := _rules(change)) else []
    counts += ["1 default value"] if "defaultValue" in named else []
    rest = [terminal(name) for name in named if name not in ("rules", "defaultValue")]
    return ", ".join([*counts, *rest]) or "with defaults only"


def _rules(change: Change) -> int:
    listed = [field.after for field in change.fields if field.path == "/rules"]
    if listed and isinstance(listed[0], list):
        return len(listed[0])
    return len({match.group() for field in change.fields if (match := _RULE.match(field.path))})


def origin(field: FieldChange, change: Change) -> str:
    """Who made a difference, where it was not this change: to be shown beside the field."""
    if field.origin is Origin.DRIFT:
        return f"drift: live was changed{modified(change)}"
    if field.origin is Origin.CONFLICT:
        return f"conflict: file and live both changed{modified(change)}"
    return ""


def modified(change: Change) -> str:
    """`` by Jane Console, 2024-02-07 22:28 UTC``: live's last change, as far as the API tells."""
    live = change.live
    if live is None:
        return ""
    name = f" by {cut(live.last_modifier_name, _LONGEST_SUBJECT)}" if live.last_modifier_name else ""
    return name + (f", {when}" if (when := _when(live.last_modified_time)) else "")


def _when(milliseconds: float | None) -> str:
    """A time that reads the same whenever the plan is drawn; nothing for a number that is no time."""
    if milliseconds is None or not 0 < milliseconds < 253_402_300_800_000:
        return ""
    return f"{_EPOCH + timedelta(milliseconds=milliseconds):%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """``about 1 s``, ``about 31 min``."""
    if seconds <= 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"


def revision(text: str) -> str:
    """A ref or commit, with full commit names shortened as git does."""
    return re.sub(r"\b([0-9a-f]{12})[0-9a-f]{28}\b", r"\1", terminal(text))


def totals(plan: Plan) -> list[str]:
    """``1 to create``, ``2 to update``, ``1 held``: what there is of each, in that order."""
    counts = [
        (plan.count(Action.CREATE), "to create"),
        (plan.count(Action.UPDATE), "to update"),
        (plan.count(Action.UNARCHIVE), "to unarchive"),
        (len(plan.held), "held"),
    ]
    return [f"{number:,} {what}" for number, what in counts if number]
