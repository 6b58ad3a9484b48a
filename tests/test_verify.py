"""The check after a write: what of the body is not there is named, and what the API spells otherwise is not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.verify import differences, phrase, phrases

Body = dict[str, Any]

BODY: Body = {
    "name": "config",
    "description": "text",
    "isEnabled": True,
    "tags": ["a", "b"],
    "team": "Search",
    "rules": [
        {
            "name": "beta",
            "id": "r1",
            "baseID": "r1",
            "passPercentage": 10,
            "conditions": [{"type": "custom_field", "field": "age", "operator": "gt", "targetValue": "3"}],
            "returnValue": {"n": 1},
            "returnValueJson5": "{ n: 1 /* one */ }",
        }
    ],
    "defaultValue": {"n": 0},
    "defaultValueJson5": "{ n: 0 // zero\n}",
}
AFTER: Body = {
    **BODY,
    "id": "config",
    "idType": "userID",
    "tags": ["b", "a"],
    "teamID": "tm_1",
    "status": "Enabled",
    "version": 8,
    "rules": [
        {
            **BODY["rules"][0],
            "id": "r1:10.00:1",
            "environments": None,
            "conditions": [{"type": "custom_field", "field": "age", "operator": "gt", "targetValue": [3]}],
        }
    ],
    "defaultValueJson5": "{n: 0 // zero\n}",
}


def test_other_spellings_and_the_servers_own_fields_are_no_difference() -> None:
    assert differences("config", BODY, AFTER, AFTER | {"version": 7}) == []


def put(name: str, value: Any) -> Callable[[Body], None]:
    return lambda config: config.__setitem__(name, value)


def put_in_rule(name: str, value: Any) -> Callable[[Body], None]:
    return lambda config: config["rules"][0].__setitem__(name, value)


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (put("description", ""), '/description sent "text", read ""'),
        (put("isEnabled", False), "/isEnabled sent true, read false"),
        (put("tags", ["a"]), '/tags sent ["a", "b"], read ["a"]'),
        (put("team", "Platform"), '/team sent "Search", read "Platform"'),
        (put("team", None), '/team sent "Search", read nothing'),
        (put("schema", '{"type": "object"}'), '/schema sent nothing, read {"type": "object"}'),
        (put("defaultValue", {"n": False}), "/defaultValue/n sent 0, read false"),
        (put("defaultValue", {"n": None}), "/defaultValue/n sent 0, read null"),
        (put("defaultValue", {}), "/defaultValue/n sent 0, read nothing"),
        (
            put("defaultValue", {"n": 0, "m": "x" * 200}),
            f'/defaultValue/m sent nothing, read "{"x" * 59}… (202 characters)',
        ),
        (put("tags", ["a" * 9] * 9 + [str(n) for n in range(99)]), "… (100 items)"),
        (
            put("defaultValueJson5", "{ n: 0 }"),
            r'the comments of /defaultValue sent "{ n: 0 // zero\n}", read "{ n: 0 }"',
        ),
        (put("rules", []), '/rules/0 sent {"name": "beta", '),
        (put_in_rule("name", "Beta"), '/rules/0/name sent "beta", read "Beta" (rule "beta")'),
        (put_in_rule("passPercentage", 11), '/rules/0/passPercentage sent 10, read 11 (rule "beta")'),
        (put_in_rule("conditions", []), '/rules/0/conditions/0 sent {"type": "custom_field", '),
        (put_in_rule("environments", ["production"]), '/rules/0/environments sent null, read ["production"]'),
        (put_in_rule("returnValue", {"n": 2}), "/rules/0/returnValue/n sent 1, read 2"),
        (put_in_rule("returnValueJson5", "{ n: 1 }"), "the comments of /rules/0/returnValue sent "),
        (put_in_rule("baseID", "r2"), '/rules/0/baseID sent "r1", read "r2" (rule "beta")'),
    ],
)
def test_what_was_not_written_is_named(spoil: Callable[[Body], None], named: str) -> None:
    after = copy.deepcopy(AFTER)
    spoil(after)
    assert named in phrase(differences("config", BODY, after, AFTER)[0])


def test_a_lost_field_is_named_by_its_rule_and_a_removed_rule_takes_its_own_along() -> None:
    before = copy.deepcopy(AFTER)
    before["ours"] = 1
    before["rules"] = [{**before["rules"][0], "holdback": 5}, {"name": "gone", "baseID": "r9", "holdback": 5}]
    lost = differences("config", BODY, AFTER, before)
    assert [phrase(one) for one in lost] == [
        "/ours was 1, read nothing",
        '/rules/0/holdback was 5, read nothing (rule "beta")',
    ]
    assert all(one.is_lost for one in lost)
    assert differences("config", BODY, before | {"rules": before["rules"][:1]}, before) == []


def test_a_rules_unknown_field_is_held_against_its_own_value_alone() -> None:
    """``isEnabled`` has a default in a config, and none in a rule."""
    before = AFTER | {"rules": [AFTER["rules"][0] | {"isEnabled": True, "huge": 10**400}]}
    (lost,) = differences("config", BODY, AFTER | {"rules": [AFTER["rules"][0] | {"huge": 10**400}]}, before)
    assert phrase(lost) == '/rules/0/isEnabled was true, read nothing (rule "beta")'


def test_of_changed_conditions_each_is_held_against_the_one_that_it_was() -> None:
    def rule(*conditions: Body) -> list[Body]:
        return [{**AFTER["rules"][0], "conditions": list(conditions)}]

    one, two = ({"type": "email", "operator": "any", "targetValue": target} for target in "ac")
    before = AFTER | {"rules": rule(one | {"novelty": 1}, two | {"novelty": 2})}
    after = AFTER | {"rules": rule(two | {"novelty": 2}, one | {"targetValue": "b"})}
    lost = differences("config", BODY | {"rules": rule(two, one | {"targetValue": "b"})}, after, before)
    assert [phrase(each) for each in lost] == ['/rules/0/conditions/1/novelty was 1, read nothing (rule "beta")']


def test_an_answer_that_is_no_config_is_said_to_be_none() -> None:
    (said,) = differences("config", BODY, {"id": "config", "rules": [{}]})
    assert phrase(said).startswith("the answer is not a config (")


def test_rules_in_another_order_are_named_by_their_places() -> None:
    beta, gamma = BODY["rules"][0], {"name": "gamma", "passPercentage": 5, "conditions": []}
    body, after = BODY | {"rules": [beta, gamma]}, AFTER | {"rules": [gamma, beta]}
    (said,) = differences("config", body, after)
    assert phrase(said) == '/rules/0 sent as number 1, read as number 2 (rule "beta")'


def test_twelve_are_named_and_the_rest_are_counted() -> None:
    wrong = differences(
        "config", {"defaultValue": dict.fromkeys("abcdefghijklmn", 1)}, {"id": "config", "defaultValue": {}}
    )
    assert phrases(wrong[:12]).count("read nothing") == 12
    assert phrases(wrong) == phrases(wrong[:12]) + "; and 2 more"
