"""Any value, in any spelling, loads as itself, and every part of it is found where it stands."""

from __future__ import annotations

import re
from random import Random
from typing import Any

import json5
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Location, Severity, pointer
from reconciler.files import Document, json5_text, parse, yaml_text
from reconciler.files.build import build
from reconciler.files.document import syntax_of
from reconciler.files.places import places
from reconciler.files.quick import quick
from reconciler.files.yaml_syntax import NOT_ALLOWED
from tests.documents.spelling import SPELLINGS, configs, randoms, same, yaml_flow

many = settings(max_examples=100, deadline=None)
formats = pytest.mark.parametrize("text_format", SPELLINGS)


def read(text: str, text_format: str) -> Document:
    document, findings = parse(f"configs/c.{text_format}", text, text_format)  # type: ignore[arg-type]
    assert not [one for one in findings if one.severity is Severity.ERROR], (text, findings)
    assert document is not None
    return document


def covered(text: str, place: Location) -> str:
    """The text of a range, counted the way an editor counts lines."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    starts = [sum(map(len, lines[:line])) for line in range(len(lines) + 1)]
    return text[starts[place.line - 1] + place.column - 1 : starts[place.end_line - 1] + place.end_column - 1]


def parts_of(value: Any, path: str = "") -> list[tuple[str, Any]]:
    found = [(path, value)]
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, each in inner:
        found += parts_of(each, path + pointer(part))
    return found


def value_of(text: str, place: Location, text_format: str) -> Any:
    """What a range's text says, read alone; in YAML its first line keeps its column."""
    slice_ = covered(text, place)
    alone = " " * (place.column - 1) + slice_ if text_format == "yaml" else slice_
    built = build(syntax_of(alone, text_format))  # type: ignore[arg-type]
    return built.roots[0] if built.roots else None


@formats
@many
@given(data=configs, random=randoms)
def test_loads_equal(text_format: str, data: dict[str, Any], random: Random) -> None:
    assert same(read(SPELLINGS[text_format](data, random), text_format).data, data)


@formats
@many
@given(data=configs, random=randoms)
def test_a_range_holds_its_value(text_format: str, data: dict[str, Any], random: Random) -> None:
    text = SPELLINGS[text_format](data, random)
    document = read(text, text_format)
    for path, value in parts_of(data):
        assert same(value_of(document.text, document.locate(path), text_format), value), (text, path)


@formats
@many
@given(data=configs, random=randoms)
def test_a_key_has_its_own_range(text_format: str, data: dict[str, Any], random: Random) -> None:
    text = SPELLINGS[text_format](data, random)
    document = read(text, text_format)
    for key in data:
        key_text = covered(document.text, document.locate(pointer(key), key=True))
        colon = ": 0" if text_format == "yaml" else ":0"
        assert read("{" + key_text + colon + "}", text_format).data == {key: 0}


@formats
@many
@given(data=configs, random=randoms)
def test_the_short_way_reads_as_the_careful_one(text_format: str, data: dict[str, Any], random: Random) -> None:
    text = SPELLINGS[text_format](data, random)
    for changed in (text, _mutated(text, random), _mutated(text, random)):
        short = quick(changed, text_format)
        careful = build(syntax_of(changed, text_format))  # type: ignore[arg-type]
        if short is not None:
            assert not careful.found, (changed, careful.found)
            assert same(careful.roots, [short]), changed


@many
@given(data=configs)
def test_written_yaml_reads_back(data: dict[str, Any]) -> None:
    document, findings = parse("configs/c.yaml", yaml_text(data), "yaml")
    assert findings == []
    assert document is not None
    assert same(document.data, data)
    assert list(document.data) == list(data)


@many
@given(data=configs)
def test_written_json5_reads_back(data: dict[str, Any]) -> None:
    document = read(json5_text(data, {}), "json5")
    assert same(document.data, data)


