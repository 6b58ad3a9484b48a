"""Deep texts: one finding at one place, whichever version of libyaml reads them.

Newer versions have a limit of their own, far beyond ours, and reach it first where they look far ahead. Two hundred
levels are beyond our limit and below every other one: deeper texts must give what these give.
"""

from __future__ import annotations

import pytest

from reconciler.files import parse
from reconciler.files.document import Format

Seen = list[tuple[str, int, int, str | None]]


def seen(text: str, text_format: Format) -> Seen:
    document, findings = parse(f"configs/deep.{text_format}", text, text_format)
    assert document is None
    return [(one.code, one.location.line, one.location.column, one.path) for one in findings]


LEVELS: list[tuple[str, Format, str, str]] = [
    ("lists", "yaml", "", "["),
    ("mappings-as-keys", "yaml", "", "{"),
    ("mappings-and-lists-as-keys", "yaml", "", "{["),
    ("mappings", "yaml", "", "{a: "),
    ("lists-of-mappings", "yaml", "", "[{a: "),
    ("below-a-key", "yaml", "a: 1\nb: ", "["),
    ("below-findings-on-other-lines", "yaml", "a: 1\na: 2\nb: .nan\nc: ", "["),
    ("below-findings-on-the-same-line", "yaml", "{a: 1, a: 2, b: ", "["),
    ("below-a-list-of-lists", "yaml", "- - - ", "["),
    ("on-lines-of-their-own", "yaml", "a:\n  ", "[\n  "),
    ("block-lists", "yaml", "", "- "),
    ("block-keys", "yaml", "", "? "),
    ("block-lists-below-a-key", "yaml", "a: 1\nb:\n  ", "- "),
    ("anchors", "yaml", "a: ", "&a ["),
    ("anchored-mappings", "yaml", "a: ", "&a {a: "),
    ("merge-keys", "yaml", "a: ", "{<<: "),
    ("merged-lists", "yaml", "a: ", "{<<: ["),
    ("tags", "yaml", "a: ", "!!seq ["),
    ("json5-lists", "json5", "{a: ", "["),
    ("json5-mappings", "json5", "{a: 1, a: 2, b: ", "{a:"),
    ("json-lists", "json", '{"a": ', "["),
    ("json-mappings", "json", '{"a": ', '{"a":'),
]


@pytest.mark.parametrize("levels", [1000, 1001, 5000])
@pytest.mark.parametrize(("name", "text_format", "start", "level"), LEVELS, ids=lambda it: str(it)[:40])
def test_deeper_is_no_other_finding(name: str, text_format: Format, start: str, level: str, levels: int) -> None:
    expected = seen(start + level * 200, text_format)
    assert expected[-1][0] == "too-deep"
    assert seen(start + level * levels, text_format) == expected


@pytest.mark.parametrize("levels", [1000, 1001, 5000])
def test_closed_again(levels: int) -> None:
    assert seen("a: " + "[" * levels + "]" * levels, "yaml") == [("too-deep", 1, 103, None)]


def test_block_mappings() -> None:
    text = "".join(" " * level + "a:\n" for level in range(1100))
    assert seen(text, "yaml") == [("too-deep", 101, 101, None)]


@pytest.mark.parametrize("levels", [200, 1000, 1001, 1010])
def test_a_syntax_error_within_sight_comes_first(levels: int) -> None:
    """libyaml looks up to 1,024 characters ahead before it gives the first event."""
    assert seen("[" * levels + "@", "yaml") == [("yaml-syntax", 1, levels + 1, None)]


def test_an_error_before_any_depth_is_what_it_was() -> None:
    """A list where a key must stand: libyaml gives up 1,024 characters later, deep in the list or not."""
    for text in ("a: 1\n" + "[" * 5000, "a: 1\n" + "[" * 300 + "," * 5000):
        assert seen(text, "yaml") == [("yaml-syntax", 2, 1026, None)]
