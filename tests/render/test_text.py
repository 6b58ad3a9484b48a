from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from reconciler.diagnostics import Diagnostic, Location
from reconciler.model import (
    FieldChange,
    Kind,
    LimitExceeded,
    LiveVersion,
    Origin,
    Outcome,
    Plan,
    Status,
    TargetRef,
)
from reconciler.render import text
from tests.render import golden
from tests.render.plans import (
    added,
    changed,
    create,
    error,
    many,
    outcomes_of,
    plan_of,
    removed,
    typical,
    update,
    warning,
)

SOURCE = """// How long a payment may take.
{ name: "slow banks",
\tpassPercentage: 100, 日本: "日本語", operator: "greater_than", field: "bank_ms" }
"""


def draw(
    plan: Plan, *, color: bool = False, width: int = 100, command: str | None = "reconciler apply --target production"
) -> str:
    return text.plan(plan, color=color, width=width, seconds=1.2, command=command)


def one_field(field: FieldChange, width: int = 100) -> str:
    """The lines that a plan has for a single field's change."""
    block = draw(plan_of([update("a", field)]), width=width).split("\n\n")[1]
    return "\n".join(line.strip() for line in block.split("\n")[1:])


@pytest.mark.parametrize("width", [80, 120])
def test_a_plan_looks_as_agreed(width: int) -> None:
    golden.matches(f"plan-{width}.txt", draw(typical(), width=width))


def test_a_plan_in_colour_looks_as_agreed() -> None:
    golden.matches("plan-colour.txt", draw(typical(), color=True))


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_plans_of_any_size_look_right(count: int) -> None:
    drawn = draw(many(count))
    assert drawn.count("\n~ update  ") == count * 8 // 10
    assert drawn.count("\n+ create  ") == count // 10
    assert drawn.count("\n! held  ") == count // 10
    assert f"{count // 10} to create, {count * 8 // 10} to update, {count // 10} held, 38 unchanged\n" in drawn
    if count == 10:
        golden.matches("plan-of-10.txt", drawn)


def test_nothing_to_do_is_one_sentence_under_the_target() -> None:
    assert draw(plan_of()) == "Target production (https://statsigapi.net)\n\nNo changes: 38 unchanged\n"


def test_the_embedded_emulator_is_named_as_such() -> None:
    drawn = draw(plan_of(target=TargetRef("local", "emulator")))
    assert drawn.startswith("Target local (embedded emulator)\n")


def test_what_needs_a_decision_comes_first() -> None:
    plan = many(100)
    heads = [line[:2] for line in draw(plan).split("\n") if line[:2] in ("! ", "~ ", "+ ")]
    assert heads == ["! "] * 10 + ["~ "] * 80 + ["+ "] * 10
    updates = [block for block in draw(plan).split("\n\n") if block.startswith("~ ")]
    assert ["type-changed" in block for block in updates] == [True] * 4 + [False] * 76


def test_a_plan_of_holds_alone_offers_no_apply() -> None:
    drawn = draw(plan_of(many(10).held))
    assert drawn.endswith("Nothing to write until what is held is decided.\n")
    assert "reconciler apply" not in drawn


def test_the_last_line_repeats_the_flag_that_chose_the_target() -> None:
    last = draw(plan_of([update("a")]), command="reconciler apply --api-url http://127.0.0.1:3006").splitlines()[-1]
    assert last == "1 write: about 1 s.  To carry it out: reconciler apply --api-url http://127.0.0.1:3006"


def test_a_plan_over_the_limit_says_how_to_mean_it() -> None:
    last = draw(plan_of([update("a")], limit=LimitExceeded(1, 2, 30))).splitlines()[-1]
    assert last.endswith("Over the limit; if that is meant: reconciler apply --target production --allow-changes 1")


def test_a_plan_with_errors_offers_no_apply() -> None:
    drawn = draw(plan_of([update("a")], diagnostics=(error("odd", "is odd", Location("configs/a.yaml", 1, 1, 1, 2)),)))
    assert "configs/a.yaml:1:1: error: is odd [odd]\n" in drawn
    assert drawn.endswith("Nothing can be written until the errors are gone.\n")