# What has a meaning of its own in JSON5, or none in an editor; a digit makes an octal escape of a \0 before it.
odd_text = st.text(st.sampled_from("\0\x01\x1b\x7f\x85\u2028\u2029\ufeff\ud800\v\b\n\r\t\\\"'é019/*"), max_size=8)


@many
@given(text=odd_text, key=odd_text)
def test_written_json5_is_strict_and_shows_what_it_holds(text: str, key: str) -> None:
    data = {"a": text, key: [text, {}]}
    written = json5_text(data, {})
    assert json5.loads(written) == data
    assert not NOT_ALLOWED.search(written)
    if "\ud800" not in text + key:
        assert same(read(written, "json5").data, data)


def test_json5_is_written_as_people_write_it() -> None:
    data = {"id": "a_b", "a b": 1.5, "né": "it's", "list": [1, None, "x"], "long": ["y" * 40] * 3, "empty": {}}
    assert json5_text(data, {}) == (
        '{\n  id: "a_b",\n  "a b": 1.5,\n  "né": "it\'s",\n  list: [1, null, "x"],\n'
        "  long: [\n" + f'    "{"y" * 40}",\n' * 3 + "  ],\n  empty: {},\n}\n"
    )


@many
@given(shared=configs, random=randoms, path=st.sampled_from(["b", "c", "d", "e"]))
def test_places_lead_through_aliases_and_merges(shared: dict[str, Any], random: Random, path: str) -> None:
    flow = yaml_flow(shared, random)
    text = (
        f"a: &x {flow}\nb: *x\nc: {{<<: *x, own: 1}}\n"
        "d:\n  <<: [{k0: 1}, *x]\ne:\n  inner:\n    - *x\n  <<: &y {own: 2}\n"
    )
    document = read(text, "yaml")
    for inner, value in parts_of(document.data[path], pointer(path)):
        if inner not in ("/c", "/d", "/e", "/e/inner"):  # their own text has aliases in it
            assert same(value_of(text, document.locate(inner), "yaml"), value), (text, inner)


YAML_PIECES = [
    *"&*!|>'\"%@`#?:-,[]{}~=\\ax1.\n\t é\x85",
    ": ",
    "- ",
    "<<",
    "<<: ",
    "&a ",
    "*a",
    "!!str ",
    "---\n",
    "\n  ",
    "0x",
    ".nan",
]


@settings(max_examples=600, deadline=None)
@given(
    pieces=st.lists(st.sampled_from(YAML_PIECES), max_size=20),
    start=st.sampled_from(["", "a: ", "{", "a: &a {x: 1}\n"]),
)
def test_any_yaml_gets_a_verdict_and_every_part_a_place(pieces: list[str], start: str) -> None:
    text = start + "".join(pieces)
    document, findings = parse("configs/c.yaml", text, "yaml")
    assert document is not None or findings
    short = quick(text, "yaml")
    if short is not None:
        assert document is not None
        assert not findings
        assert same(build(syntax_of(text, "yaml")).roots, [short])
    if document is not None:
        for path, _ in parts_of(document.data):
            assert document.locate(path).line >= 1
        assert places(syntax_of(text, "yaml")).find("")[1]
        assert {path for path, _ in parts_of(document.data)} <= {
            path for path, _ in places(syntax_of(text, "yaml")).walk()
        } | document.placeholders


@settings(max_examples=200, deadline=None)
@given(content=st.binary(max_size=30), text_format=st.sampled_from(sorted(SPELLINGS)))
def test_any_bytes_get_a_verdict(content: bytes, text_format: str) -> None:
    document, findings = parse("configs/c", content, text_format)  # type: ignore[arg-type]
    assert document is not None or findings


def _mutated(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    width = random.choice([0, 1, 1, 2])
    return (
        text[:at]
        + random.choice(["", "", *"{}[],:\"'\\/*#-+.&! \n0aeN\u2028é", "//", "1e999", "\\ud800"])
        + text[at + width :]
    )
