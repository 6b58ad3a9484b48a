"""What a write leaves behind: defaults, resets, rule ids, twins, versions, the audit list."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from .conftest import LIST, Client, rule

FULL = {
    "description": "how long a checkout may take",
    "idType": "orgID",
    "tags": ["core"],
    "targetApps": ["web"],
    "team": "payments",
    "teamID": "t1",
    "owner": {"ownerID": "u1", "ownerType": "USER"},
    "creatorID": "u1",
    "creatorEmail": "u1@example.com",
    "releasePipelineID": "p1",
    "precommitWebhook": {"url": "https://example.com"},
    "defaultValue": {"ms": 100},
    "schema": '{"type":"object"}',
}


def _echo(config: dict[str, Any]) -> dict[str, Any]:
    """The body by which a careful client writes back what it read."""
    read_only = ("id", "isTemplate", "holdoutIDs", "status", "creatorName", "createdTime", "version")
    body = {k: v for k, v in config.items() if k not in read_only and not k.startswith("lastModif")}
    body["rules"] = [{k: v for k, v in r.items() if not k.endswith("AutomatedRollouts")} for r in config["rules"]]
    return copy.deepcopy(body)


def test_a_new_config_is_filled_with_the_apis_defaults(client: Client) -> None:
    created = client.create(name="A Dynamic Config")
    assert created == client.get("a_dynamic_config")
    assert isinstance(created.pop("createdTime"), int)
    assert isinstance(created.pop("lastModifiedTime"), int)
    assert created.pop("creatorID") == created.pop("lastModifierID") != ""
    assert created == {
        "id": "a_dynamic_config",
        "name": "A Dynamic Config",
        "description": "",
        "isEnabled": True,
        "idType": "userID",
        "tags": [],
        "targetApps": [],
        "team": None,
        "creatorName": "CONSOLE API",
        "creatorEmail": None,
        "lastModifierName": "CONSOLE API",
        "lastModifierEmail": None,
        "holdoutIDs": [],
        "status": "Enabled",
        "rules": [],
        "defaultValue": {},
        "defaultValueJson5": "{}",
        "version": 1,
    }


def test_a_new_rule_gets_an_id_and_defaults(client: Client) -> None:
    [stored] = client.create(rules=[{"name": "r", "conditions": []}])["rules"]
    assert re.fullmatch(r"[0-9A-Za-z]{22}", stored["baseID"])
    assert stored == {
        "id": stored["baseID"],
        "baseID": stored["baseID"],
        "name": "r",
        "passPercentage": 100,
        "conditions": [],
        "environments": None,
        "returnValue": {},
        "returnValueJson5": "{}",
        "completedAutomatedRollouts": [],
        "pendingAutomatedRollouts": [],
    }


def test_a_create_adopts_the_rule_ids_of_its_body(client: Client) -> None:
    given = [rule("a", id="x:10.00:1", baseID="x"), rule("b", id="y"), rule("c", baseID="z")]
    stored = client.create(rules=given)["rules"]
    assert [(r["id"], r["baseID"]) for r in stored] == [("x:10.00:1", "x"), ("y", "y"), ("z", "z")]


def test_a_full_update_resets_what_it_leaves_out(client: Client) -> None:
    client.create(**FULL, isTemplate=True)
    bare = client.update()
    fresh = client.create(name="fresh")
    kept = {"id", "isTemplate", "createdTime", "lastModifiedTime", "version"}
    assert {k: v for k, v in bare.items() if k not in kept} == {
        **{k: v for k, v in fresh.items() if k not in kept},
        "name": "checkout",
    }
    assert bare["isTemplate"] is True


def test_echoing_what_was_read_changes_nothing(client: Client) -> None:
    variants = [{"name": "a", "passPercentage": 50, "id": "v1"}, {"name": "b", "passPercentage": 50}]
    created = client.create(
        **FULL, rules=[rule(passPercentage=10, environments=["dev"]), rule("two", variants=variants)]
    )
    assert client.update(**_echo(created)) == created
    assert client.get() == created


def test_a_seeded_config_is_kept_verbatim_and_a_no_op_leaves_it_so(client: Client) -> None:
    seeded = {
        "id": "legacy",
        "isEnabled": False,
        "description": "",
        "rules": [{"name": "r", "id": "b:80.00:4", "baseID": "b", "passPercentage": 80, "conditions": []}],
        "defaultValue": {"a": 1.0},
        "permalink": "https://console.example",
        "team": None,
        "teamID": None,
        "version": 7,
    }
    client.emulator.seed([seeded])
    body = {"isEnabled": False, "description": "", "defaultValue": {"a": 1}, "name": "legacy"}
    answered = client.update("legacy", **body, rules=seeded["rules"])
    assert answered == client.get("legacy") == seeded


def test_scalars_that_are_live_do_not_stop_an_update(client: Client) -> None:
    live = rule(id="b", baseID="b", returnValue=True, returnValueJson5="true")
    client.emulator.seed([{"id": "odd", "isEnabled": True, "description": "", "rules": [live]}])
    assert client.update("odd", rules=[rule(baseID="b", returnValue={})])["rules"][0]["returnValue"] == {}


@pytest.mark.parametrize("kept", [True, False])
def test_stored_fields_that_no_write_carries(make: Callable[..., Client], kept: bool) -> None:
    client = make(keep_unknown_fields=kept)
    client.emulator.seed([{"id": "legacy", "rules": [], "permalink": "x", "checksPerHour": 3}])
    updated = client.update("legacy", description="new")
    assert updated["checksPerHour"] == 3
    assert ("permalink" in updated) is kept


def test_a_rule_is_continued_by_either_id(client: Client) -> None:
    [stored] = client.create(rules=[rule(passPercentage=10)])["rules"]
    base = stored["baseID"]
    [stored] = client.update(rules=[rule(id=base, passPercentage=20)])["rules"]
    assert (stored["id"], stored["baseID"]) == (f"{base}:20.00:1", base)
    [stored] = client.update(rules=[rule(baseID=base, passPercentage=33.3)])["rules"]
    assert (stored["id"], stored["baseID"]) == (f"{base}:33.30:2", base)
    [stored] = client.update(rules=[rule(id=f"{base}:33.30:2", passPercentage=33.3, name="renamed")])["rules"]
    assert (stored["id"], stored["baseID"], stored["name"]) == (f"{base}:33.30:2", base, "renamed")


def test_a_rule_without_ids_is_a_new_rule(client: Client) -> None:
    [old] = client.create(rules=[rule()])["rules"]
    [new] = client.update(rules=[rule()])["rules"]
    assert new["baseID"] != old["baseID"]


def test_rules_may_be_matched_by_name(make: Callable[..., Client]) -> None:
    client = make(match_rules_by_name=True)
    [old] = client.create(rules=[rule()])["rules"]
    [new, other] = client.update(rules=[rule(), rule("other")])["rules"]
    assert new == old
    assert other["baseID"] != old["baseID"]


@pytest.mark.parametrize("ids", [{"id": "nobody"}, {"baseID": "nobody"}, {"id": ""}, {"id": "A", "baseID": "B"}])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_an_unknown_rule_id_is_refused(client: Client, method: str, ids: dict[str, str]) -> None:
    created = client.create(rules=[rule("a", id="A"), rule("b", id="B")])
    body = {"isEnabled": True, "description": "", "rules": [rule("a", **ids)]}
    message = "A provided rule ID does not match an existing rule ID"
    assert client.call(method, f"{LIST}/checkout", body) == (
        400,
        {"status": 400, "message": message, "errors": [{"property": "rules", "errorMessage": message}]},
    )
    assert client.get() == created


def test_one_stored_rule_cannot_be_continued_twice(client: Client) -> None:
    client.create(rules=[rule("a", id="A")])
    body = {"isEnabled": True, "description": "", "rules": [rule("a", id="A"), rule("b", baseID="A")]}
    assert client.problems("POST", f"{LIST}/checkout", body) == [("rules", "Duplicate rule ID(s) given")]


def test_rollout_schedules_outlive_an_update(client: Client) -> None:
    pending = [{"time": 1700000000000, "passPercent": 50}]
    live = rule(id="b", baseID="b", pendingAutomatedRollouts=pending)
    client.emulator.seed([{"id": "checkout", "rules": [live]}])
    assert client.update(rules=[rule(id="b", name="renamed")])["rules"][0]["pendingAutomatedRollouts"] == pending


@pytest.mark.parametrize(
    ("condition", "read_back"),
    [
        ({"type": "country", "operator": "any", "targetValue": "CA"}, ["CA"]),
        ({"type": "user_id", "operator": "none", "targetValue": 7}, [7]),
        ({"type": "app_version", "operator": "version_gt", "targetValue": ["1.2"]}, "1.2"),
        ({"type": "passes_gate", "targetValue": ["beta"]}, "beta"),
        ({"type": "passes_gate", "operator": "any", "targetValue": "beta"}, "beta"),
        ({"type": "custom_field", "operator": "gt", "targetValue": [1, 2]}, [1, 2]),
        ({"type": "custom_field", "operator": "eq", "targetValue": "31"}, "31"),
    ],
)
def test_target_values_read_back_as_the_operator_has_them(
    client: Client, condition: dict[str, Any], read_back: Any
) -> None:
    created = client.create(rules=[rule(conditions=[condition])])
    assert created["rules"][0]["conditions"][0]["targetValue"] == read_back
    assert client.update(**_echo(created))["version"] == 1


def test_twins_are_kept_verbatim_and_made_when_absent(client: Client) -> None:
    text = "{\n  // a comment\n  ms: 1,\n}"
    created = client.create(
        defaultValueJson5=text, rules=[rule(returnValue={"a": [1, "é"]})], schemaJson5="{type: 'object'}"
    )
    assert created["defaultValue"] == {"ms": 1}
    assert created["defaultValueJson5"] == text
    assert created["rules"][0]["returnValueJson5"] == '{"a":[1,"é"]}'
    assert (created["schema"], created["schemaJson5"]) == ('{"type":"object"}', "{type: 'object'}")


def test_a_full_update_without_the_twin_loses_its_comments(client: Client) -> None:
    client.create(defaultValueJson5="{ms: 1 /* why */}")
    updated = client.update(defaultValue={"ms": 1})
    assert updated["defaultValueJson5"] == '{"ms":1}'
    assert updated["version"] == 2


def test_nulls_clear_what_may_be_null(client: Client) -> None:
    client.create(**FULL)
    nullable = ("schema", "owner", "team", "teamID", "releasePipelineID", "precommitWebhook", "creatorEmail")
    cleared = client.update(**FULL | dict.fromkeys(nullable))
    assert {key for key in nullable if cleared.get(key) is not None} == set()
    assert "schemaJson5" not in cleared


def test_a_patch_leaves_alone_what_it_leaves_out(client: Client) -> None:
    created = client.create(**FULL, rules=[rule()])
    status, answer = client.call("PATCH", f"{LIST}/checkout", {"description": "", "defaultValueJson5": "{a: 1}"})
    changed = {"description": "", "defaultValue": {"a": 1}, "defaultValueJson5": "{a: 1}", "version": 2}
    assert (status, answer["message"]) == (200, "Dynamic config updated successfully.")
    assert answer["data"] == {**created, **changed, "lastModifiedTime": answer["data"]["lastModifiedTime"]}


def test_enable_disable_archive_and_unarchive(client: Client) -> None:
    client.create(isEnabled=False)
    seen = []
    for verb in ("enable", "enable", "disable", "archive", "archive", "unarchive", "unarchive", "enable"):
        _, answer = client.call("PUT", f"{LIST}/checkout/{verb}")
        config = answer["data"]
        seen.append((config["isEnabled"], config["status"], config["version"]))
    assert seen == [
        (True, "Enabled", 2),
        (True, "Enabled", 2),
        (False, "Disabled", 3),
        (False, "Archived", 4),
        (False, "Archived", 4),
        (False, "Disabled", 5),
        (False, "Disabled", 5),
        (True, "Enabled", 6),
    ]


def test_an_archived_config_is_listed_blocks_its_id_and_takes_no_update(client: Client) -> None:
    client.create()
    client.call("PUT", f"{LIST}/checkout/archive", {"forceArchive": True, "archiveReason": "old"})
    assert [c["status"] for c in client.call("GET", LIST)[1]["data"]] == ["Archived"]
    assert client.call("POST", LIST, {"name": "checkout"}) == (
        400,
        {"status": 400, "message": "Name is already in use"},
    )
    body = {"isEnabled": True, "description": "", "rules": []}
    assert client.call("POST", f"{LIST}/checkout", body)[0] == 400
    assert client.call("PUT", f"{LIST}/checkout/enable")[0] == 400


def test_ids_that_differ_by_case_only_are_one(client: Client) -> None:
    client.create(id="Checkout")
    assert client.call("POST", LIST, {"name": "checkout"})[0] == 400
    assert client.call("GET", f"{LIST}/checkout")[0] == 404


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_dry_run_answers_and_writes_nothing(client: Client, method: str) -> None:
    created = client.create()
    body = {"isEnabled": False, "description": "new", "rules": []}
    status, answer = client.call(method, f"{LIST}/checkout?dryRun=true", body)
    assert (status, answer["data"]["description"], answer["data"]["version"]) == (200, "new", 2)
    assert client.get() == created
    assert [entry["method"] for entry in client.emulator.audit()] == ["POST"]
    assert client.call(method, f"{LIST}/checkout?dryRun=true", {"isEnabled": "x"})[0] == 400


def test_numbers_are_what_javascript_makes_of_them(client: Client) -> None:
    text = b'{"name":"checkout","defaultValue":{"a":1.0,"b":9007199254740993,"c":0.1,"d":-0.0}}'
    client.call("POST", LIST, text)
    assert b'"defaultValue":{"a":1,"b":9007199254740992,"c":0.1,"d":0}' in client.send("GET", LIST).body


def test_any_text_survives(client: Client) -> None:
    value = {"k": "é\u2028\0\ud800 😀", "\ud83d": 1}
    client.create(defaultValue=value)
    assert client.get()["defaultValue"] == value


def test_every_accepted_write_is_in_the_audit_list(client: Client) -> None:
    client.create()
    body = {"isEnabled": True, "description": "x", "rules": []}
    client.update(description="x")
    client.update(description="x")
    client.call("POST", f"{LIST}/checkout", {})
    client.call("PUT", f"{LIST}/checkout/disable")
    client.call("DELETE", f"{LIST}/checkout")
    audit = client.emulator.audit()
    assert [(e["seq"], e["method"], e["path"], e["id"], e["version"]) for e in audit] == [
        (1, "POST", LIST, "checkout", 1),
        (2, "POST", f"{LIST}/checkout", "checkout", 2),
        (3, "POST", f"{LIST}/checkout", "checkout", 2),
        (4, "PUT", f"{LIST}/checkout/disable", "checkout", 3),
        (5, "DELETE", f"{LIST}/checkout", "checkout", 3),
    ]
    assert audit[1]["body"] == body
    assert all(isinstance(entry["time"], int) for entry in audit)


def test_a_console_edit_is_a_version_by_a_person(client: Client) -> None:
    [stored] = client.create(rules=[rule(passPercentage=10, returnValue={"a": 1})])["rules"]

    def edit(config: dict[str, Any]) -> None:
        config["isEnabled"] = False
        config["rules"][0]["passPercentage"] = 50
        config["rules"][0]["returnValue"]["a"] = 2

    client.emulator.console_edit("checkout", edit)
    config = client.get()
    assert (config["version"], config["lastModifierName"], config["status"]) == (2, "Jane Console", "Disabled")
    assert config["lastModifierEmail"] == "jane.console@example.com"
    [edited] = config["rules"]
    assert (edited["id"], edited["baseID"]) == (f"{stored['baseID']}:50.00:1", stored["baseID"])
    assert edited["returnValueJson5"] == '{"a":2}'
    with pytest.raises(KeyError):
        client.emulator.console_edit("nobody", edit)
