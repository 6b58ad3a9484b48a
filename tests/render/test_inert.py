from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.render.inert import (
    cell,
    code_span,
    comment_value,
    fence,
    html_code,
    prose,
    runner,
    spaced,
    terminal,
)
from tests.render import oracle

NASTY = ["::", ":", "#", "##[", "##[add-mask]", "[", "\x1b[31m", "\r", "\n", "\u00a0", "\u2028", "\x85", "\u3000", "\t"]
MARKS = [
    "`",
    "``",
    "|",
    "\\",
    "<",
    ">",
    "<!--",
    "-->",
    "<!-- reconciler ",
    "</details>",
    "@org",
    "#1",
    "GH-7",
    "*",
    "_",
]
WORDS = [
    "word",
    " ",
    "  ",
    "1.",
    "http://a.b",
    "www.a.b",
    "a@b.cc",
    "deadbeef",
    "a/b#1",
    ":tada:",
    "$x$",
    "[^1]",
    "é",
    "&lt;",
]
hostile = st.lists(st.sampled_from(NASTY + MARKS + WORDS) | st.text(max_size=3), max_size=12).map("".join)
checked = settings(max_examples=150, deadline=None)


@checked
@given(st.text(st.characters(), max_size=40))
def test_no_control_character_is_left_for_a_terminal(text: str) -> None:
    assert oracle.raw_controls(terminal(text)) == set()
    assert not any(map(oracle.is_invisible, terminal(text)))
    assert unicodedata.is_normalized("NFC", terminal(text))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;t\x07", "\\x1b]0;t\\x07"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("日本 👨👩 é हिन्दी", "日本 👨👩 é हिन्दी"),
        ("👨\u200d👩", "👨\\u200d👩"),
        ("e\u0301 हिन्दी", "e\\u0301 हिन्दी"),
    ],
)
def test_control_characters_are_shown_and_letters_left(text: str, shown: str) -> None:
    assert terminal(text) == shown


@checked
@given(hostile)
def test_the_runner_finds_no_command(text: str) -> None:
    assert oracle.runner_commands(runner(text)) == []


@checked
@given(st.text(st.characters(exclude_characters=":#"), max_size=30))
def test_what_is_no_command_is_left_alone(text: str) -> None:
    assert runner(f"{text} a::b # # [") == f"{text} a::b # # ["


@checked
@given(hostile)
def test_a_code_span_shows_its_text_and_nothing_else(text: str) -> None:
    (token,) = [token for token in oracle.parse(f"a {code_span(text)} b") if token.type == "inline"]
    assert [child.type for child in token.children or ()] == ["text", "code_inline", "text"]
    shown = next(child.content for child in token.children or () if child.type == "code_inline")
    assert shown.replace("<\\x21", "<!").strip(" ") == terminal(text).strip(" ")


@checked
@given(st.lists(hostile, max_size=4))
def test_a_fence_holds_its_lines_and_is_one_block(lines: list[str]) -> None:
    markdown = f"before\n\n{fence(lines)}\n\nafter"
    paragraph = ["paragraph_open", "inline", "paragraph_close"]
    assert oracle.blocks(markdown) == [*paragraph, "fence", *paragraph]
    assert oracle.fences(markdown)[0].replace("<\\x21", "<!") == "".join(terminal(line) + "\n" for line in lines)


@checked
@given(hostile)
def test_prose_is_words_and_code_spans(text: str) -> None:
    (token,) = [token for token in oracle.parse(f"It says {prose(text)} here.") if token.type == "inline"]
    assert {child.type for child in token.children or ()} <= {"text", "code_inline"}
    assert oracle.markdown_live(f"<!-- reconciler a=b c=d e=f -->\nIt says {prose(text)} here.") == []


@checked
@given(hostile)
def test_prose_loses_no_word(text: str) -> None:
    (token,) = [token for token in oracle.parse(f"It says {prose(text)} here.") if token.type == "inline"]
    said = "".join(child.content for child in token.children or ())
    shown = spaced(terminal(text)).split()
    assert said.replace("<\\x21", "<!").split() == ["It", "says", *shown, "here."]


@checked
@given(hostile, hostile)
def test_a_cell_stays_one_cell(one: str, other: str) -> None:
    row = f"| {cell(code_span(one))} | {cell(prose(other))} |"
    types = oracle.blocks(f"| a | b |\n|---|---|\n{row}")
    assert types.count("td_open") == 2
    assert types.count("tr_open") == 2


@checked
@given(hostile)
def test_html_code_holds_no_tag_and_no_comment(text: str) -> None:
    drawn = html_code(text)
    assert drawn.startswith("<code>")
    assert drawn.endswith("</code>")
    assert not {"<", ">", "\n"} & set(drawn[6:-7])


@checked
@given(hostile)
def test_a_value_cannot_end_the_marker(text: str) -> None:
    assert not set(comment_value(text)) & set("<>! \n\"'")


@pytest.mark.parametrize(
    ("text", "shown"), [("a | b", "a | b"), ("a \\| b", "a \\\\x7c b"), ("\\\\|", "\\\\\\x7c"), ("||", "||")]
)
def test_a_cell_shows_its_pipes(text: str, shown: str) -> None:
    tokens = oracle.parse(f"| a |\n|---|\n| {cell(code_span(text))} |")
    (code,) = [child for token in tokens for child in token.children or () if child.type == "code_inline"]
    assert code.content == shown
