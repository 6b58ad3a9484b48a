"""``apply PLAN.json``: what was shown is carried out, or nothing is."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import CONFIGS, Live, Project, config


@pytest.fixture
def planned(served: Project, live: Live) -> Project:
    """A create and an update, saved as ``plan.json``."""
    live.create("limits", defaultValue={"value": 0})
    served.write(limits=config(), banner=config())
    assert served.call("plan", "--out", "plan.json").code == 0
    return served


def test_a_saved_plan_is_carried_out_without_asking(planned: Project, live: Live) -> None:
    done = planned.call("apply", "plan.json", "--format", "json")
    assert done.code == 0
    assert done.statuses == {"banner": "verified", "limits": "verified"}
    assert done.json["digest"] == json.loads((planned.path / "plan.json").read_text())["digest"]
    assert planned.call("plan", "--detailed-exitcode").code == 0


def test_the_files_of_today_do_not_count(planned: Project, live: Live) -> None:
    planned.write(limits=config(2))
    assert planned.call("apply", "plan.json").code == 0
    assert live["limits"]["defaultValue"] == {"value": 1}


def test_a_plan_that_was_carried_out_is_stale(planned: Project, live: Live) -> None:
    assert planned.call("apply", "plan.json", "--yes").code == 0
    done = planned.call("apply", "plan.json", "--yes", "--format", "json")
    assert done.code == 5
    assert set(done.statuses.values()) == {"stale"}
    assert len(live.written) == 2


def _first(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["changes"][-1]
    return found


ALTERED: dict[str, Callable[[dict[str, Any]], object]] = {
    "a body": lambda plan: _first(plan)["request"]["body"]["defaultValue"].update(value=9),
    "a path": lambda plan: _first(plan)["request"].update(path="/console/v1/dynamic_configs/other"),
    "a hold": lambda plan: _first(plan).update(held={"code": "drift", "message": ""}),
    "a shown field": lambda plan: _first(plan)["fields"][0].update(after=1.5),
    "a fingerprint": lambda plan: _first(plan)["live"].update(fingerprint="sha256:0"),
    "a digest": lambda plan: plan.update(digest="sha256:0"),
    "an intent": lambda plan: plan.update(intent="sha256:0"),
    "a change that is gone": lambda plan: plan["changes"].pop(),
    "the URL": lambda plan: plan["target"].update(api_url="https://statsigapi.net"),
    "a count": lambda plan: plan["summary"].update(update=7),
    "whether it has errors": lambda plan: plan.update(errored=True),
    "an unknown key": lambda plan: plan.update(more=1),
    "a newer format": lambda plan: plan.update(format_version="2.0"),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED.keys())
def test_a_plan_that_was_altered_is_refused(planned: Project, live: Live, alter: Callable[[Any], object]) -> None:
    path = planned.path / "plan.json"
    document = json.loads(path.read_text())
    alter(document)
    path.write_text(json.dumps(document))
    for command in (["apply", "plan.json", "--yes"], ["show", "plan.json"]):
        done = planned.call(*command, "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (4, "plan-altered")
    assert live.requests == [("GET", CONFIGS)], "the plan's own"


LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"
NOT_A_FILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "a pipe": (os.mkfifo, "is not a regular file"),
    "a directory": (Path.mkdir, "Is a directory"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
    "a link to itself": (lambda path: path.symlink_to(path.name), "symbolic links"),
    "nothing": (lambda path: None, "No such file"),
    "a Git LFS pointer": (lambda path: path.write_text(LFS_POINTER), "is a Git LFS pointer"),
}


@pytest.mark.parametrize(("make", "says"), NOT_A_FILE.values(), ids=NOT_A_FILE.keys())
@pytest.mark.parametrize("command", [["apply", "--yes"], ["show"]], ids=["apply", "show"])
def test_what_is_not_a_plans_file_is_named_at_once(
    served: Project, live: Live, command: list[str], make: Callable[[Path], object], says: str
) -> None:
    make(served.path / "odd.json")
    done = served.run(*command, "odd.json", "--format", "json", via='timeout 20 "$@"')
    assert (done.code, done.json["error"]["code"], live.requests) == (1, "plan-unreadable", [])
    assert "odd.json" in done.json["error"]["message"]
    assert says in done.json["error"]["message"]
    assert ("git lfs pull" in done.json["error"]["hint"]) is ("LFS" in says)


def test_a_plan_may_be_named_by_a_link(planned: Project) -> None:
    (planned.path / "link.json").symlink_to("plan.json")
    assert planned.call("show", "link.json").code == 0


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"format_version": 1}', "[" * 100_000])
def test_a_file_that_is_no_plan_is_refused(planned: Project, text: str) -> None:
    planned.file("plan.json", text)
    assert planned.call("apply", "plan.json", "--yes").code == 4


def test_a_plan_is_for_its_target_alone(planned: Project, live: Live) -> None:
    """Two projects of Statsig share one URL, so the name counts as the URL does."""
    targets = f'[targets.production]\napi = "{live.url}"\n[targets.staging]\napi = "{live.url}"\n'
    planned.settings(f'default_target = "staging"\n{targets}')
    for flags in (["--target", "staging"], ["--target", "production", "--api-url", "http://127.0.0.1:9"], []):
        done = planned.call("apply", "plan.json", "--yes", "--format", "json", *flags)
        assert (done.code, done.json["error"]["code"]) == (4, "other-target")
    assert live.written == []
    assert planned.call("apply", "plan.json", "--target", "production").code == 0


@pytest.mark.parametrize("flag", ["--base", "--only", "--exclude", "--overwrite"])
def test_its_own_selection_holds(planned: Project, live: Live, flag: str) -> None:
    assert planned.call("apply", "plan.json", flag, "limits").code == 64
    assert live.written == []
    variable = "RECONCILER_" + flag.strip("-").upper()
    assert planned.call("apply", "plan.json", env={variable: "limits"}).code == 0, "that is for runs that plan"


def test_its_own_limits_and_errors_hold(served: Project, live: Live) -> None:
    for number in range(10):
        live.create(f"config{number}", defaultValue={"value": 0})
        served.write(**{f"config{number}": config()})
    assert served.call("plan", "--out", "plan.json").code == 0
    assert served.call("apply", "plan.json", "--yes").code == 4
    assert live.written == []
    assert served.call("apply", "plan.json", "--allow-changes", "10").code == 0
    live.create("template", isTemplate=True)
    served.write(template=config(2, isTemplate=False))
    assert served.call("plan", "--out", "plan.json").code == 3
    assert served.call("apply", "plan.json", "--yes").code == 3


def test_it_is_expected_by_its_digest(planned: Project, live: Live) -> None:
    plan = json.loads((planned.path / "plan.json").read_text())
    assert planned.call("apply", "plan.json", "--expect", "sha256:0").code == 4
    assert live.written == []
    assert planned.call("apply", "plan.json", "--expect", plan["digest"]).code == 0


@pytest.mark.parametrize("output", ["text", "json", "markdown", "github"])
def test_showing_it_is_what_planning_showed(shop: Project, output: str) -> None:
    planned = shop.call("plan", "--format", output, "--out", "plan.json").stdout
    shown = shop.call("show", "plan.json", "--format", output).stdout
    assert shown == planned


def test_the_saved_plan_is_the_json_plan(shop: Project, tmp_path: Path) -> None:
    printed = shop.call("plan", "--format", "json", "--out", "plan.json").stdout
    assert (shop.path / "plan.json").read_text("utf-8") == printed
    assert shop.call("show", "plan.json", "--format", "json").stdout == printed