@pytest.mark.parametrize(
    ("field", "shown"),
    [
        (changed("/description", "", "new"), '/description  "" → "new"'),
        (changed("/defaultValue/a", None, 1), "/defaultValue/a  null → 1"),
        (changed("/defaultValue/a", True, 1), "/defaultValue/a  true → 1"),
        (changed("/rules/0/returnValue", 1, "1", rule="r"), 'rule "r"  value  1 → "1"'),
        (changed("/rules/0", 11, 20, rule="r", kind=Kind.MOVED), 'rule "r"  moved  12th → 21st'),
        (
            changed("/rules/0/variants/1/passPercentage", 50, 40, rule="r"),
            'rule "r"  variant 2 passPercentage  50 → 40 %',
        ),
        (added("/defaultValue/a", None), "/defaultValue/a  added  null"),
        (removed("/rules/0/environments", ["dev"], rule="r"), 'rule "r"  environments removed  ["dev"]'),
        (changed("/defaultValue/日本", "語", "言"), '/defaultValue/日本  "語" → "言"'),
        (changed("/tags", ["a" * 40], ["a" * 40, "b"]), '/tags\n+ 1 item: "b"\n1 item before, 2 after'),
        (changed("/tags", ["a" * 40, "b"], ["b", "a" * 40]), "/tags\nthe same 2 items in another order"),
        (
            changed("/tags", [1, "a" * 40], [True, "a" * 40]),
            "/tags\n- 1 item: 1\n+ 1 item: true\n2 items before, 2 after",
        ),
    ],
)
def test_a_field_reads_as_one_would_say_it(field: FieldChange, shown: str) -> None:
    assert one_field(field) == shown


@pytest.mark.parametrize(
    ("before", "after", "note"),
    [
        (10, 25, "15 % more of the matching users; none lose it"),
        (0.5, 0.75, "0.25 % more of the matching users; none lose it"),
        (25, 10, "takes the value away from some: 15 % fewer of the matching users"),
    ],
)
def test_a_percentage_says_what_it_does_to_users(before: float, after: float, note: str) -> None:
    assert note in one_field(changed("/rules/0/passPercentage", before, after, rule="r"), width=140)


def test_drift_that_is_overwritten_names_its_author_and_an_absolute_time() -> None:
    shown = one_field(changed("/defaultValue/a", 1, 2, origin=Origin.DRIFT), width=140)
    assert shown.endswith("drift: live was changed by Jane Console, 2024-02-07 22:28 UTC")


@pytest.mark.parametrize("time", [float("nan"), float("inf"), -1, 0, 10**30, None])
def test_a_time_that_is_none_is_left_out(time: float | None) -> None:
    change = replace(update("a", changed("/a", 1, 2, origin=Origin.DRIFT)), live=LiveVersion("sha256:0", "Jane", time))
    assert "drift: live was changed by Jane\n" in draw(plan_of([change]))


def test_a_long_value_is_cut_with_a_count_and_two_never_look_alike() -> None:
    shown = one_field(changed("/description", "x" * 1000 + "a", "x" * 1000 + "b" * 2000), width=1000)
    before, after = shown.split("\n")[1:]
    assert before != after
    assert before.startswith("- 977 characters …xxxx")
    assert after.endswith("… 1,825 more characters")
    assert len(after) < 300


def test_a_list_of_thousands_says_what_joined_and_left() -> None:
    before = [f"user-{number}" for number in range(5000)]
    shown = one_field(changed("/rules/0/conditions/0/targetValue", before, [*before[1:], "user-x"], rule="r"))
    assert shown.split("\n")[1:] == ['- 1 item: "user-0"', '+ 1 item: "user-x"', "5,000 items before, 5,000 after"]


def test_lines_are_compared_line_by_line_and_equal_ones_counted() -> None:
    before = [f"line {number}" for number in range(100)]
    after = [*before[:50], "another", *before[51:]]
    shown = one_field(changed("/defaultValue/prompt", "\n".join(before), "\n".join(after)))
    assert shown.split("\n")[1:] == [
        "… 49 equal lines",
        "line 49",
        "- line 50",
        "+ another",
        "line 51",
        "… 48 equal lines",
    ]


def test_a_difference_of_many_lines_is_capped_with_a_count() -> None:
    shown = one_field(changed("/a", "\n".join("ab" * 5000), "\n".join("cd" * 5000)))
    rows = shown.split("\n")[1:]
    assert len(rows) == 40
    assert rows[-1] == "… 19,961 more lines"


def test_a_new_config_is_described_by_what_it_consists_of() -> None:
    rules = added("/rules", [{"name": "a"}, {"name": "b"}])
    assert "        2 rules, schema\n" in draw(plan_of([create("a", rules, added("/schema", {}))]))
    assert "        with defaults only\n" in draw(plan_of([create("a")]))


