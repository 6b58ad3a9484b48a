"""The source line of a finding: what it costs does not grow with the line."""

from __future__ import annotations

import pytest

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.render import text
from reconciler.render.excerpt import excerpt

WIDTH = 80


@pytest.mark.parametrize("column", [1, 500_000, 999_990])
def test_no_more_of_a_long_line_is_measured_than_could_be_shown(column: int) -> None:
    measured = 0

    def cells(shown: str) -> int:
        nonlocal measured
        measured += len(shown)
        return len(shown)

    excerpt(["x" * 1_000_000], Location("a", 1, column, 1, 1_000_000), WIDTH, cells)
    assert measured < 100 * WIDTH


@pytest.mark.parametrize("before", ["", "é", "\u200d" * 10, "\x1b", "世"])
def test_a_long_line_is_cut_around_its_finding(before: str) -> None:
    line = before * 2_000 + "HERE" + "x" * 5_000
    start = len(before) * 2_000 + 1
    shown = text.findings(
        [Diagnostic(Severity.ERROR, "code", "message", Location("a", 1, start, 1, start + 4))],
        {"a": line},
        1,
        color=False,
        width=WIDTH,
    ).splitlines()
    assert "HERE" in shown[1]
    assert shown[2].strip(" |") == "^~~~"


def test_a_value_that_fills_a_long_line_is_marked_to_the_edge() -> None:
    lines = excerpt(["x" * 100_000], Location("a", 1, 1, 1, 100_001), WIDTH, len)
    assert [len(gutter + shown) for gutter, shown in lines] == [WIDTH, WIDTH]
