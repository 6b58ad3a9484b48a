"""The author's text of a JSON5 value: exact, dedented, its comments comparable; and written back the same."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings

from reconciler.files import Document, comments_of, json5_text, parse, parse_json5
from reconciler.model import Twin
from tests.documents.spelling import configs, json5_spelling, randoms, same, values


def read(text: str, text_format: str = "json5") -> Document:
    document, findings = parse(f"configs/c.{text_format}", text, text_format)  # type: ignore[arg-type]
    assert findings == []
    assert document is not None
    return document


FILE = """{
  id: "x", // not in the value
  defaultValue: {
    // why
    a: 1, // one

      b: [ // list
        'two',   /* two
                    lines */
      ],
  },
  rules: [{ returnValue: { c: 3 } }],
}
"""


def test_is_the_text_as_written_without_the_files_indentation() -> None:
    twin = read(FILE).twin("/defaultValue")
    assert twin is not None
    assert twin.text == (
        "{\n  // why\n  a: 1, // one\n\n    b: [ // list\n      'two',   /* two\n                  lines */\n    ],\n}"
    )
    assert twin.comments == (
        ("after /a", "// one"),
        ("after /b/0", "/* two\n                  lines */"),
        ("open ", "// why"),
        ("open /b", "// list"),
    )
    assert read(FILE).twin("/rules/0/returnValue") == Twin("{ c: 3 }", ())


def test_is_none_where_there_is_nothing_to_show() -> None:
    assert read(FILE).twin("/schema") is None
    assert read('{"a": 1}', "json").twin("/a") is None
    assert read("a: 1", "yaml").twin("/a") is None


@pytest.mark.parametrize("text", ["", "{", "{a: NaN}", "{a: 1, a: 2}", "// alone", "{a: 1} // open /*\n b"])
def test_a_text_that_is_not_strictly_json5_has_no_twin(text: str) -> None:
    assert comments_of(text) is None


def comments(text: str) -> tuple[tuple[str, str], ...]:
    twin = comments_of(text)
    assert twin is not None
    return twin.comments


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a:1,/*x*/b:2}", "{ a : 1\n,\n  /*x*/ b: 2 , }"),
        ("{a: 1, // x\n b: 2}", "{b: 2, a: 1 // x\n}"),
        ("{a: 1} // x", "{a: 1}\n\n// x   \r\n"),
        ("[1 /*x*/, 2]", "[1, /*x*/ 2]"),
        ("{'a': /*x*/ 1}", "{\\u0061 /*x*/: 1}"),
        ("{a: '// no', b: \"/* no */\"}", "{a: '// no', b: '/* no */'}"),
    ],
)
def test_white_space_commas_and_the_order_of_keys_do_not_count(one: str, other: str) -> None:
    assert comments(one) == comments(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{a: 1 /*x*/}", "{a: 1 /*y*/}"),
        ("{a: 1, /*x*/ b: 2}", "{a: 1, b: 2 /*x*/}"),
        ("{/*x*/ a: 1}", "{a: 1 /*x*/}"),
        ("{a: /*x*/ [1]}", "{a: [/*x*/ 1]}"),
        ("{a: [1] /*x*/}", "{a: [1 /*x*/]}"),
        ("{a: 1 /*x*/}", "{a: 1 /*x*/ /*x*/}"),
        ("{a: 1 /*x*/}", "{a: 1}"),
        ("/*x*/ {a: 1}", "{a: 1} /*x*/"),
        ("{a: 1 /*x*/ /*y*/}", "{a: 1 /*y*/ /*x*/}"),
    ],
)
def test_what_a_comment_says_and_follows_counts(one: str, other: str) -> None:
    assert comments(one) != comments(other)


@settings(max_examples=150, deadline=None)
@given(value=values, random=randoms)
def test_a_twins_text_holds_its_value_and_its_comments(value: Any, random: Random) -> None:
    text = "{ rules: [\n\t  {\n\treturnValue: " + json5_spelling(value, random) + "}]}"
    twin = read(text).twin("/rules/0/returnValue")
    assert twin is not None
    assert same(parse_json5(twin.text), value)
    assert comments_of(twin.text) == twin


@settings(max_examples=150, deadline=None)
@given(value=configs)
def test_the_same_value_at_another_depth_has_the_same_text(value: Any) -> None:
    lines = json.dumps(value, indent=2).splitlines(keepends=True)

    def at_depth(indent: str) -> Twin | None:
        return read(indent + "{a: " + indent.join(["\n", *lines]) + "}").twin("/a")

    assert at_depth("") == at_depth("  ") == at_depth("      ")


def test_a_string_over_two_lines_keeps_its_value() -> None:
    text = "{\n  a: {\n    // c\n    b: 'x\\\n    y',\n  },\n}"
    twin = read(text).twin("/a")
    assert twin is not None
    assert parse_json5(twin.text) == {"b": "x    y"}


@settings(max_examples=150, deadline=None)
@given(value=configs, random=randoms)
def test_written_with_its_comments_it_reads_back(value: dict[str, Any], random: Random) -> None:
    live = json5_spelling(value, random)
    data = {"id": "x", "defaultValue": value, "rules": [{"name": "r", "returnValue": value}]}
    places = ("/defaultValue", "/rules/0/returnValue")
    document = read(json5_text(data, dict.fromkeys(places, live)))
    for owner, name, path in (
        (document.data, "defaultValue", places[0]),
        (document.data["rules"][0], "returnValue", places[1]),
    ):
        assert same(owner[name], value)
        beside = owner.get(f"{name}Json5")
        twin = document.twin(path) if beside is None else comments_of(beside)
        assert twin is not None
        assert twin.comments == comments(live)


def test_written_comments_stand_in_the_file_where_they_can() -> None:
    live = "{\n  // why\n  a: 1,\n}"
    text = json5_text({"id": "x", "rules": [{"returnValue": {"a": 1}}]}, {"/rules/0/returnValue": live})
    assert text == (
        '{\n  id: "x",\n  rules: [\n    {\n'
        "      returnValue: {\n        // why\n        a: 1,\n      },\n"
        "    },\n  ],\n}\n"
    )
    assert "defaultValueJson5" in json5_text({"defaultValue": {}}, {"/defaultValue": "{} // outside"})
