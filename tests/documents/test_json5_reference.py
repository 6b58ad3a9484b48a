"""JSON5 as the json5 package reads it: the same value where both accept a text, and nothing that it refuses."""

from __future__ import annotations

import functools
from random import Random
from typing import Any

import json5
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.files import JsonError, parse_json5
from tests.documents.spelling import json5_spelling, randoms, same, values

REFUSED = object()
ALPHABET = [
    *"{}[]()<>,:;\"'`\\/*+-._$ \t\n\r\x00\x08\x0b\x0c0123456789abefintulxINEX",
    "\xa0\u2028\u2029\ufeff\u200c\u200d",
]
PIECES = [
    *ALPHABET,
    "//",
    "/*",
    "*/",
    "\\u0061",
    "\\x41",
    "\\0",
    "\\\n",
    "\\\r\n",
    "NaN",
    "Infinity",
    "true",
    "null",
    "0x",
    "1e9",
]
PIECES += [
    "é",
    "a\u0301",
    "\u0301",
    "\u02b0",
    "\u2160",
    "\xb2",
    "\u200b",
    "\u180e",
    "\u1680",
    "\ud7ff",
    "\ue000",
    "\U0001f600",
]


def theirs(text: str) -> Any:
    """The reference's value, half characters joined as JSON5 means them; ``REFUSED``."""
    try:
        return _joined(json5.loads(text))
    except (ValueError, RecursionError):
        return REFUSED


def _joined(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        case list():
            return [_joined(item) for item in value]
        case dict():
            return {_joined(key): _joined(item) for key, item in value.items()}
        case _:
            return value


def ours(text: str) -> Any:
    try:
        return parse_json5(text)
    except JsonError:
        return REFUSED


def agree(text: str) -> None:
    value = ours(text)
    if value is not REFUSED:
        assert same(value, theirs(text)), (text, value, theirs(text))


@settings(max_examples=250, deadline=None)
@given(value=values, random=randoms)
def test_agrees_on_spellings(value: Any, random: Random) -> None:
    text = json5_spelling(value, random)
    assert ours(text) is not REFUSED
    agree(text)


@settings(max_examples=600, deadline=None)
@given(value=values, random=randoms, times=st.integers(1, 3))
def test_agrees_on_damaged_texts(value: Any, random: Random, times: int) -> None:
    text = json5_spelling(value, random)
    for _ in range(times):
        at = random.randrange(len(text) + 1)
        text = text[:at] + random.choice(["", *PIECES]) + text[at + random.choice([0, 1]) :]
    agree(text)


@settings(max_examples=600, deadline=None)
@given(text=st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
@example("{\\u0031:1}")
def test_agrees_on_any_pieces(text: str) -> None:
    agree(text)
    agree("[" + text + "]")
    agree("{" + text + "}")
    agree("{" + text + ":1}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a:1,}", {"a": 1}),
        ("{null:1,NaN:2,Infinity:3,true:4}", {"null": 1, "NaN": 2, "Infinity": 3, "true": 4}),
        ("{$_é\\u0061\u200d:1}", {"$_éa\u200d": 1}),
        ("[.5,5.,+1,-0x1F,1E2]", [0.5, 5.0, 1, -31, 100.0]),
        ("'a\\\n\\\r\nb\\v\\0\\x41\\q'", "ab\v\0Aq"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("'\u2028'", "\u2028"),
        ("\u3000[\u2028]//end", []),
        ("/**/{/*a*/a/*b*/:/*c*/1/*d*/,/*e*/}//f", {"a": 1}),
        ("[" * 60 + "]" * 60, functools.reduce(lambda inner, _: [inner], range(59), [])),
    ],
)
def test_reads(text: str, value: Any) -> None:
    assert same(parse_json5(text), value)


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, 1),
        ("// nothing", 1, 1),
        ("{a:1\n b:2}", 2, 2),
        ("[1,\r\n,2]", 2, 1),
        ("[,]", 1, 2),
        ("1 2", 1, 3),
        ("{1:2}", 1, 2),
        ("{a²:2}", 1, 2),
        ("{\\u0031:1}", 1, 2),
        ("[01]", 1, 2),
        ("[0x]", 1, 2),
        ("[+ 1]", 1, 2),
        ("[.]", 1, 2),
        ("['\\1']", 1, 3),
        ("['\\01']", 1, 3),
        ("['\\u12']", 1, 3),
        ("['a\nb']", 1, 2),
        ("[/* ]", 1, 2),
        ("[NaN]", 1, 2),
        ("[-Infinity]", 1, 2),
        ("{a:1,'\\x61':2}", 1, 6),
        ("['\\ud800']", 1, 2),
        ("{a:1", 1, 5),
        ("[}", 1, 2),
        ("[undefined]", 1, 2),
    ],
)
def test_refuses(text: str, line: int, column: int) -> None:
    with pytest.raises(JsonError) as caught:
        parse_json5(text)
    assert (caught.value.line, caught.value.column) == (line, column)
