"""``reconciler init``: a repository that works at once, written without a question, overwriting nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from harness import Done, Project


def run(folder: Path, *arguments: str) -> Done:
    return Project(folder).run(*arguments, env={"STATSIG_CONSOLE_KEY": ""})


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git/" not in path.as_posix())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "--quiet", "-b", "trunk", str(tmp_path)], check=True)
    return tmp_path


def test_what_it_writes_is_valid_and_can_be_planned_without_a_key(repository: Path) -> None:
    done = run(repository, "init")
    assert (done.code, done.stderr) == (0, "")
    assert run(repository, "validate").stdout == "1 file checked, nothing to report\n"
    assert "+ create  hello_world" in run(repository, "plan").stdout
    assert run(repository, "plan", "--target", "production").code == 3  # no key here, and nothing else is missing


def test_the_workflows_are_for_this_repository(repository: Path) -> None:
    run(repository, "init", "--configs", "settings/statsig")
    workflows = {
        name: yaml.load((repository / f".github/workflows/{name}.yml").read_text("utf-8"), yaml.BaseLoader)
        for name in ("plan", "apply", "drift")
    }
    assert workflows["apply"]["on"]["push"]["branches"] == ["trunk"]
    for workflow in workflows.values():
        assert workflow["env"]["TARGET"].endswith("|| 'production' }}")
        assert workflow["env"]["CONFIGS"].endswith("|| 'settings/statsig' }}")
        for job in workflow["jobs"].values():
            for step in job.get("steps", ()):
                if step.get("uses", "").startswith("$/"):
                    assert (repository / step["uses"].removeprefix("$/") / "action.yml").is_file()
    assert os.access(repository / ".github/scripts/run.sh", os.X_OK)


def test_it_overwrites_nothing(repository: Path) -> None:
    (repository / "configs").mkdir()
    (repository / "configs/reconciler.toml").write_text("# ours\n", "utf-8")
    (repository / "configs/ours.yaml").write_text("description: ours\n", "utf-8")
    first = run(repository, "init")
    assert "kept     configs/reconciler.toml" in first.stdout
    assert "hello_world" not in "".join(contents(repository))
    before = contents(repository)
    second = run(repository, "init")
    assert second.code == 0
    assert "written" not in second.stdout
    assert contents(repository) == before


def test_the_default_branch_of_the_remote_comes_first(repository: Path) -> None:
    head = ["git", "-C", str(repository), "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/release"]
    subprocess.run(head, check=True)
    run(repository, "init")
    assert 'branches: ["release"]' in (repository / ".github/workflows/apply.yml").read_text("utf-8")


def test_a_tag_named_like_the_branch_changes_nothing(repository: Path) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    commit = ["git", "-C", str(repository), *identity, "commit", "--quiet", "--allow-empty", "--message", "First"]
    subprocess.run(commit, check=True)
    subprocess.run(["git", "-C", str(repository), "tag", "trunk"], check=True)
    run(repository, "init")
    assert 'branches: ["trunk"]' in (repository / ".github/workflows/apply.yml").read_text("utf-8")
