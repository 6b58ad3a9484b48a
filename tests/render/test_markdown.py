from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import Plan
from reconciler.render import markdown
from tests.render import golden, oracle
from tests.render.plans import changed, many, plan_of, typical, update


def draw(plan: Plan, **more: int) -> str:
    return markdown.plan(plan, seconds=1, **more)


def fat(count: int, size: int) -> Plan:
    """``count`` updates whose diffs are of about ``size`` characters each."""
    text = [f"line {number} of a prompt" for number in range(size // 25 // 2)]
    return plan_of(
        [
            update(
                f"config_{number:03}",
                changed("/defaultValue/prompt", "\n".join(text), "\n".join(f"{line}!" for line in text)),
            )
            for number in range(count)
        ]
    )


def counted_rows(comment: str) -> int:
    """The configs that the table names or counts."""
    rows = len(re.findall(r"^\| (?:🟡|🟢)", comment, re.MULTILINE))
    more = re.search(r"^\| \| … ([\d,]+) more ", comment, re.MULTILINE)
    return rows + (int(more.group(1).replace(",", "")) if more else 0)


def counted_diffs(comment: str) -> int:
    """The configs whose diff is shown or counted."""
    cut = re.search(r"the diffs of ([\d,]+) of", comment)
    return len(oracle.fences(comment)) + (int(cut.group(1).replace(",", "")) if cut else 0)


def counted_holds(comment: str) -> int:
    more = re.search(r"and ([\d,]+) more held", comment)
    return len(re.findall(r"^> \*\*Held:", comment, re.MULTILINE)) + (
        int(more.group(1).replace(",", "")) if more else 0
    )


def test_a_comment_looks_as_agreed() -> None:
    golden.matches("comment.md", draw(typical()))


def test_a_comment_without_changes_is_two_lines_and_a_marker() -> None:
    golden.matches("comment-no-changes.md", draw(plan_of()))


def test_the_marker_is_the_first_line_and_names_target_digest_and_head() -> None:
    first = markdown.plan(typical(), head_commit="a" * 40).split("\n")[0]
    assert first == f"<!-- reconciler target=production digest=sha256:{'d' * 64} commit={'a' * 40} -->"


def test_the_second_line_holds_the_counts() -> None:
    assert draw(typical()).split("\n")[1] == "### Dynamic configs → production: 1 create, 1 update, 1 held"


def test_what_needs_a_decision_stands_before_the_table_and_the_diffs() -> None:
    comment = draw(typical())
    assert (
        comment.index("> **Held")
        < comment.index("⚠️ warning")
        < comment.index("| config |")
        < comment.index("<details>")
    )


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_every_config_is_counted_within_the_limit(count: int) -> None:
    plan = many(count)
    comment = draw(plan)
    assert len(comment.encode()) <= 65_536
    assert counted_rows(comment) == len(plan.writes)
    assert counted_holds(comment) == len(plan.held)
    assert counted_diffs(comment) == count
    assert oracle.markdown_live(comment) == []


def test_120_configs_of_4_kilobytes_fit() -> None:
    comment = draw(fat(120, 4_000))
    assert 50_000 < len(comment.encode()) <= 65_536
    assert counted_rows(comment) == counted_diffs(comment) == 120
    assert "The whole plan is in the job summary and in the saved plan: `sha256:dddd" in comment


def test_one_huge_diff_does_not_crowd_out_the_small_ones() -> None:
    lists = [[f"{number} {'x' * 150}"] for number in range(3_000)]
    huge = update("a_huge_one", *(changed(f"/defaultValue/{number}", lists[:40], lists[40:80]) for number in range(40)))
    comment = draw(plan_of([huge, *many(10).writes]))
    assert len(comment.encode()) <= 65_536
    assert len(oracle.fences(comment)) == 9
    assert "the diffs of 1 of 10 configs do not fit" in comment
    assert "| `a_huge_one` |" in comment


@settings(max_examples=50, deadline=None)
@given(st.integers(2_500, 80_000), st.integers(0, 120))
def test_any_limit_holds_and_cuts_at_a_whole_config(limit: int, count: int) -> None:
    plan = many(count)
    comment = draw(plan, limit=limit)
    assert len(comment.encode()) <= limit
    assert comment.count("<details>") == comment.count("</details>") == len(oracle.fences(comment))
    assert counted_rows(comment) == len(plan.writes)
    assert counted_diffs(comment) == count


def test_bytes_are_measured_not_characters() -> None:
    plan = plan_of(
        [update(f"日本{number}", changed("/defaultValue/語", "日" * 150, "本" * 150)) for number in range(200)]
    )
    assert len(draw(plan).encode()) <= 65_536


def test_where_the_whole_plan_is_can_be_said() -> None:
    comment = markdown.plan(fat(120, 4_000), full_at="in the artifact plan")
    assert "The whole plan is in the artifact plan: `sha256:" in comment


def test_the_same_plan_gives_the_same_bytes() -> None:
    assert draw(many(100)) == draw(many(100))
