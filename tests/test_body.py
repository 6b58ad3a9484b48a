"""The body of a write, line by line of what a file manages: what is carried along, cleared, kept apart, never sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core import normalize
from reconciler.core import planning as plans
from reconciler.files import parse
from reconciler.files.settings import Settings, Target
from reconciler.model import Plan

Body = dict[str, Any]

RULE: Body = {
    "id": "r1:10.00:3",
    "baseID": "r1",
    "name": "beta",
    "passPercentage": 10,
    "conditions": [{"type": "country", "operator": "any", "targetValue": ["CA"]}],
    "environments": ["production"],
    "returnValue": {"n": 1},
    "returnValueJson5": "{ n: 1 /* one */ }",
    "variants": [
        {"id": "v1", "name": "wide", "passPercentage": 100, "returnValue": {"n": 2}, "returnValueJson5": '{"n":2}'}
    ],
    "completedAutomatedRollouts": [],
    "pendingAutomatedRollouts": [],
    "automatedRollouts": [],
}
WRITABLE: Body = {
    "name": "A name",
    "description": "old",
    "isEnabled": False,
    "idType": "stableID",
    "tags": ["a", "b"],
    "targetApps": ["web"],
    "team": "Search",
    "teamID": "tm_1",
    "owner": {"ownerID": "u1", "ownerType": "USER"},
    "creatorID": "u2",
    "creatorEmail": "u2@example.com",
    "releasePipelineID": "rp_1",
    "precommitWebhook": {"url": "https://example.com", "internalStatusUrl": "x"},
    "rules": [RULE],
    "defaultValue": {"n": 0},
    "defaultValueJson5": "{ n: 0 /* none */ }",
    "schema": '{"type":"object"}',
    "schemaJson5": '{ type: "object" /* any */ }',
}
READ_ONLY: Body = {
    "isTemplate": False,
    "holdoutIDs": ["h1"],
    "status": "Disabled",
    "createdTime": 1,
    "creatorName": "Sam",
    "lastModifierID": "u3",
    "lastModifierName": "Sam",
    "lastModifierEmail": None,
    "lastModifiedTime": 2,
    "version": 7,
    "checksPerHour": None,
    "permalink": "https://example.com/config",
    "unheard_of": {"x": 1},
}
LIVE: Body = {"id": "config", **WRITABLE, **READ_ONLY}
ALL_UNMANAGED = Settings(unmanaged_fields=frozenset({"description", "isEnabled", "rules", "defaultValue", "schema"}))


def planned(file: Body, live: Body | None, settings: Settings | None = None) -> Plan:
    settings = settings or Settings()
    document, found = parse("configs/config.json", json.dumps(file), "json")
    assert document is not None
    assert found == []
    desired = normalize.desired(document, settings.unmanaged_fields)
    return plans.make([desired], [] if live is None else [live], Target(), settings)


def body_of(file: Body, live: Body | None = LIVE, settings: Settings | None = None) -> Mapping[str, Any]:
    plan = planned(file, live, settings)
    (change,) = plan.changes
    return change.request.body


def rule_of(rule: Body, live: Body = RULE) -> Body:
    (written,) = body_of({"rules": [rule]}, LIVE | {"rules": [live]})["rules"]
    assert isinstance(written, dict)
    return written


def test_an_update_carries_every_writable_field_that_the_file_does_not_manage() -> None:
    body = body_of({"description": "new"}, settings=ALL_UNMANAGED)
    rules = [{name: given for name, given in RULE.items() if not name.endswith("Rollouts")}]
    assert body == WRITABLE | {"description": "new", "rules": rules}


def test_an_update_sends_nothing_that_is_read_only_or_unknown() -> None:
    body = body_of({"description": "new", "isTemplate": False})
    assert not body.keys() & {"id", *READ_ONLY}


@pytest.mark.parametrize("name", ["precommitWebhook", "owner", "releasePipelineID", "teamID", "tags"])
def test_a_field_that_neither_file_nor_live_has_is_not_sent(name: str) -> None:
    live = {key: given for key, given in LIVE.items() if key != name}
    assert name not in body_of({"description": "new"}, live)


@pytest.mark.parametrize(
    ("file", "sent"),
    [
        ({}, {"description": "", "isEnabled": True, "rules": [], "defaultValue": {}, "schema": None}),
        ({"name": None}, {"name": "config"}),
        ({"idType": None}, {"idType": "userID"}),
        ({"tags": None}, {"tags": []}),
        ({"tags": []}, {"tags": []}),
        ({"targetApps": None}, {"targetApps": []}),
        ({"team": None}, {"team": None, "teamID": None}),
        ({"teamID": None}, {"team": None, "teamID": None}),
        ({"owner": None}, {"owner": None}),
        ({"creatorID": None}, {"creatorID": None}),
        ({"creatorEmail": None}, {"creatorEmail": None}),
        ({"releasePipelineID": None}, {"releasePipelineID": None}),
        ({"precommitWebhook": None}, {"precommitWebhook": None}),
    ],
)
def test_absent_means_the_default_and_null_means_clear(file: Body, sent: Body) -> None:
    body = body_of(file)
    assert {name: body.get(name, "not sent") for name in sent} == sent


def test_a_schema_that_goes_takes_its_twin_along() -> None:
    assert "schemaJson5" not in body_of({})


@pytest.mark.parametrize(
    ("file", "team"),
    [
        ({}, {"team": "Search", "teamID": "tm_1"}),
        ({"team": "Platform"}, {"team": "Platform"}),
        ({"teamID": "tm_2"}, {"teamID": "tm_2"}),
        ({"team": "Search"}, {"team": "Search", "teamID": "tm_1"}),
        ({"team": "Platform", "teamID": "tm_2"}, {"team": "Platform", "teamID": "tm_2"}),
        ({"team": None, "teamID": "tm_2"}, {"team": None, "teamID": "tm_2"}),
    ],
)
def test_no_spelling_of_a_team_carries_an_old_value_along(file: Body, team: Body) -> None:
    body = body_of(file)
    assert {name: body[name] for name in ("team", "teamID") if name in body} == team


COMMENTED = "{ n: 0 // zero\n}"


@pytest.mark.parametrize(
    ("file", "twin"),
    [
        ({"defaultValue": {"n": 0}}, "{ n: 0 /* none */ }"),  # the value stays, and so do live's comments
        ({"defaultValue": {"n": 5}}, None),  # it changes: one new and one old would be refused
        ({"defaultValueJson5": COMMENTED}, COMMENTED),
        ({"defaultValueJson5": COMMENTED, "defaultValue": {"n": 0}}, COMMENTED),
        ({"defaultValueJson5": "{ n: 0 }"}, "{ n: 0 /* none */ }"),  # says nothing of comments
        ({"defaultValueJson5": "{ n: 5 }"}, "{ n: 5 }"),
        ({"defaultValueJson5": "{n:0/* none */}"}, "{ n: 0 /* none */ }"),  # white space never counts
    ],
)
def test_a_twin_goes_with_its_value(file: Body, twin: str | None) -> None:
    body = body_of(file)
    assert body.get("defaultValueJson5") == twin
    assert body["defaultValue"] == {"n": 5 if "5" in str(list(file.values())) else 0}


def test_a_schema_is_sent_as_json_text_however_it_is_written() -> None:
    schema = {"type": "object", "title": "ü"}
    for written in (schema, json.dumps(schema), "{ type: 'object', title: 'ü' }"):
        sent = body_of({"schema": written})["schema"]
        assert json.loads(sent) == schema


def test_comments_in_a_schema_that_is_text_become_its_twin() -> None:
    text = "{ // what it takes\n type: 'object' }"
    body = body_of({"schema": text})
    assert (json.loads(body["schema"]), body["schemaJson5"]) == ({"type": "object"}, text)


def test_a_rule_keeps_its_ids_and_its_variants_theirs() -> None:
    written = rule_of({**RULE, "id": "", "baseID": None, "passPercentage": 90, "variants": [
        {"name": "wide", "passPercentage": 60}, {"name": "narrow", "passPercentage": 40}
    ]})  # fmt: skip
    assert (written["id"], written["baseID"]) == ("r1:10.00:3", "r1")
    assert [variant.get("id") for variant in written["variants"]] == ["v1", None]


def test_a_new_rule_has_no_ids_even_where_the_file_gives_some() -> None:
    body = body_of({"rules": [{"name": "new", "passPercentage": 1, "conditions": [], "baseID": "rX"}]})
    assert not {"id", "baseID"} & body["rules"][0].keys()


def test_variants_stand_in_for_a_percentage_so_the_rule_is_for_all_whatever_is_live() -> None:
    written = rule_of({"name": "beta", "conditions": [], "variants": RULE["variants"]})
    assert written["passPercentage"] == 100


@pytest.mark.parametrize(("environments", "sent"), [(["staging"], ["staging"]), (None, None), (..., None)])
def test_environments_that_are_opened_to_all_are_said_so(environments: Any, sent: Any) -> None:
    given = {} if environments is ... else {"environments": environments}
    assert rule_of({"name": "beta", "passPercentage": 9, "conditions": [], **given})["environments"] == sent


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        ({"type": "public", "operator": "", "targetValue": None, "field": None, "customID": ""}, {"type": "public"}),
        (
            {"type": "custom_field", "field": "plan", "operator": "any", "targetValue": ""},
            {"type": "custom_field", "field": "plan", "operator": "any", "targetValue": [""]},
        ),
        (
            {"type": "custom_field", "field": "age", "operator": "gt", "targetValue": 0},
            {"type": "custom_field", "field": "age", "operator": "gt", "targetValue": 0},
        ),
    ],
)
def test_a_condition_has_neither_nulls_nor_empty_texts(condition: Body, sent: Body) -> None:
    assert rule_of({"name": "beta", "passPercentage": 9, "conditions": [condition]})["conditions"] == [sent]
    unmanaged = Settings(unmanaged_fields=frozenset({"rules"}))
    live = LIVE | {"rules": [RULE | {"conditions": [condition]}]}
    assert body_of({}, live, unmanaged)["rules"][0]["conditions"] == [sent]


def test_a_create_states_the_defaults_and_nothing_it_was_not_told() -> None:
    assert body_of({"isTemplate": True, "tags": None, "$schema": "x.json"}, None) == {
        "id": "config",
        "name": "config",
        "idType": "userID",
        "description": "",
        "isEnabled": True,
        "tags": [],
        "isTemplate": True,
        "rules": [],
        "defaultValue": {},
    }


def test_a_create_begins_with_defaults_where_the_settings_leave_fields_to_the_console() -> None:
    assert body_of({}, None, ALL_UNMANAGED) == body_of({}, None)


@pytest.mark.parametrize(("live", "file"), [(False, True), (True, False), (None, True)])
def test_a_template_cannot_be_made_or_unmade(*, live: bool | None, file: bool) -> None:
    plan = planned({"isTemplate": file, "description": "new"}, LIVE | {"isTemplate": live})
    assert ([one.code for one in plan.diagnostics], plan.changes) == (["is-template-changed"], ())
