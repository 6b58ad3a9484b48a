"""Places text on lines of a given width: two sides, columns, folded words, folded values.

A line is a list of (text, style) spans, so that width is measured before any colour is in it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from reconciler.render.inert import spaced
from reconciler.render.values import Row

Span = tuple[str, str]
Line = list[Span]

INDENT = 8
_WIDEST = 120  # what belongs together is not torn further apart, however wide the terminal
_NARROWEST = 30  # room for words, however narrow
_SIGN = {"-": "red", "+": "green", " ": "dim", "…": "dim"}


@dataclass(frozen=True, slots=True)
class Page:
    """``width`` columns; ``cells`` says how many a text takes, ``chop`` cuts one into pieces of at most so many."""

    width: int
    cells: Callable[[str], int]
    chop: Callable[[str, int], list[str]]

    def measure(self, line: Line) -> int:
        return sum(self.cells(text) for text, _ in line)

    def pad(self, text: str, column: int) -> str:
        """The blanks that fill a text up to its column, and two more that part it from the next."""
        return " " * (max(column - self.cells(text), 0) + 2)

    def sides(self, left: Line, right: Span, indent: int = INDENT) -> Iterator[Line]:
        """A line with something at its right end, which gets a line of its own where there is no room."""
        text, style = right
        room = min(self.width, _WIDEST) - self.measure(left) - self.cells(text)
        if not text:
            yield left
        elif room >= 2:
            yield [*left, (" " * room, ""), right]
        else:
            yield left
            yield from ([(" " * indent, ""), (piece, style)] for piece in self.folded(text, indent))

    def wrapped(self, lead: Line, text: str, indent: int = INDENT) -> Iterator[Line]:
        """Words folded at the width, hanging under the first."""
        hang = indent + self.measure(lead)
        first, *rest = self.folded(text, hang)
        yield [(" " * indent, ""), *lead, (first, "")]
        yield from ([(" " * hang + piece, "")] for piece in rest)

    def folded(self, text: str, hang: int) -> list[str]:
        room = max(min(self.width, _WIDEST) - hang, _NARROWEST)
        return textwrap.wrap(spaced(text), room, break_long_words=False, break_on_hyphens=False) or [""]

    def row(self, row: Row) -> Iterator[Line]:
        """A line of a longer value, folded at the width under its sign."""
        lead = " " * (INDENT + 4)
        sign = row.sign
        for piece in self.chop(row.text, max(self.width - len(lead) - 2, _NARROWEST)):
            yield [(f"{lead}{sign} {piece}" if piece else lead + sign, _SIGN[row.sign])]
            sign = " "
