"""The record of the last apply travels by a ref of the remote, between runners that remember nothing."""

from __future__ import annotations

import base64

import pytest

from .conftest import RECORD, Checkout, Runner


def record(checkout: Checkout, message: str) -> str:
    """What apply does, in short: a commit at the ref, after the one before; neither a branch nor the index moves."""
    before = checkout.git("for-each-ref", "--format=%(objectname)", RECORD)
    parents = ["-p", before] if before else []
    commit = checkout.git("commit-tree", "HEAD^{tree}", "-m", message, *parents)
    checkout.git("update-ref", RECORD, commit)
    return commit


def at_remote(checkout: Checkout) -> str:
    return checkout.git("for-each-ref", "--format=%(objectname)", RECORD, at=checkout.remote)


def test_the_first_run_of_all_has_no_base(run: Runner, checkout: Checkout) -> None:
    done = run("fetch-base.sh", cwd=checkout.path)
    assert done.returncode == 0, done.stderr
    assert run.outputs == {"base": ""}


def test_the_record_of_one_run_is_the_base_of_the_next(run: Runner, checkout: Checkout) -> None:
    first = record(checkout, "one")
    assert run("push-record.sh", cwd=checkout.path).returncode == 0
    assert at_remote(checkout) == first

    runner = checkout.again("next")
    assert run("fetch-base.sh", cwd=runner.path).returncode == 0
    assert run.outputs == {"base": RECORD}
    assert runner.git("rev-parse", RECORD) == first

    second = record(runner, "two")
    done = run("push-record.sh", cwd=runner.path)
    assert done.returncode == 0, done.stderr
    assert at_remote(checkout) == second
    assert checkout.git("rev-list", "--count", RECORD, at=checkout.remote) == "2"


def test_a_remote_that_cannot_be_asked_is_no_first_run(run: Runner, checkout: Checkout) -> None:
    checkout.git("remote", "set-url", "origin", (checkout.remote / "gone").as_uri())
    done = run("fetch-base.sh", cwd=checkout.path)
    assert done.returncode == 1
    assert run.outputs == {}
    assert "::error::" in done.stdout


def test_a_run_that_recorded_nothing_pushes_nothing(run: Runner, checkout: Checkout) -> None:
    done = run("push-record.sh", cwd=checkout.path)
    assert done.returncode == 0, done.stderr
    assert at_remote(checkout) == ""


def test_a_record_that_did_not_move_is_pushed_without_harm(run: Runner, checkout: Checkout) -> None:
    first = record(checkout, "one")
    run("push-record.sh", cwd=checkout.path)
    runner = checkout.again("next")
    run("fetch-base.sh", cwd=runner.path)
    assert run("push-record.sh", cwd=runner.path).returncode == 0
    assert at_remote(checkout) == first


def test_another_runs_record_is_never_overwritten(run: Runner, checkout: Checkout) -> None:
    record(checkout, "one")
    run("push-record.sh", cwd=checkout.path)
    slow, quick = checkout.again("slow"), checkout.again("quick")
    for runner in (slow, quick):
        run("fetch-base.sh", cwd=runner.path)
    newest = record(quick, "quick")
    assert run("push-record.sh", cwd=quick.path).returncode == 0
    record(slow, "slow")
    assert run("push-record.sh", cwd=slow.path).returncode != 0
    assert at_remote(checkout) == newest


def test_the_token_reaches_git_by_the_environment_alone(run: Runner, checkout: Checkout) -> None:
    header = "http.https://github.example/.extraheader"
    done = run("git-with-token.sh", "config", "--get-all", header, cwd=checkout.path)
    scheme, _, credentials = done.stdout.strip().rpartition(" ")
    assert scheme == "AUTHORIZATION: basic"
    assert base64.b64decode(credentials) == b"x-access-token:made-up-token"
    assert "extraheader" not in (checkout.path / ".git" / "config").read_text()
    assert run("git-with-token.sh", "config", "--get-all", header, cwd=checkout.path, GH_TOKEN="").stdout == ""


ALIKE = ["refs/heads/{}", "refs/tags/{}", "refs/heads/x/{}", "refs/tags/x/{}", "refs/reconciler/x/{}"]
"""Refs of the remote whose names end like the one that is meant. Anyone who may push a branch can make them."""


@pytest.mark.parametrize("alike", ALIKE)
def test_a_ref_whose_name_ends_like_the_record_is_no_record(run: Runner, checkout: Checkout, alike: str) -> None:
    checkout.git("push", "-q", "origin", f"HEAD:{alike.format(RECORD)}")
    done = run("fetch-base.sh", cwd=checkout.path)
    assert done.returncode == 0, done.stderr
    assert run.outputs == {"base": ""}


@pytest.mark.parametrize("alike", ALIKE)
def test_the_record_reaches_its_own_ref_whatever_else_is_named_like_it(
    run: Runner, checkout: Checkout, alike: str
) -> None:
    checkout.git("push", "-q", "origin", f"HEAD:{alike.format(RECORD)}")
    for message in ("one", "two"):  # the first one makes the ref, the second one moves it
        commit = record(checkout, message)
        done = run("push-record.sh", cwd=checkout.path)
        assert done.returncode == 0, done.stderr
        assert at_remote(checkout) == commit
    assert run("fetch-base.sh", cwd=checkout.again("next").path).returncode == 0
    assert run.outputs == {"base": RECORD}


def test_a_branch_named_like_the_record_is_not_pushed_in_its_place(run: Runner, checkout: Checkout) -> None:
    checkout.git("branch", RECORD)
    done = run("push-record.sh", cwd=checkout.path)
    assert done.returncode == 0, done.stderr
    assert at_remote(checkout) == ""


def test_pushing_the_record_leaves_no_other_ref_behind(run: Runner, checkout: Checkout) -> None:
    record(checkout, "one")
    before = checkout.git("for-each-ref")
    assert run("push-record.sh", cwd=checkout.path).returncode == 0
    assert checkout.git("for-each-ref") == before


def test_a_record_that_is_an_annotated_tag_is_a_base(run: Runner, checkout: Checkout) -> None:
    checkout.git("tag", "--annotate", "--message", "By hand", "by-hand")
    checkout.git("push", "-q", "origin", f"refs/tags/by-hand:{RECORD}")
    runner = checkout.again("next")
    assert run("fetch-base.sh", cwd=runner.path).returncode == 0
    assert run.outputs == {"base": RECORD}
    assert runner.git("rev-parse", f"{RECORD}^{{commit}}") == checkout.git("rev-parse", "HEAD")
