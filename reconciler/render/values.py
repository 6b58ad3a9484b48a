"""Config values as people read them: short JSON, cut with a count; what differs between two long ones, line by line.

All that leaves here is one line each and has been through ``inert.terminal``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, NamedTuple

from reconciler.render.inert import terminal, verbatim

INLINE = 48
"""Shown characters a value may have to stand in the middle of a line."""
LINE = 200
"""Shown characters of one line of a longer value."""
BLOCK = 40
"""Lines of one value's difference."""
_LEAD = 24  # characters kept before the first difference of two long lines
_COMPARED = 40_000  # pairs of lines beyond which no line is matched with another: SequenceMatcher is quadratic


class Row(NamedTuple):
    """One line of a difference. ``sign`` is ``-``, ``+``, a blank for what is equal, ``…`` for what is left out."""

    sign: str
    text: str


def short(value: Any, limit: int = INLINE) -> str:
    """The value as JSON on one line, at most ``limit`` characters and a count of the rest."""
    return cut(json.dumps(value, ensure_ascii=False), limit)


def cut(text: str, limit: int) -> str:
    """The text on one line; what is over the limit becomes a count."""
    shown = terminal(text)
    if len(shown) <= limit:
        return shown
    return f"{shown[:limit]}… {counted(len(shown) - limit, 'more character')}"


def counted(number: int, noun: str) -> str:
    """``1 rule``, ``1,204 more characters``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def fits_inline(value: Any) -> bool:
    """True for a value that can stand in the middle of a line."""
    if isinstance(value, str) and (len(value) > INLINE or "\n" in value):
        return False
    return len(terminal(json.dumps(value, ensure_ascii=False))) <= INLINE


def whole(value: Any, sign: str) -> list[Row]:
    """A value that is only on one side, every line under one sign."""
    return _capped([Row(sign, cut(line, LINE)) for line in _lines(value)])


def difference(before: Any, after: Any) -> list[Row]:
    """Two long values: lists of plain items by what joined and left, all else line by line."""
    if isinstance(before, list) and isinstance(after, list):
        rows = _list_difference(before, after)
        if rows is not None:
            return rows
    return line_difference(_lines(before), _lines(after))


def line_difference(before: list[str], after: list[str]) -> list[Row]:
    """What differs, with one equal line around it."""
    return _capped(list(_line_rows(before, after)))


def lines_of(text: str) -> list[str]:
    """A text's lines as they are drawn, without quotes."""
    return [verbatim(line) for line in text.split("\n")]


def _lines(value: Any) -> list[str]:
    if isinstance(value, str) and "\n" in value:
        return lines_of(value)
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, indent=2).split("\n")
    return [json.dumps(value, ensure_ascii=False)]


def _line_rows(before: list[str], after: list[str]) -> Iterator[Row]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    first = max(start - 1, 0)
    old, new = before[first : len(before) - max(end - 1, 0)], after[first : len(after) - max(end - 1, 0)]
    if first:
        yield _equal(first)
    if len(old) * len(new) > _COMPARED:
        yield from _replaced(old, new)
    else:
        at = 0
        for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(1):
            if group[0][1] > at:
                yield _equal(group[0][1] - at)
            at = group[-1][2]
            for tag, i1, i2, j1, j2 in group:
                if tag == "equal":
                    yield from (Row(" ", cut(line, LINE)) for line in old[i1:i2])
                else:
                    yield from _replaced(old[i1:i2], new[j1:j2])
    if end > 1:
        yield _equal(end - 1)


def _equal(count: int) -> Row:
    return Row("…", counted(count, "equal line"))


def _replaced(old: list[str], new: list[str]) -> Iterator[Row]:
    """The old lines, then the new ones; long ones that stand for each other are cut where they begin to differ."""
    starts = [_window(*pair) for pair in zip(old, new, strict=False)]
    for sign, lines in (("-", old), ("+", new)):
        for line, start in zip_longest(lines, starts[: len(lines)], fillvalue=0):
            yield Row(sign, _from(str(line), int(start)))


def _window(old: str, new: str) -> int:
    """From where on two lines are shown, so that their first difference is; escapes take room too."""
    if max(len(terminal(old)), len(terminal(new))) <= LINE:
        return 0
    common = _common(old, new)
    start = max(common - _LEAD, 0)
    while len(terminal(old[start:common])) > LINE // 2:
        start += 1
    return start


def _from(line: str, start: int) -> str:
    if start == 0:
        return cut(line, LINE)
    return f"{counted(start, 'character')} …{cut(line[start:], LINE)}"


def _common(one: str | list[str], other: str | list[str]) -> int:
    """How many leading items are the same."""
    for index, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return index
    return min(len(one), len(other))


def _list_difference(before: list[Any], after: list[Any]) -> list[Row] | None:
    """What joined and left a list of plain items, or None where an item has parts of its own."""
    if any(isinstance(item, dict | list) for item in (*before, *after)):
        return None
    old, new = (Counter(json.dumps(item, ensure_ascii=False) for item in side) for side in (before, after))
    left, joined = old - new, new - old
    if not left and not joined:
        return [Row(" ", f"the same {counted(len(after), 'item')} in another order")]
    texts = {sign: cut(", ".join(items.elements()), LINE) for sign, items in (("-", left), ("+", joined)) if items}
    if texts.get("-") == texts.get("+"):  # they differ only in what was cut off
        return None
    rows = [
        Row(sign, f"{counted(items.total(), 'item')}: {texts[sign]}")
        for sign, items in (("-", left), ("+", joined))
        if items
    ]
    return [*rows, Row(" ", f"{counted(len(before), 'item')} before, {len(after):,} after")]


def _capped(rows: list[Row]) -> list[Row]:
    if len(rows) <= BLOCK:
        return rows
    return [*rows[: BLOCK - 1], Row("…", counted(len(rows) - BLOCK + 1, "more line"))]
