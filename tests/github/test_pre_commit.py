"""The pre-commit hook, run by pre-commit itself in a repository that uses it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import TOP, Checkout, git_identity

GOOD = "defaultValue: {visible: true}\n"
BAD = "defaultValue: {visible: true}\nruels: []\n"


class Hook:
    """A team's repository with the hook; run in this very environment, so that pre-commit builds none of its own."""

    def __init__(self, checkout: Checkout, home: Path) -> None:
        self.checkout = checkout
        self.home = home
        published = Checkout(home / "published", checkout.remote)
        published.git("init", "-q", str(published.path), at=home)
        shutil.copy(TOP / ".pre-commit-hooks.yaml", published.path)
        published.git("add", ".pre-commit-hooks.yaml")
        published.git("commit", "-q", "-m", "Publish the hook")
        checkout.commit(
            ".pre-commit-config.yaml",
            f"repos:\n- repo: {published.path}\n  rev: {published.git('rev-parse', 'HEAD')}\n"
            "  hooks: [{id: reconciler-validate, language: system}]\n",
        )

    def stage(self, path: str, text: str) -> None:
        file = self.checkout.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        self.checkout.git("add", path)

    def run(self) -> subprocess.CompletedProcess[str]:
        here = Path(sys.executable).parent
        env = {**os.environ, **git_identity(), "PRE_COMMIT_HOME": str(self.home / "cache")}
        env["PATH"] = os.pathsep.join([str(here), env["PATH"]])
        command = [here / "pre-commit", "run", "--color", "never"]
        return subprocess.run(command, cwd=self.checkout.path, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def hook(checkout: Checkout, tmp_path: Path) -> Hook:
    return Hook(checkout, tmp_path)


def test_a_good_file_may_be_committed(hook: Hook) -> None:
    hook.stage("configs/growth/limits.yaml", GOOD)
    done = hook.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_a_bad_file_may_not_and_is_told_where(hook: Hook) -> None:
    hook.stage("configs/growth/limits.yaml", BAD)
    done = hook.run()
    assert done.returncode == 1
    assert "configs/growth/limits.yaml:2:1: error:" in done.stdout


def test_what_was_wrong_before_does_not_stop_this_commit(hook: Hook) -> None:
    hook.stage("configs/old.yaml", BAD)
    hook.checkout.git("commit", "-q", "-m", "Somebody skipped the hook")
    hook.stage("configs/new.yaml", GOOD)
    done = hook.run()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout


def test_two_files_with_one_id_are_seen_although_one_of_them_is_old(hook: Hook) -> None:
    hook.stage("configs/growth/banner.yaml", GOOD)
    done = hook.run()
    assert done.returncode == 1
    assert "configs/banner.yaml" in done.stdout


def test_a_commit_without_configs_has_nothing_to_check(hook: Hook) -> None:
    hook.stage("docs/limits.md", "only words\n")
    hook.stage("configs/_drafts/limits.yaml", BAD)
    hook.stage("configs/.limits.yaml", BAD)
    done = hook.run()
    assert done.returncode == 0
    assert "no files to check" in done.stdout