@settings(max_examples=60, deadline=None)
@given(st.integers(60, 160), st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_a_wide_value_never_breaks_the_layout(width: int, value: str) -> None:
    plan = plan_of(
        [update("a", changed("/defaultValue/a", value, value + "x"), changed("/rules/0/name", "r", value, rule="r"))]
    )
    block = draw(plan, width=width).split("\n\n")[1]
    assert max(map(cell_len, block.split("\n"))) <= width


def test_messages_are_folded_at_the_width() -> None:
    body = draw(typical(), width=80).split("\n\n")[1:4]
    assert max(cell_len(line) for block in body for line in block.split("\n")) <= 80


def test_unmanaged_configs_are_listed_up_to_a_dozen_and_counted() -> None:
    drawn = draw(plan_of(unmanaged=tuple(f"old_{number:02}" for number in range(40))))
    assert "old_11, … 28 more" in drawn
    assert "old_12" not in drawn
    assert "40 live configs unmanaged" in drawn


def test_findings_look_as_agreed() -> None:
    at = SOURCE.split("\n")[2].index("operator") + 1
    place = Location("configs/a.json5", 3, at, 3, at + len('operator: "greater_than"'))
    diagnostics = [
        error("condition-operator-unknown", 'operator "greater_than" is not one', place, hint='did you mean "gt"?'),
        error("json5-syntax", "the file ends too early", Location("configs/a.json5", 4, 1, 4, 1)),
        error("long-line", "far to the right", Location("configs/b.json", 1, 5000, 1, 5004)),
        error("file-unreadable", "cannot be read: permission denied", Location("configs/c.yaml")),
        warning("project-unfamiliar", "is this the right project?"),
    ]
    sources = {"configs/a.json5": SOURCE, "configs/b.json": "x" * 4999 + "here" + "y" * 1000}
    golden.matches("findings.txt", text.findings(diagnostics, sources, 1041, color=False, width=100))


def test_no_line_with_a_secret_is_drawn_whatever_else_is_found_there() -> None:
    source = "a: 1\nkey: hunter2\non: 1\nb: 2\nc: 3\nd: 4\n"
    secret = warning("credential", "this looks like a key", place=Location("a", 2, 6, 2, 9), is_secret=True)
    others = [error("code", "wrong", Location("a", line, 1, line, 3)) for line in (2, 3, 5)]
    drawn = text.findings([secret, *others], {"a": source}, 1, color=False, width=80)
    assert "hunt" not in drawn
    assert drawn.count("   2 | …\n") == 3
    assert "   3 | on: 1\n" in drawn
    assert "hunt" not in text.plan(
        plan_of(diagnostics=(secret,)), color=False, width=80, seconds=1, sources={"a": source}
    )


def test_no_findings_says_how_much_was_checked() -> None:
    assert text.findings([], {}, 1, color=False, width=80) == "1 file checked, nothing to report\n"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_caret_stands_under_what_the_finding_is_about(data: st.DataObject) -> None:
    letters = st.text(st.sampled_from("ab 日é\t"), max_size=90)
    before, after = data.draw(letters), data.draw(letters)
    source = f"one\ntwo\n{before}@@@{after}"
    place = Location("a", 3, len(before) + 1, 3, len(before) + 4)
    drawn = text.findings([error("code", "wrong", place)], {"a": source}, 1, color=False, width=60)
    shown, caret = drawn.split("\n")[3:5]
    assert cell_len(caret.partition("^")[0]) == cell_len(shown.partition("@@@")[0])
    assert caret.endswith("^~~")
    assert cell_len(shown) <= 60


@pytest.mark.parametrize("place", [Location("a", 9, 1, 9, 2), Location("a", 1, 99, 1, 100), Location("a", 1, 2, 7, 1)])
def test_a_place_outside_of_the_text_is_still_named(place: Location) -> None:
    found: list[Diagnostic] = [error("code", "wrong", place)]
    drawn = text.findings(found, {"a": "x"}, 1, color=False, width=60)
    assert drawn.startswith(f"a:{place.line}:{place.column}: error: wrong [code]\n")


def test_an_outcome_looks_as_agreed() -> None:
    plan = typical()
    drawn = text.outcome(outcomes_of(plan), plan, color=False, width=100, record="refs/reconciler/production")
    golden.matches("outcome.txt", drawn)


def test_an_outcome_where_all_is_well_asks_for_nothing() -> None:
    plan = plan_of([update("a")])
    drawn = text.outcome([Outcome(plan.changes[0], Status.VERIFIED)], plan, color=False, width=100, record=None)
    assert drawn == "Applied to production (https://statsigapi.net)\n\n  verified  a\n\n1 verified; 0 not started.\n"


def test_drawings_in_colour_say_the_same() -> None:
    from tests.render.oracle import COLOUR

    for plan in (typical(), many(10), plan_of()):
        assert COLOUR.sub("", draw(plan, color=True)) == draw(plan)
        assert COLOUR.search(draw(plan, color=True))
