"""Saved plans: what was written is what is read, and whoever alters one is told so.

The plans are the golden ones of ``cases/``, as ``plan --out`` would have written them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.render import plan_document as planfile
from reconciler.render.plan_document import PlanFileError

FOLDER = Path(__file__).parent / "cases"
PLANS = {path.parent.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*/plan.json"))}


def changes_of(text: str) -> tuple[int, int]:
    """Where a plan's changes begin and end in its bytes: operations, holds and shown fields, with their requests."""
    content = text.encode()
    return content.index(b'"changes": ['), content.index(b'"unmanaged": [')


def says(content: bytes) -> str | None:
    """What a JSON text says, to the last digit and sign; None where it is not JSON."""
    try:
        return json.dumps(json.loads(content), sort_keys=True)
    except ValueError:
        return None


def is_refused(content: bytes) -> bool:
    try:
        planfile.from_text(content.decode())
    except (PlanFileError, UnicodeDecodeError):
        return True
    return False


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_that_was_read_is_the_plan_that_was_written(name: str) -> None:
    written = json.loads(PLANS[name])
    read = planfile.to_document(planfile.from_text(PLANS[name]))
    assert read | {"tool": None} == written | {"tool": None}


@pytest.mark.parametrize("name", ["conflict", "creates"])
def test_every_flipped_byte_of_a_change_is_refused(name: str) -> None:
    original = PLANS[name].encode()
    start, end = changes_of(PLANS[name])
    for position in range(start, end):
        altered = bytearray(original)
        altered[position] ^= 0b10
        assert says(altered) == says(original) or is_refused(bytes(altered)), altered[position - 40 : position + 40]


@given(st.sampled_from([name for name, text in PLANS.items() if '"action"' in text]), st.data())
@settings(max_examples=400, deadline=None)
def test_any_other_byte_in_a_change_is_refused(name: str, data: st.DataObject) -> None:
    original = PLANS[name].encode()
    start, end = changes_of(PLANS[name])
    altered = bytearray(original)
    altered[data.draw(st.integers(start, end - 1))] = data.draw(st.integers(0, 255))
    assert is_refused(bytes(altered)) == (says(altered) != says(original))


TOP = ("digest", "intent", "limit", "errored", "changes", "diagnostics", "unmanaged", "released", "checksum")
INNER = (("target", "api_url"), ("target", "name"), ("source", "base"), ("source", "commit"), ("summary", "unchanged"))


@pytest.mark.parametrize("path", [(name,) for name in TOP] + [*INNER, ("summary", "update")])
def test_other_values_of_what_a_plan_says_are_refused(path: tuple[str, ...]) -> None:
    document = json.loads(PLANS["limit_exceeded"])
    *way, last = path
    holder: Any = document
    for key in way:
        holder = holder[key]
    holder[last] = [*holder[last], "another"][-1:] if isinstance(holder[last], list) else "another"
    assert is_refused(json.dumps(document).encode())


def test_a_smaller_limit_that_was_exceeded_is_covered() -> None:
    """Whoever takes the limit out of a plan would otherwise apply all of it."""
    document = json.loads(PLANS["limit_exceeded"])
    del document["limit"]
    assert is_refused(json.dumps(document).encode())


@pytest.mark.parametrize("version", ["0.9", "2.0", "", "one", None, 1])
def test_another_major_format_is_refused(version: Any) -> None:
    text = json.dumps(json.loads(PLANS["creates"]) | {"format_version": version})
    if version == 1:
        text = text.replace('"format_version": 1', '"format_version": 10')
    with pytest.raises(PlanFileError, match="not a plan that this version of reconciler wrote"):
        planfile.from_text(text)


def test_a_newer_minor_format_may_add_keys_but_alter_nothing() -> None:
    document = json.loads(PLANS["conflict"])
    document |= {"format_version": "1.7", "new": {"key": 1}}
    document["changes"][0]["new"] = [1]
    document["changes"][0]["fields"][0]["new"] = None
    document["checksum"] = planfile.checksum(document)
    read = planfile.from_text(json.dumps(document))
    assert read == planfile.from_text(PLANS["conflict"])
    document["changes"][0]["request"]["body"]["new"] = 1
    document["checksum"] = planfile.checksum(document)
    assert is_refused(json.dumps(document).encode())


def test_an_added_key_of_the_same_format_is_refused() -> None:
    document = json.loads(PLANS["conflict"])
    document["changes"][0]["new"] = 1
    assert is_refused(json.dumps(document).encode())


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", "[" * 100_000, '{"format_version": "1.0"}', "{]", "NaN"])
def test_what_is_no_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(PlanFileError) as refusal:
        planfile.from_text(text)
    assert re.fullmatch(r"[^\n]+", str(refusal.value))
