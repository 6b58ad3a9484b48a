"""The emulator's own JSON and JSON5, beside other readers of the same text."""

from __future__ import annotations

import json
from typing import Any

import json5 as reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.emulator import js_values as values
from reconciler.emulator import json5_reader as json5

NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
PIECES = st.lists(
    st.sampled_from(
        [
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "a",
            "$",
            "'x'",
            '"y"',
            "1",
            "0",
            ".5",
            "5.",
            "0x1F",
            "1e3",
            "+",
            "-",
            " ",
            "\n",
            "//c\n",
            "/*c*/",
            "true",
            "null",
            "NaN",
            "\\u0061",
            "\\",
            "'\\x41'",
            "'\\\n'",
            "\u00a0",
            "é",
            "00",
        ]
    ),
    max_size=8,
).map("".join)


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


@given(JSON)
@settings(max_examples=150, deadline=None)
def test_json_is_json5(value: Any) -> None:
    assert values.same(json5.parse(json.dumps(value)), values.parse(json.dumps(value)))


@given(JSON.filter(lambda value: "\\u0000" not in json.dumps(value)))  # it writes "\0" before a digit, too
@settings(max_examples=60, deadline=None)
def test_what_the_reference_writes_is_read_alike(value: Any) -> None:
    text = reference.dumps(value, quote_keys=False, trailing_commas=True, indent=1)
    assert values.same(json5.parse(text), values.parse(json.dumps(value)))


@given(PIECES)
@settings(max_examples=400, deadline=None)
def test_it_accepts_what_the_reference_accepts_and_reads_it_alike(text: str) -> None:
    try:
        expected = reference.loads(text, allow_duplicate_keys=False)
    except (ValueError, RecursionError):
        return
    if _is_json(expected):
        assert values.same(json5.parse(text), expected)
    else:
        with pytest.raises(ValueError, match=r" at \d+:\d+$"):
            json5.parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 'b': 2, \"c\": 3,}", {"a": 1, "b": 2, "c": 3}),
        ("// first\n[1, /* two */ 2, .5, 5., +1, -0x1f,]", [1, 2, 0.5, 5, 1, -31]),
        (r"'\x41\u00e9\n\q\'\0'", "Aé\nq'\0"),
        ("'a\\\r\nb\\\u2028c'", "abc"),
        ("{\\u0061b: 1, $_ünï: 2, trueish: 3, null: 4}", {"ab": 1, "$_ünï": 2, "trueish": 3, "null": 4}),
        ("\ufeff\u00a0\u2028 true \u3000", True),
        (r"'\ud83d\ude00'", "😀"),
        ("9007199254740993", 9007199254740992),
        ("{__proto__: 1}", {"__proto__": 1}),
        ("[" * 150 + "]" * 150, None),
    ],
)
def test_what_json5_allows(text: str, value: Any) -> None:
    parsed = json5.parse(text)
    assert value is None or values.same(parsed, value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "{",
        "[1",
        "[1,,2]",
        "[,]",
        "{,}",
        "{a}",
        "{a:}",
        "{a:1 b:2}",
        "1 2",
        "010",
        "08",
        "1_0",
        "0x",
        "1.2.3",
        "NaN",
        "Infinity",
        "-Infinity",
        "+NaN",
        "1e400",
        "'a",
        "'a\nb'",
        r"'\1'",
        r"'\01'",
        r"'\x4'",
        r"'\u12'",
        "/* x",
        "{a:1,a:2}",
        '{"a":1,"\\u0061":2}',
        "{1a: 2}",
        "{a-b: 1}",
        "tru",
        "truex",
        "True",
        "undefined",
        "{\\x61: 1}",
        "[" * 1000,
        "[" * 1000 + "]" * 1000,
        "-",
        "+",
        ".",
        "- 1",
        "1 .",
        "{\\u0020: 1}",
        "\u200b1",
        "#1",
    ],
)
def test_what_it_refuses(text: str) -> None:
    with pytest.raises(ValueError, match=r" at \d+:\d+$"):
        json5.parse(text)


def test_a_place_is_told(client: Any) -> None:
    with pytest.raises(ValueError, match=r"expected a value at 3:6"):
        json5.parse("{\n  a: 1,\n  b: ,\n}")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1, 1.0, True),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, False, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": None}, {}, False),
        ([1, 2], [2, 1], False),
        ([1, 1], [1], False),
        ([True], [1], False),
    ],
)
def test_equality_is_that_of_json(left: Any, right: Any, equal: bool) -> None:
    assert values.same(left, right) is equal
    assert values.same(right, left) is equal
