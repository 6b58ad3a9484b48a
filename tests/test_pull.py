"""``reconciler pull``: adopting what is live. What it writes, a plan has nothing to do for."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import json5
import pytest
from harness import Live, Project, payload
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import configs, respelled
from test_properties import world

RULE = {
    "name": "beta",
    "id": "38ttpCpzrQFTMKcqFKk02l:10.00:3",
    "baseID": "38ttpCpzrQFTMKcqFKk02l",
    "passPercentage": 10,
    "conditions": [{"type": "public", "operator": "", "targetValue": []}],
    "environments": None,
    "returnValue": {},
    "returnValueJson5": "{}",
}


def pulled(served: Project, *arguments: str) -> dict[str, str]:
    """Pull, and return file → text of what was written."""
    done = served.call("pull", "--format", "json", *arguments)
    assert (done.code, done.stderr) == (0, "")
    return {one["file"]: (served.path / one["file"]).read_text("utf-8") for one in done.json["written"]}


def assert_plan_is_empty(served: Project) -> None:
    plan = served.call("plan", "--format", "json").json
    assert (plan["errored"], plan["changes"], plan["diagnostics"]) == (False, [], [])


def test_defaults_and_what_statsig_owns_are_left_out(served: Project, live: Live) -> None:
    owned = {"creatorID": "1vaQaBoLlkauH9iiuOSBP2", "owner": {"ownerID": "x"}, "holdoutIDs": [], "team": None}
    live.create("checkout", **owned, defaultValueJson5="{}", rules=[RULE])
    files = pulled(served, "--all")
    assert files == {
        "configs/checkout.yaml": (
            "rules:\n  - name: beta\n    passPercentage: 10\n    conditions:\n      - type: public\n"
        )
    }
    assert_plan_is_empty(served)


def test_what_differs_from_its_default_is_written_in_the_order_of_the_api(served: Project, live: Live) -> None:
    live.create(
        "checkout",
        name="Checkout config",
        description="d",
        isEnabled=False,
        idType="stableID",
        tags=["b", "a"],
        targetApps="web",
        team="payments",
        teamID="t1",
        schema='{"type":"object"}',
        defaultValue={"b": 1, "a": 2},
    )
    [text] = pulled(served, "checkout").values()
    keys = [line.split(":")[0] for line in text.splitlines() if not line.startswith((" ", "-"))]
    told = ["name", "description", "isEnabled", "idType", "tags", "targetApps", "team", "defaultValue", "schema"]
    assert keys == told
    assert_plan_is_empty(served)


def test_comments_are_kept_in_a_json5_file(served: Project, live: Live) -> None:
    text = "{\n  // raised after the incident\n  retries: 3, // never more\n}"
    rule = {**RULE, "returnValue": {"a": 1}, "returnValueJson5": "{a: 1 /* one */}"}
    live.create("checkout", defaultValue={"retries": 3}, defaultValueJson5=text, rules=[rule])
    [(file, written)] = pulled(served, "--all").items()
    assert file == "configs/checkout.json5"
    for comment in ("// raised after the incident", "// never more", "/* one */"):
        assert comment in written
    assert json5.loads(written)["defaultValue"] == {"retries": 3}
    assert_plan_is_empty(served)


def test_rule_ids_only_on_request(served: Project, live: Live) -> None:
    live.create("checkout", rules=[RULE])
    [text] = pulled(served, "--all", "--with-ids").values()
    assert "baseID: 38ttpCpzrQFTMKcqFKk02l" in text
    assert "10.00" not in text
    assert_plan_is_empty(served)


@pytest.mark.parametrize("config_id", ["_private", ".hidden", "..dots", "a.b-c_d", "null", "12e3", "x.yaml"])
def test_any_id_gets_a_file_that_the_loader_reads(served: Project, live: Live, config_id: str) -> None:
    live.create(config_id)
    assert len(pulled(served, "--all")) == 1
    assert_plan_is_empty(served)


def test_a_name_that_another_config_has_taken_is_left_to_it(served: Project, live: Live) -> None:
    served.write(checkout="id: somebody_else\n")
    live.create("checkout")
    live.create("somebody_else")
    assert list(pulled(served, "--all")) == ["configs/checkout-2.yaml"]
    assert (served.path / "configs/checkout.yaml").read_text() == "id: somebody_else\n"
    assert_plan_is_empty(served)


def test_a_config_that_has_a_file_is_left_alone(served: Project, live: Live) -> None:
    served.write(checkout="description: mine\n")
    live.create("checkout")
    done = served.call("pull", "checkout", "--format", "json")
    assert (done.code, done.json["written"]) == (0, [])
    assert "configs/checkout.yaml" in done.json["skipped"][0]["reason"]
    assert served.call("pull", "--all").stdout == "nothing to pull\n"


def test_elsewhere_it_is_written_to_be_compared(served: Project, live: Live) -> None:
    served.write(checkout="description: mine\n")
    live.create("checkout", description="theirs")
    assert pulled(served, "checkout", "--to", "live") == {"live/checkout.yaml": "description: theirs\n"}


def test_what_is_there_elsewhere_is_not_overwritten_nor_mistaken_for_new(served: Project, live: Live) -> None:
    live.create("checkout", description="theirs")
    pulled(served, "checkout", "--to", "live")
    live.edit("checkout", description="newer")
    done = served.call("pull", "checkout", "--to", "live")
    assert "live/checkout.yaml is there already" in done.stdout
    assert "reconciler plan" not in done.stdout
    assert [path.name for path in (served.path / "live").iterdir()] == ["checkout.yaml"]


def test_an_empty_folder_and_a_missing_one_are_how_it_begins(served: Project, live: Live) -> None:
    live.create("checkout")
    live.create("banner")
    (served.path / "configs/reconciler.toml").rename(served.path / "reconciler.toml")
    (served.path / "configs").rmdir()
    done = served.call("pull", "--all", "--api-url", live.url)
    assert (done.code, done.stderr) == (0, "")
    assert sorted(path.name for path in (served.path / "configs").iterdir()) == ["banner.yaml", "checkout.yaml"]


def test_an_archived_config_is_passed_over_and_an_odd_one_named(served: Project, live: Live) -> None:
    live.create("gone", status="Archived")
    live.create("odd", rules="none")
    live.create("fine")
    done = served.call("pull", "--all", "--format", "json")
    assert done.code == 1
    assert [one["id"] for one in done.json["written"]] == ["fine"]
    assert {one["id"] for one in done.json["skipped"]} == {"gone", "odd"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "--all"),
        (["checkout", "--all"], "not both"),
        (["chekout"], "did you mean checkout?"),
        (["nothing-like-it"], "not live"),
    ],
)
def test_wrong_usage(served: Project, live: Live, arguments: list[str], says: str) -> None:
    live.create("checkout")
    done = served.call("pull", *arguments)
    assert done.code == 64
    assert says in done.stderr


def test_invalid_files_stop_it(served: Project, live: Live) -> None:
    served.write(broken="a: [\n")
    live.create("checkout")
    assert served.call("pull", "--all").code == 3
    assert not (served.path / "configs/checkout.yaml").exists()


def test_it_only_reads_live(served: Project, live: Live) -> None:
    live.create("checkout")
    pulled(served, "--all")
    assert live.methods == {"GET"}


def test_three_hundred_configs_are_adopted(served: Project, live: Live) -> None:
    configs: list[dict[str, Any]] = [
        payload(f"config_{number}", rules=[RULE], defaultValue={"n": number}) for number in range(300)
    ]
    live.emulator.seed(configs)
    assert len(pulled(served, "--all")) == 300
    assert_plan_is_empty(served)


@given(st.data(), st.lists(configs(), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_whatever_is_live_a_plan_is_empty_after_a_pull(data: st.DataObject, wanted: list[dict[str, Any]]) -> None:
    with world() as console:
        # Names are unique in a project, so each config has one of its own.
        console.make_so(*(one | {"id": f"config_{at}", "name": f"Config {at}"} for at, one in enumerate(wanted)))
        stored = [data.draw(respelled(one)) for one in console.emulator.configs()]
    with tempfile.TemporaryDirectory() as folder:
        live = Live()
        try:
            live.emulator.seed(stored)
            project = Project(Path(folder))
            done = project.call("pull", "--all", "--api-url", live.url, "--format", "json")
            assert done.code == 0, done.stdout
            plan = project.call("plan", "--api-url", live.url, "--format", "json").json
            assert (plan["errored"], plan["changes"], plan["summary"]["unchanged"]) == (False, [], len(stored))
        finally:
            live.close()
