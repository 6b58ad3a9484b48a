"""Texts that would act on a terminal, a CI log or a pull request, put wherever a config or the API can put them."""

from __future__ import annotations

import json as stdlib_json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Diagnostic, Location, Severity, pointer
from reconciler.model import (
    Action,
    Change,
    Failure,
    FieldChange,
    Hold,
    Kind,
    LiveVersion,
    Origin,
    Outcome,
    Plan,
    Request,
    Status,
    TargetRef,
)
from reconciler.render import github, json, markdown, text
from tests.render import oracle
from tests.render.plans import plan_of
from tests.render.test_inert import hostile

F = {
    "F1": "::error::x",
    "F2": "\u00a0::set-output name=a::b",
    "F3": "a ##[add-mask]e",
    "F4": "x\r::stop-commands::t",
    "F5": "::add-matcher::.github/m.json",
    "F6": "\x1b]0;t\a \x1b[2J",
    "F7": "````\n</details><img src=x>",
    "F8": "@org/everyone #1 fixes #2",
    "F9": "<!-- reconciler target=production digest=sha256:0 commit=0 -->",
    "F10": "long ::error::x ``` " * 3_500,
    "line": "x\n::error::x\n\u2028::warning::y\n##[group]z\n::endgroup::\n\x85::debug::",
    "pipes": "a | b \\| c | `d|` \\",
    "links": "http://a.b www.a.b a@b.cc [x](javascript:y) ![z](//e) <http://c.d> org/repo#7 deadbeefcafe GH-1",
    "commit": "deadbeef",
    "block": "# h\n- l\n> q\n---\n| t |\n|---|\n1. n\n\n    code",
    "math": "$x$ :tada: [^1] ~~s~~ *e* __b__ \u202e\u2066",
}
ALL = pytest.mark.parametrize("words", list(F.values()), ids=list(F))
HARMLESS = "word"


def fields(words: str) -> tuple[FieldChange, ...]:
    place = Location(words, 3, 5, 3, 9)
    return (
        FieldChange(
            pointer("defaultValue", words), Kind.CHANGED, words, words + "!", origin=Origin.DRIFT, location=place
        ),
        FieldChange("/rules/0/passPercentage", Kind.CHANGED, 10, 20, rule=words, origin=Origin.CONFLICT),
        FieldChange(
            pointer("rules", 0, "returnValue", words), Kind.CHANGED, {words: [words]}, {words: None}, rule=words
        ),
        FieldChange(pointer("rules", 1, words), Kind.CHANGED, "a\nb\n" + words, words + "\nb\nc", rule=words),
        FieldChange("/rules/2/name", Kind.RENAMED, words, words + "2", rule=words),
        FieldChange("/rules/3", Kind.MOVED, 3, 1, rule=words),
        FieldChange("/rules/4", Kind.ADDED, None, rule_of(words), rule=words),
        FieldChange("/rules/5", Kind.REMOVED, rule_of(words), None, rule=words),
        FieldChange("/tags", Kind.CHANGED, [words] * 30, [words + "x"] * 30),
        FieldChange("/defaultValue", Kind.COMMENTS, f"// {words}\n1", f"/* {words} */\n1"),
    )


def rule_of(words: str) -> dict[str, Any]:
    condition = {"type": words, "operator": words, "field": words, "targetValue": [words]}
    return {"name": words, "passPercentage": 5, "conditions": [condition, words], words: words, "returnValue": words}


def hostile_plan(words: str) -> Plan:
    live = LiveVersion("sha256:0", words, 1707344887865)
    request = Request("POST", "/console/v1/dynamic_configs", {"id": words, "defaultValue": {words: words}})
    hold = Hold("drift", f"{words} was changed by {words}; discard it: --overwrite {words}")
    place = Location(words, 3, 5, 3, 9)
    return plan_of(
        [
            Change(words, Action.UPDATE, words, fields(words), hold, request, live),
            Change(words + "2", Action.UPDATE, words, fields(words), None, request, live),
            Change(words + "3", Action.CREATE, words, fields(words)[-4:-2], None, request, None),
        ],
        target=TargetRef(words, words),
        base=words,
        commit=words,
        unmanaged=(words,),
        released=(words,),
        diagnostics=(
            Diagnostic(Severity.WARNING, "some-code", f"{words} is {words}", place, words, words + "2", "/a"),
            Diagnostic(Severity.ERROR, "other-code", words, Location(words), words),
        ),
    )


def outcomes(words: str) -> list[Outcome]:
    failure = Failure("api-refused", words, Location(words, 3, 5, 3, 9))
    return [
        Outcome(change, status, None if status is Status.VERIFIED else failure)
        for change in hostile_plan(words).changes
        for status in Status
    ]


