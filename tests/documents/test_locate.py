"""Where a pointer leads: the exact range of a value or key, or the nearest thing a person would look at."""

from __future__ import annotations

import pickle

import pytest

from reconciler.files import Document, parse

YAML = """\
# the first line
id: x
rules:
  - name: one
    returnValue: &shared
      a: 1

    # a comment that belongs to nothing
  - name: two
    returnValue: *shared
    conditions:
      <<: *shared
text: |
  two
  lines

empty:
"""
JSON5 = "{ // here\n  id: 'x',\n  rules: [\n    {name: 'one', returnValue: {\n    }},\n  ],\n}\n"


def document(text: str, text_format: str) -> Document:
    read, _ = parse(f"configs/c.{text_format}", text, text_format)  # type: ignore[arg-type]
    assert read is not None
    return pickle.loads(pickle.dumps(read))


@pytest.mark.parametrize(
    ("path", "is_key", "place"),
    [
        ("", False, (2, 1, 17, 7)),
        ("/id", False, (2, 5, 2, 6)),
        ("/id", True, (2, 1, 2, 3)),
        ("/rules", False, (4, 3, 12, 18)),
        ("/rules/0", False, (4, 5, 6, 11)),
        ("/rules/0", True, (4, 5, 6, 11)),
        ("/rules/0/returnValue/a", False, (6, 10, 6, 11)),
        ("/rules/1/returnValue", False, (5, 18, 6, 11)),
        ("/rules/1/returnValue", True, (10, 5, 10, 16)),
        ("/rules/1/returnValue/a", True, (6, 7, 6, 8)),
        ("/rules/1/conditions/a", False, (6, 10, 6, 11)),
        ("/text", False, (13, 7, 17, 1)),
        ("/empty", False, (17, 7, 17, 7)),
        ("/nothing", False, (2, 1, 2, 6)),
        ("/nothing/deeper", True, (2, 1, 2, 6)),
        ("/rules/0/nothing", False, (4, 5, 4, 14)),
        ("/rules/2", False, (3, 1, 3, 6)),
        ("/rules/x", False, (3, 1, 3, 6)),
        ("/rules/1/returnValue/nothing", False, (10, 5, 10, 16)),
    ],
)
def test_yaml(path: str, is_key: bool, place: tuple[int, ...]) -> None:
    found = document(YAML, "yaml").locate(path, is_key)
    assert (found.line, found.column, found.end_line, found.end_column) == place
    assert found.file == "configs/c.yaml"


@pytest.mark.parametrize(
    ("path", "is_key", "place"),
    [
        ("", False, (1, 1, 7, 2)),
        ("/id", False, (2, 7, 2, 10)),
        ("/rules/0", False, (4, 5, 5, 7)),
        ("/rules/0/returnValue", True, (4, 19, 4, 30)),
        ("/nothing", False, (1, 1, 1, 10)),
        ("/rules/0/nothing", False, (4, 5, 4, 33)),
        ("/rules/7", False, (3, 3, 3, 8)),
    ],
)
def test_json5(path: str, is_key: bool, place: tuple[int, ...]) -> None:
    found = document(JSON5, "json5").locate(path, is_key)
    assert (found.line, found.column, found.end_line, found.end_column) == place


def test_escaped_pointers_and_empty_keys() -> None:
    read = document('{"a/b": {"~": [1]}, "": 2}', "json")
    assert read.locate("/a~1b/~0/0").column == 16
    assert read.locate("/").column == 25


def test_lines_end_as_editors_end_them() -> None:
    read = document("{a: 1,\r\n b: 2,\r c: '\u2028', d: 3}", "json5")
    assert [read.locate(f"/{key}", key=True).line for key in "abcd"] == [1, 2, 3, 3]
