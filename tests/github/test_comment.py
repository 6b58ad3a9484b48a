"""One comment a target on a pull request: edited, never added to, never stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .conftest import GitHub, Runner

HEAD = "4f0c8f5a51f4a1f9b0f0fbb5d2ac7a1a8bb0c0de"


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    return tmp_path / "plan.md"


def body(target: str = "production", digest: str = "sha256:aa", text: str = "1 create") -> str:
    return f"<!-- reconciler target={target} digest={digest} commit={HEAD} -->\n### {text}\n"


def comment(run: Runner, plan: Path, changed: str = "true") -> None:
    done = run("comment.py", PLAN=str(plan), PULL_REQUEST="12", HEAD=HEAD, CHANGED=changed)
    assert done.returncode == 0, done.stderr


def from_someone(number: int, login: str = "github-actions[bot]", text: str | None = None) -> dict[str, Any]:
    return {"id": number, "on": 12, "user": {"login": login}, "body": body() if text is None else text}


def test_the_first_plan_is_a_new_comment(run: Runner, github: GitHub, plan: Path) -> None:
    plan.write_text(body())
    comment(run, plan)
    assert [one["body"] for one in github.comments] == [body()]


def test_the_next_plan_edits_it(run: Runner, github: GitHub, plan: Path) -> None:
    plan.write_text(body())
    comment(run, plan)
    plan.write_text(body(digest="sha256:bb", text="2 creates"))
    comment(run, plan)
    assert [one["body"] for one in github.comments] == [body(digest="sha256:bb", text="2 creates")]
    assert len(github.writes) == 2


def test_an_equal_plan_writes_nothing(run: Runner, github: GitHub, plan: Path) -> None:
    plan.write_text(body())
    comment(run, plan)
    comment(run, plan)
    assert len(github.writes) == 1


def test_a_comment_behind_many_others_is_found(run: Runner, github: GitHub, plan: Path) -> None:
    chatter = [from_someone(number, "jane", "Looks good!") for number in range(1, 240)]
    github.seed(comments=[*chatter, from_someone(240)])
    plan.write_text(body(text="2 creates"))
    comment(run, plan)
    assert len(github.comments) == 240
    assert github.comments[-1]["body"] == body(text="2 creates")


def test_someone_who_writes_our_marker_is_not_edited(run: Runner, github: GitHub, plan: Path) -> None:
    github.seed(comments=[from_someone(1, "mallory")])
    plan.write_text(body(text="2 creates"))
    comment(run, plan)
    assert [one["user"]["login"] for one in github.comments] == ["mallory", "github-actions[bot]"]
    assert github.comments[0]["body"] == body()


def test_another_workflow_that_quotes_our_comment_is_not_edited(run: Runner, github: GitHub, plan: Path) -> None:
    quoting = f"Coverage is 100 %.\n{body()}"
    github.seed(comments=[from_someone(1, text=quoting)])
    plan.write_text(body(text="2 creates"))
    comment(run, plan)
    assert [one["body"] for one in github.comments] == [quoting, body(text="2 creates")]


def test_each_target_has_its_own(run: Runner, github: GitHub, plan: Path) -> None:
    staging = body(target="staging")
    github.seed(comments=[from_someone(1, text=staging)])
    plan.write_text(body())
    comment(run, plan)
    assert [one["body"] for one in github.comments] == [staging, body()]


def test_a_failed_plan_takes_back_what_the_last_one_said(run: Runner, github: GitHub, plan: Path) -> None:
    plan.write_text(body())
    comment(run, plan)
    plan.unlink()
    comment(run, plan)
    [only] = github.comments
    assert "1 create" not in only["body"]
    assert "https://github.example/northwind/shop/actions/runs/77" in only["body"]
    plan.write_text(body())
    comment(run, plan)
    assert [one["body"] for one in github.comments] == [body()]


def test_a_pull_request_without_configs_is_left_alone(run: Runner, github: GitHub, plan: Path) -> None:
    comment(run, plan, changed="false")
    assert github.writes == []


def test_a_pull_request_that_no_longer_touches_configs_says_so(run: Runner, github: GitHub, plan: Path) -> None:
    plan.write_text(body())
    comment(run, plan)
    plan.unlink()
    comment(run, plan, changed="false")
    [only] = github.comments
    assert "no changes" in only["body"]


def test_a_refusal_by_github_fails_the_step(run: Runner, plan: Path) -> None:
    plan.write_text(body(text="x" * 70_000))
    done = run("comment.py", PLAN=str(plan), PULL_REQUEST="12", HEAD=HEAD)
    assert done.returncode != 0
    assert "422" in done.stderr
