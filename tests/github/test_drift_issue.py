"""One issue a target: opened by drift, edited with it, closed without it; people are rung only when it changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .conftest import GitHub, Runner


def change(config: str, *origins: str, held: bool = False) -> dict[str, Any]:
    hold = {"code": "drift", "message": "changed in the console"} if held else None
    return {"id": config, "held": hold, "fields": [{"origin": origin} for origin in origins]}


def report(
    run: Runner, out: Path, *changes: dict[str, Any], digest: str = "sha256:aa", target: str = "production"
) -> None:
    (out / "plan.json").write_text(json.dumps({"changes": changes}))
    marker = f"<!-- reconciler target={target} digest={digest} commit=0123 -->"
    (out / "plan.md").write_text(f"{marker}\n" + "".join(f"- {one['id']}\n" for one in changes))
    done = run("drift_issue.py", OUT=str(out), TARGET=target)
    assert done.returncode == 0, done.stderr


def test_no_drift_is_no_issue(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path)
    assert github.writes == []


def test_what_waits_to_be_applied_is_no_drift(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "intended", "intended"))
    assert github.writes == []


def test_drift_opens_an_issue_that_names_target_and_configs(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "intended", "drift", held=True), change("limits", "conflict", held=True))
    [issue] = github.issues
    assert issue["title"] == "Live and git differ in production: 2 configs"
    assert "- banner\n- limits" in issue["body"]
    assert issue["labels"] == ["config-drift"]


def test_without_a_base_every_difference_may_be_drift(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "unknown"))
    assert [issue["title"] for issue in github.issues] == ["Live and git differ in production: 1 config"]


def test_the_same_drift_next_day_writes_nothing(run: Runner, github: GitHub, tmp_path: Path) -> None:
    for _ in range(3):
        report(run, tmp_path, change("banner", "drift", held=True))
    assert len(github.writes) == 1


def test_other_drift_edits_the_issue_and_rings_once(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "drift", held=True))
    report(run, tmp_path, change("limits", "drift", held=True), digest="sha256:bb")
    report(run, tmp_path, change("limits", "drift", held=True), digest="sha256:bb")
    [issue] = github.issues
    assert "limits" in issue["body"]
    assert len(github.comments) == 1


def test_another_text_of_the_same_drift_rings_nobody(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "drift", held=True))
    report(run, tmp_path, change("banner renamed", "drift", held=True))
    assert "renamed" in github.issues[0]["body"]
    assert github.comments == []


def test_the_issue_is_closed_when_live_and_git_agree(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "drift", held=True))
    report(run, tmp_path)
    assert [issue["state"] for issue in github.issues] == ["closed"]
    report(run, tmp_path)
    assert len(github.comments) == 1


def test_drift_after_that_is_a_new_issue(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "drift", held=True))
    report(run, tmp_path)
    report(run, tmp_path, change("banner", "drift", held=True))
    assert [issue["state"] for issue in github.issues] == ["closed", "open"]


def test_targets_and_people_keep_their_own_issues(run: Runner, github: GitHub, tmp_path: Path) -> None:
    report(run, tmp_path, change("banner", "drift", held=True), target="staging")
    staging = github.issues[0]
    github.seed(issues=[staging, {**staging, "id": 2, "number": 2, "user": {"login": "jane"}}])
    report(run, tmp_path, target="production")
    assert [issue["state"] for issue in github.issues] == ["open", "open"]
    report(run, tmp_path, target="staging")
    assert [issue["state"] for issue in github.issues] == ["closed", "open"]
