"""An apply is for the tip of its branch alone, and what that tip is, is asked by the branch's full name."""

from __future__ import annotations

import pytest

from .conftest import Checkout, Runner

MAIN = "refs/heads/main"


def newest(run: Runner, checkout: Checkout, ref: str = MAIN) -> bool:
    done = run("newest.sh", cwd=checkout.path, GITHUB_REF=ref)
    assert done.returncode == 0, done.stderr
    return {"true": True, "false": False}[run.outputs["newest"]]


def test_the_tip_is_the_newest_and_what_came_before_it_is_not(run: Runner, checkout: Checkout) -> None:
    old = checkout.again("old")
    assert newest(run, old)
    checkout.commit("configs/banner.yaml", "defaultValue: {visible: false}\n")
    checkout.push()
    assert not newest(run, old)
    assert newest(run, checkout.again("new"))


@pytest.mark.parametrize(
    "alike",
    [
        "refs/heads/x/refs/heads/main",
        "refs/heads/a/refs/heads/main",
        "refs/heads/refs/heads/main",
        "refs/tags/refs/heads/main",
        "refs/x/refs/heads/main",
    ],
)
def test_a_ref_whose_name_ends_like_the_branch_skips_no_apply(run: Runner, checkout: Checkout, alike: str) -> None:
    checkout.git("push", "-q", "origin", f"HEAD:{alike}")
    runner = checkout.again("next")
    assert newest(run, runner)
    merged = checkout.commit("configs/banner.yaml", "defaultValue: {visible: false}\n")
    checkout.git("push", "-q", "origin", "HEAD:refs/merged/1")  # to push main itself may be ambiguous now
    checkout.git("update-ref", MAIN, merged, at=checkout.remote)
    assert not newest(run, runner), "the other ref is where it was, the branch has moved on"


def test_a_tag_named_like_the_branch_is_not_the_branch(run: Runner, checkout: Checkout) -> None:
    checkout.git("push", "-q", "origin", "HEAD:refs/tags/main")
    checkout.commit("configs/banner.yaml", "defaultValue: {visible: false}\n")
    checkout.push()
    assert newest(run, checkout.again("next"))


def test_an_annotated_tag_stands_for_its_commit(run: Runner, checkout: Checkout) -> None:
    checkout.git("tag", "--annotate", "--message", "A release", "v1")
    checkout.git("push", "-q", "origin", "refs/tags/v1")
    assert newest(run, checkout.again("next"), "refs/tags/v1")


def test_a_remote_that_does_not_say_is_an_error_and_not_a_skipped_apply(run: Runner, checkout: Checkout) -> None:
    deleted = run("newest.sh", cwd=checkout.path, GITHUB_REF="refs/heads/deleted")
    checkout.git("remote", "set-url", "origin", (checkout.remote / "gone").as_uri())
    silent = run("newest.sh", cwd=checkout.path, GITHUB_REF=MAIN)
    for done in (deleted, silent):
        assert done.returncode == 1
        assert "::error::" in done.stdout
    assert run.outputs == {}