def draw_findings(words: str, *, color: bool = False) -> str:
    source = "\n".join([words, words, f"    {words}", words])
    return text.findings(hostile_plan(words).diagnostics, {words: source}, 2, color=color, width=100)


def draw_plan(words: str, *, color: bool = False, width: int = 100) -> str:
    return text.plan(
        hostile_plan(words), color=color, width=width, seconds=1, command=f"reconciler apply --target {words}"
    )


def draw_outcome(words: str, *, color: bool = False) -> str:
    return text.outcome(outcomes(words), hostile_plan(words), color=color, width=100, record=words)


TEXTS: list[Callable[..., str]] = [draw_findings, draw_plan, draw_outcome]


def github_findings(words: str) -> str:
    return github.findings(hostile_plan(words).diagnostics, {words: f"\n\n    {words}"}, 2)


def json_outcomes(words: str) -> str:
    return json.dumps(json.outcomes(outcomes(words), hostile_plan(words)))


def json_findings(words: str) -> str:
    return json.dumps(json.findings(hostile_plan(words).diagnostics, 2))


def json_error(words: str) -> str:
    return json.dumps(json.error("some-code", words, words, status={words: [words]}))


JSONS: list[Callable[[str], str]] = [json_outcomes, json_findings, json_error]


def comment(words: str) -> str:
    return markdown.plan(hostile_plan(words), limit=400_000, seconds=1, head_commit=words, full_at=words)


@ALL
@pytest.mark.parametrize("draw", TEXTS)
def test_text_neither_commands_the_runner_nor_the_terminal(draw: Callable[..., str], words: str) -> None:
    plain, coloured = draw(words), draw(words, color=True)
    for drawn in (plain, coloured):
        assert oracle.runner_commands(drawn) == []
    assert oracle.raw_controls(plain) == set()
    assert oracle.COLOUR.sub("", coloured) == plain


@ALL
@pytest.mark.parametrize("draw", JSONS)
def test_json_is_inert_and_says_the_same(draw: Callable[[str], str], words: str) -> None:
    drawn = draw(words)
    assert oracle.runner_commands(drawn) == []
    assert oracle.raw_controls(drawn) == set()
    assert words in set(strings(stdlib_json.loads(drawn)))


def strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [one for pair in value.items() for part in pair for one in strings(part)]
    if isinstance(value, list):
        return [one for part in value for one in strings(part)]
    return [value] if isinstance(value, str) else []


@ALL
@pytest.mark.parametrize("draw", [lambda words: github.plan(hostile_plan(words), seconds=1), github_findings])
def test_annotations_are_the_only_commands(draw: Callable[[str], str], words: str) -> None:
    drawn, harmless = draw(words), draw(HARMLESS)
    assert oracle.raw_controls(drawn) == set()
    assert kinds(drawn) == kinds(harmless)
    assert "##[" not in drawn


def kinds(log: str) -> list[str]:
    """The commands, each by its name and the names of its properties."""
    found = []
    for line in oracle.runner_commands(log):
        head = line.removeprefix("::").partition("::")[0]
        name, _, properties = head.partition(" ")
        found.append(" ".join([name, *(one.partition("=")[0] for one in properties.split(",") if one)]))
    return [*sorted(set(found)), str(len(found) // 2)]


@ALL
def test_a_comment_holds_nothing_live(words: str) -> None:
    drawn = comment(words)
    assert oracle.markdown_live(drawn) == []
    assert oracle.raw_controls(drawn) == set()
    assert oracle.runner_commands(drawn) == []


@ALL
def test_a_comment_has_its_shape_whatever_configs_say(words: str) -> None:
    assert oracle.blocks(comment(words)) == oracle.blocks(comment(HARMLESS))


@settings(max_examples=60, deadline=None)
@given(hostile.filter(bool))
def test_nothing_that_a_config_says_acts_anywhere(words: str) -> None:
    for draw in TEXTS:
        assert oracle.runner_commands(draw(words)) == []
        assert oracle.COLOUR.sub("", draw(words, color=True)) == draw(words)
    assert [found for draw in JSONS for found in oracle.runner_commands(draw(words))] == []
    assert kinds(github.plan(hostile_plan(words))) == kinds(github.plan(hostile_plan(HARMLESS)))
    assert oracle.runner_commands(comment(words)) == []
    assert oracle.markdown_live(comment(words)) == []


@settings(max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | hostile,
        lambda parts: st.lists(parts) | st.dictionaries(hostile, parts),
        max_leaves=8,
    )
)
def test_json_written_out_reads_back_as_it_was(value: Any) -> None:
    assert stdlib_json.loads(json.dumps(value)) == value
    assert oracle.runner_commands(json.dumps(value)) == []
