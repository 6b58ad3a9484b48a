"""Which desired rule is which live rule: the table in ``rules``, row by row, and what wins over what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import normalize
from reconciler.core.diff import diff
from reconciler.core.rule_identity import pair, pair_variants
from reconciler.model import Kind, Resource, Rule

CA = [{"type": "country", "operator": "any", "targetValue": ["CA"]}]
US = [{"type": "country", "operator": "any", "targetValue": ["US"]}]
DE = [{"type": "country", "operator": "any", "targetValue": ["DE"]}]


def rule(name: str, conditions: Any = (), value: Any = None, percentage: float = 10, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "passPercentage": percentage,
        "conditions": conditions,
        "returnValue": value or {},
        **more,
    }


def config(*rules: dict[str, Any]) -> Resource:
    return normalize.live({"id": "config", "name": "config", "rules": list(rules)})


def rules_of(rules: list[dict[str, Any]]) -> tuple[Rule, ...]:
    return config(*rules).rules


LIVE = [
    rule("beta", CA, {"n": 1}, id="r1:10.00:2", baseID="r1"),
    rule("staff", US, {"n": 2}, id="r2", baseID="r2"),
]
BETA, STAFF = 0, 1

ROWS = {
    "id: the baseID, whatever else changed": ([rule("other", DE, {"n": 9}, 90, baseID="r2")], [STAFF]),
    "id: the id, whatever else changed": ([rule("other", DE, {"n": 9}, id="r1:10.00:2")], [BETA]),
    "id: an id that is live's baseID": ([rule("other", DE, id="r1")], [BETA]),
    "id: a baseID that is not live's gives way to the name": ([rule("beta", DE, baseID="r9")], [BETA]),
    "id wins over name": ([rule("beta", CA, {"n": 1}, baseID="r2")], [STAFF]),
    "id: claimed twice, the first has it": ([rule("one", DE, baseID="r1"), rule("two", DE, baseID="r1")], [BETA, None]),
    "name, whatever else changed": ([rule("staff", DE, {"n": 9}, 90)], [STAFF]),
    "names swapped: the names say which": ([rule("staff", CA, {"n": 1}), rule("beta", US, {"n": 2})], [STAFF, BETA]),
    "renamed: equal conditions, another percentage and value": ([rule("friends", CA, {"n": 9}, 90)], [BETA]),
    "renamed: both at once": ([rule("people", US), rule("friends", CA)], [STAFF, BETA]),
    "renamed: not where environments differ": ([rule("friends", CA, environments=["production"])], [None]),
    "renamed: not where two have the same conditions": ([rule("x", CA), rule("y", CA)], [None, None]),
    "name wins over conditions": ([rule("friends", CA), rule("beta", DE)], [None, BETA]),
    "conditions win over value": ([rule("x", CA, {"n": 2}), rule("y", DE, {"n": 1})], [BETA, None]),
    "value: rewritten for others": ([rule("friends", DE, {"n": 1})], [BETA]),
    "value: not where two return the same": ([rule("x", DE, {"n": 1}), rule("y", [], {"n": 1})], [None, None]),
    "value: not an empty one": ([rule("friends", DE, {})], [None]),
    "nothing matches": ([rule("new", DE, {"n": 9})], [None]),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_rule_is_found_as_the_table_says(row: str) -> None:
    desired, expected = ROWS[row]
    pairs = pair(rules_of(desired), rules_of(LIVE))
    found = [each.live for each in pairs if each.desired is not None]
    assert found == expected
    left = [each.live for each in pairs if each.desired is None]
    assert left == [at for at in (BETA, STAFF) if at not in expected]


def test_a_value_that_two_live_rules_return_names_neither() -> None:
    live = rules_of([rule("beta", CA, {"n": 1}), rule("staff", US, {"n": 1})])
    assert [each.live for each in pair(rules_of([rule("new", DE, {"n": 1})]), live)] == [None, 0, 1]


def test_rules_that_return_nothing_are_not_one_for_that() -> None:
    live = rules_of([rule("beta", CA)])
    assert [each.live for each in pair(rules_of([rule("new", DE)]), live)] == [None, 0]


def test_variants_are_found_by_id_then_name_then_value() -> None:
    def variants(*given: dict[str, Any]) -> tuple[Rule, ...]:
        return config(rule("split", variants=list(given))).rules[0].variants

    def variant(name: str, n: int, **more: str) -> dict[str, Any]:
        return {"name": name, "passPercentage": 20, "returnValue": {"n": n}, **more}

    live = variants(variant("a", 1, id="v1"), variant("b", 2, id="v2"), variant("c", 3, id="v3"))
    desired = variants(variant("c", 9), variant("x", 8, id="v1"), variant("y", 2), variant("z", 7))
    assert [each.live for each in pair_variants(desired, live)] == [2, 0, 1, None]


@given(st.lists(st.integers(0, 99), unique=True, max_size=12), st.data())
def test_the_fewest_rules_move(numbers: list[int], data: st.DataObject) -> None:
    """No smaller set of rules can be taken out so that the others already stand in order."""
    live = [rule(f"rule {number}", value={"n": number}) for number in numbers]
    order = data.draw(st.permutations(range(len(numbers))))
    fields = diff(config(*(live[at] for at in order)), config(*live))
    assert {field.kind for field in fields} <= {Kind.MOVED}
    assert len(fields) == len(order) - longest_run(order)
    for field in fields:
        assert order[field.after] == field.before


def longest_run(places: list[int]) -> int:
    """The length of the longest increasing run, the slow and plain way."""
    best: list[int] = []
    for at, place in enumerate(places):
        best.append(1 + max((best[before] for before in range(at) if places[before] < place), default=0))
    return max(best, default=0)
