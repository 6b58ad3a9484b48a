"""Jobs that always start, and find out inside whether there is anything to do."""

from __future__ import annotations

from .conftest import Checkout, Runner


def merge(checkout: Checkout, path: str) -> None:
    """GitHub's trial merge of a pull request that changes one file, checked out with its parents."""
    checkout.git("switch", "-q", "-c", "topic")
    checkout.commit(path, "changed: true\n")
    checkout.git("switch", "-q", "main")
    checkout.commit("README.md", "main has moved on\n")
    checkout.git("merge", "-q", "--no-ff", "-m", "Trial merge", "topic")


def test_a_pull_request_that_touches_configs(run: Runner, checkout: Checkout) -> None:
    merge(checkout, "configs/limits.yaml")
    run("changed.sh", cwd=checkout.path)
    assert run.outputs == {"changed": "true"}


def test_a_pull_request_that_does_not(run: Runner, checkout: Checkout) -> None:
    merge(checkout, "docs/limits.md")
    run("changed.sh", cwd=checkout.path)
    assert run.outputs == {"changed": "false"}


def test_what_main_changed_meanwhile_does_not_count(run: Runner, checkout: Checkout) -> None:
    checkout.git("switch", "-q", "-c", "topic")
    checkout.commit("docs/limits.md", "only words\n")
    checkout.git("switch", "-q", "main")
    checkout.commit("configs/limits.yaml", "defaultValue: {}\n")
    checkout.git("merge", "-q", "--no-ff", "-m", "Trial merge", "topic")
    run("changed.sh", cwd=checkout.path)
    assert run.outputs == {"changed": "false"}


def test_a_commit_that_is_no_trial_merge_is_planned(run: Runner, checkout: Checkout) -> None:
    checkout.commit("docs/limits.md", "only words\n")
    run("changed.sh", cwd=checkout.path)
    assert run.outputs == {"changed": "true"}


def test_the_tip_of_the_branch_is_applied(run: Runner, checkout: Checkout) -> None:
    runner = checkout.again("runner")
    run("newest.sh", cwd=runner.path, GITHUB_REF="refs/heads/main")
    assert run.outputs == {"newest": "true"}


def test_an_old_run_that_is_started_again_is_not(run: Runner, checkout: Checkout) -> None:
    runner = checkout.again("runner")
    checkout.commit("configs/limits.yaml", "defaultValue: {}\n")
    checkout.push()
    done = run("newest.sh", cwd=runner.path, GITHUB_REF="refs/heads/main")
    assert done.returncode == 0
    assert run.outputs == {"newest": "false"}
    assert "main has moved on" in done.stdout


def test_a_remote_that_cannot_be_asked_fails(run: Runner, checkout: Checkout) -> None:
    checkout.git("remote", "set-url", "origin", (checkout.remote / "gone").as_uri())
    assert run("newest.sh", cwd=checkout.path, GITHUB_REF="refs/heads/main").returncode != 0
    assert run.outputs == {}
