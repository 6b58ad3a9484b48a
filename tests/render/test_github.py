from __future__ import annotations

import re
from dataclasses import replace

import pytest

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import Origin
from reconciler.render import github, text
from tests.render.plans import changed, error, many, plan_of, typical, update, warning

PLACE = Location("configs/a.yaml", 3, 5, 3, 9)


def annotations(log: str) -> list[tuple[str, dict[str, str], str]]:
    """The annotations as the runner reads them: level, properties, message."""
    found = []
    for line in log.split("::group::")[0].splitlines():
        match = re.fullmatch(r"::(error|warning) ?(.*?)::(.*)", line)
        assert match, line
        pairs = (one.split("=", 1) for one in match[2].split(",") if one)
        found.append((match[1], {key: unescaped(value) for key, value in pairs}, unescaped(match[3])))
    return found


def unescaped(value: str) -> str:
    for code, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        value = value.replace(code, char)
    return value


def findings(diagnostics: list[Diagnostic]) -> str:
    return github.findings(diagnostics, {}, 5)


def test_a_finding_is_an_annotation_on_its_line() -> None:
    found = [error("odd-code", "100 % wrong: a, b", PLACE, hint="do this")]
    assert annotations(findings(found)) == [
        (
            "error",
            {"file": "configs/a.yaml", "line": "3", "endLine": "3", "col": "5", "endColumn": "9", "title": "odd-code"},
            "100 % wrong: a, b\nhelp: do this",
        )
    ]


def test_a_file_name_cannot_end_its_property() -> None:
    found = [error("odd-code", "wrong", replace(PLACE, file="configs/a,b:c%.yaml"))]
    assert annotations(findings(found))[0][1]["file"] == "configs/a,b:c%.yaml"


def test_columns_are_left_out_where_github_would_ignore_the_whole() -> None:
    found = [error("odd-code", "wrong", Location("a", 3, 5, 8, 2))]
    assert annotations(findings(found))[0][1] == {"file": "a", "line": "3", "endLine": "8", "title": "odd-code"}


@pytest.mark.parametrize(("place", "said"), [(Location("a"), {"file": "a"}), (Location(""), {})])
def test_what_has_no_line_is_annotated_without_one(place: Location, said: dict[str, str]) -> None:
    assert annotations(findings([error("odd-code", "wrong", place)]))[0][1] == {**said, "title": "odd-code"}


def test_errors_come_first_and_the_last_of_ten_counts_the_rest() -> None:
    found = [warning("w", f"warning {n}", place=PLACE) for n in range(30)] + [
        error("e", f"error {n}", PLACE) for n in range(12)
    ]
    shown = annotations(findings(found))
    assert [level for level, _, _ in shown] == ["error"] * 10 + ["warning"] * 10
    assert shown[8][2] == "error 8"
    assert shown[9][1:] == ({}, "and 3 more errors: see the log of this step")
    assert shown[19][1:] == ({}, "and 21 more warnings: see the log of this step")


def test_ten_are_shown_without_a_count() -> None:
    shown = annotations(findings([error("e", f"error {n}", PLACE) for n in range(10)]))
    assert shown[9][2] == "error 9"


def test_the_text_form_follows_in_a_fold_of_the_log() -> None:
    found = [error("odd-code", "wrong", PLACE)]
    drawn = text.findings(found, {}, 5, color=False, width=120)
    assert findings(found).endswith(f"::group::Findings\n{drawn}::endgroup::\n")


def test_holds_stand_on_the_line_that_live_has_otherwise() -> None:
    level, properties, message = annotations(github.plan(typical()))[0]
    assert (level, properties["title"]) == ("warning", "held: drift")
    assert (properties["file"], properties["line"]) == ("configs/payments/checkout_timeouts.json5", "6")
    assert message.startswith("checkout_timeouts is not written. ")


def test_drift_that_will_be_overwritten_is_a_warning() -> None:
    plan = plan_of([update("a", changed("/defaultValue/b", 1, 2, origin=Origin.DRIFT, location=PLACE))])
    (found,) = annotations(github.plan(plan))
    assert found[1]["line"] == "3"
    blame = "drift: live was changed by Jane Console, 2024-02-07 22:28 UTC"
    assert found[2] == f"a: /defaultValue/b 1 → 2. {blame}; it will be overwritten"


def test_an_intended_change_is_no_annotation() -> None:
    assert annotations(github.plan(plan_of([update("a", changed("/description", "", "b", location=PLACE))]))) == []


def test_holds_come_before_other_warnings() -> None:
    plan = many(1000)
    shown = annotations(github.plan(plan))
    assert [properties.get("title") for _, properties, _ in shown] == ["held: drift"] * 9 + [None]
    warned = sum(one.severity is Severity.WARNING for one in plan.diagnostics)
    assert shown[9][2] == f"and {100 + warned - 9} more warnings: see the log of this step"


def test_a_summary_holds_all_of_a_thousand_changes_within_its_limit() -> None:
    summary = github.summary(many(1000), seconds=10)
    assert len(summary.encode()) <= 1_048_576
    assert summary.count("```diff") == 1000
    assert "**Cut:**" not in summary


def test_a_summary_over_its_limit_is_cut() -> None:
    summary = github.summary(many(4000))
    assert 1_000_000 < len(summary.encode()) <= 1_048_576
    assert "**Cut:**" in summary
