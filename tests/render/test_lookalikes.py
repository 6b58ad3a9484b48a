"""Two values that differ never look alike: not in text, not in Markdown, not in annotations."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Location
from reconciler.model import Action, Change, FieldChange, Hold, Kind, Origin, Plan, Request
from reconciler.render import github, markdown, text
from reconciler.render.phrases import phrase
from tests.render import oracle
from tests.render.plans import plan_of

PAIRS = {
    **{f"nothing and U+{point:04X}": ("ab", f"a{chr(point)}b") for point in oracle.INVISIBLE_SAMPLES},
    **{f"a blank and U+{ord(char):04X}": ("a b", f"a{char}b") for char in oracle.OTHER_BLANKS},
    "two joiners": ("a\u200db", "a\u200cb"),
    "a joiner within emoji": ("👨\u200d👩", "👨👩"),
    "a joiner within Persian": ("می\u200cخواهم", "میخواهم"),
    "emoji and text presentation": ("❤\ufe0f", "❤"),
    "two private characters": ("\ue000", "\ue001"),
    "composed and decomposed": ("é", "e\u0301"),
    "two decomposed orders": ("a\u0323\u0307", "a\u0307\u0323"),
    "a singleton": ("\u212b", "\u00c5"),
    "Hangul and its letters": ("가", "\u1100\u1161"),
    "a composition that is excluded": ("\u0958", "\u0915\u093c"),
    "one blank and two": ("a b", "a  b"),
    "a blank at the end": ("a", "a "),
    "blanks at the end": ("a ", "a  "),
    "a blank at the beginning": ("a", " a"),
    "a tab and blanks": ("a\tb", "a    b"),
    "an escape and what it stands for": ("a\u200db", "a\\u200db"),
    "a backslash before a tab": ("\\\t", "\\\\t"),
    "an escaped blank": ("a ", "a\\x20"),
    "line ends": ("a\r", "a"),
    "quotes": ('"' * 40 + "a", '"' * 40 + "b"),
}
HOLDERS: dict[str, Any] = {
    "a text": lambda part: part,
    "a text of lines": lambda part: f"x\n{part}\ny",
    "a key": lambda part: {part: 1},
    "an item": lambda part: [part, "x"],
    "deeper": lambda part: {"a": [{"b": part}] * 9},
    "the end of a long text": lambda part: "x" * 300 + part,
    "the end of a long item": lambda part: ["x" * 300 + part],
}


def change(before: Any, after: Any, kind: Kind = Kind.CHANGED) -> Change:
    place = Location("configs/a.yaml", 3, 5, 3, 9)
    path = "/rules/0/name" if kind is Kind.RENAMED else "/defaultValue"
    field = FieldChange(path, kind, before, after, None, Origin.DRIFT, place)
    return Change("a", Action.UPDATE, "configs/a.yaml", (field,), None, Request("POST", "/a", {}), None)


def plan(before: Any, after: Any) -> Plan:
    return plan_of([change(before, after)])


def seen(drawn: str, *, blanks_are_one: bool = False) -> str:
    """What a person sees of a text: no invisible character, one kind of blank, no blank at an end, one form of é."""
    shown = unicodedata.normalize("NFC", "".join(char for char in drawn if not oracle.is_invisible(char)))
    shown = "".join(" " if unicodedata.category(char) == "Zs" or char in "\t\u2800" else char for char in shown)
    shown = re.sub("[\ue000-\uf8ff]", "□", shown)
    lines = [re.sub(" +", " ", line) if blanks_are_one else line for line in shown.split("\n")]
    return "\n".join(line.rstrip() for line in lines)


def as_text(before: Any, after: Any) -> str:
    return seen(text.plan(plan(before, after), color=False, width=100, seconds=1))


def as_markdown(before: Any, after: Any) -> str:
    return seen("\n".join(oracle.fences(markdown.plan(plan(before, after)))))


def as_annotation(before: Any, after: Any) -> str:
    drawn = github.plan(plan(before, after))
    (annotation,) = [line for line in drawn.split("\n") if line.startswith("::warning")]
    return seen(annotation, blanks_are_one=True)


def as_table_row(before: Any, after: Any) -> str:
    (row,) = [line for line in markdown.plan(plan(before, after)).split("\n") if line.startswith("| 🟡")]
    return seen(row, blanks_are_one=True)


ALL = pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS.keys())


@ALL
def test_a_change_between_lookalikes_is_seen(one: str, other: str) -> None:
    for where, hold in HOLDERS.items():
        before, after = _sides(change(hold(one), hold(other)))
        assert seen(before) != seen(after), where
        for draw in (as_text, as_markdown):
            assert draw(hold(one), hold(other)) != draw(hold(one), hold(one)), where


@ALL
def test_a_short_value_is_seen_where_a_page_draws_blanks_as_one(one: str, other: str) -> None:
    if len(one) < 20:
        for draw in (as_annotation, as_table_row):
            assert draw("x", one) != draw("x", other)


@ALL
def test_names_and_comments_too(one: str, other: str) -> None:
    for kind, hold in ((Kind.RENAMED, "x" * 70), (Kind.COMMENTS, "1\n// ")):
        before, after = _sides(change(hold + one, hold + other, kind))
        assert seen(before) != seen(after), kind


def test_blanks_of_a_holds_message_are_seen_also_where_its_line_is_broken() -> None:
    def drawn(value: str) -> str:
        held = replace(change("a", "b"), held=Hold("drift", f'live was changed to "{value}" by somebody'))
        return text.plan(plan_of([held]), color=False, width=80, seconds=1)

    for length in range(40, 80):  # so that each break falls on the blanks once
        word = "x" * length
        assert drawn(f"{word} {word}").split() != drawn(f"{word}  {word}").split()


def _sides(changed: Change) -> tuple[str, str]:
    """What is shown of a change as it was and as it becomes."""
    said = phrase(changed.fields[0], changed)
    if not said.rows:
        return str(said.before), str(said.after)
    sides = ["\n".join(row.text for row in said.rows if row.sign in signs) for signs in ("- ", "+ ")]
    return sides[0], sides[1]


PIECES = [
    " ",
    "a",
    "\\",
    "t",
    "\t",
    "x20",
    "u200d",
    '"',
    "e",
    "é",
    "\u0301",
    "\u1100",
    "\u1161",
    "가",
    "\n",
    "x" * 60,
    "x" * 250,
]
odd = st.lists(
    st.sampled_from([*PIECES, *oracle.OTHER_BLANKS, "\u200d", "\ufe0f", "\u3164", "\ue000", "\ue001"]), max_size=8
)


@given(odd.map("".join), odd.map("".join))
@settings(max_examples=1000, deadline=None)
@example("\u200d" * 60 + "a", "\u200d" * 60 + "b")
@example("\U000e0041" * 60 + "a", "\U000e0041" * 60 + "b")
@example("x" * 199 + "\u200d" * 9 + "a", "x" * 199 + "\u200d" * 9 + "b")
def test_any_two_texts_that_differ_are_told_apart(one: str, other: str) -> None:
    assume(one != other)
    before, after = _sides(change(one, other))
    assert seen(before) != seen(after)
