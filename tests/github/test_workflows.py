"""What the workflows promise, read from their YAML: who may do what, who holds a key, and what is pinned."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import SCRIPTS, TOP

WORKFLOWS = {path.stem: path for path in (TOP / ".github" / "workflows").glob("*.yml")}
ACTIONS = {path.parent.name: path for path in (TOP / ".github" / "actions").glob("*/action.yml")}
ALL = [*WORKFLOWS.values(), *ACTIONS.values()]
REUSABLE = ["plan", "apply", "drift"]
BIN = Path(sys.executable).parent


def load(path: Path) -> dict[str, Any]:
    data: dict[Any, Any] = yaml.safe_load(path.read_text("utf-8"))
    return {"on" if key is True else key: value for key, value in data.items()}  # YAML 1.1's "on" is a boolean


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, path in WORKFLOWS.items():
        for job, data in load(path)["jobs"].items():
            yield f"{name}/{job}", data


def steps(path: Path) -> list[dict[str, Any]]:
    data = load(path)
    if "runs" in data:
        return list(data["runs"]["steps"])
    return [step for job in data["jobs"].values() for step in job["steps"]]


def permissions(workflow: str, job: str) -> dict[str, str]:
    found: dict[str, str] = load(WORKFLOWS[workflow])["jobs"][job]["permissions"]
    return found


def test_all_five_workflows_are_here() -> None:
    assert set(WORKFLOWS) == {"ci", "weekly", *REUSABLE}


@pytest.mark.parametrize("path", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_has_no_permissions_by_itself(path: Path) -> None:
    assert load(path)["permissions"] == {}


def test_each_job_has_the_least_permissions() -> None:
    assert {name: data["permissions"] for name, data in jobs()} == {
        "ci/test": {"contents": "read"},
        "weekly/newest": {"contents": "read"},
        "weekly/lowest": {"contents": "read"},
        "weekly/explore": {"contents": "read"},
        "plan/validate": {"contents": "read"},
        "plan/plan": {"contents": "read"},
        "plan/comment": {"contents": "read", "pull-requests": "write"},
        "plan/required": {},
        "apply/newest": {"contents": "read"},
        "apply/apply": {"contents": "write"},
        "drift/plan": {"contents": "read"},
        "drift/issue": {"contents": "read", "issues": "write"},
    }


def test_keys_are_only_where_they_are_used() -> None:
    holders = {name: set(re.findall(r"secrets\.(\w+)", str(data))) for name, data in jobs()}
    assert {name: keys for name, keys in holders.items() if keys} == {
        "plan/plan": {"STATSIG_CONSOLE_KEY_READ_ONLY"},
        "apply/apply": {"STATSIG_CONSOLE_KEY"},
        "drift/plan": {"STATSIG_CONSOLE_KEY_READ_ONLY"},
    }


def test_no_workflow_runs_a_strangers_code_with_our_rights() -> None:
    for path in WORKFLOWS.values():
        assert not {"pull_request_target", "workflow_run", "issue_comment"} & set(load(path)["on"])


def test_forks_only_validate() -> None:
    data = load(WORKFLOWS["plan"])["jobs"]
    own = "github.event.pull_request.head.repo.full_name {} github.repository"
    assert own.format("!=") in data["validate"]["if"]
    assert own.format("==") in data["plan"]["if"]
    assert data["comment"]["needs"] == "plan"
    assert [step["with"]["command"] for step in data["validate"]["steps"] if "command" in step.get("with", {})] == [
        "validate"
    ]


def test_the_required_check_has_the_name_that_branch_rules_require_and_is_never_skipped() -> None:
    data = load(WORKFLOWS["plan"])["jobs"]
    assert [job for job, one in data.items() if one["name"] == "Plan"] == ["required"]
    assert data["required"]["needs"] == ["validate", "plan"]
    assert data["required"]["if"] == "always()"  # a skipped check counts as passed


RESULTS = ["success", "failure", "cancelled", "skipped"]


@pytest.mark.parametrize("plan", RESULTS)
@pytest.mark.parametrize("validate", RESULTS)
def test_the_required_check_passes_where_the_one_job_that_ran_has_passed(validate: str, plan: str) -> None:
    [step] = load(WORKFLOWS["plan"])["jobs"]["required"]["steps"]
    results = {"needs.validate.result": validate, "needs.plan.result": plan}
    env = {name: results[value.strip("${} ")] for name, value in step["env"].items()}
    done = subprocess.run(["bash", "-e", "-c", step["run"]], env=env, capture_output=True, text=True, check=False)
    passes = (validate, plan) in [("success", "skipped"), ("skipped", "success")]
    assert (done.returncode == 0) is passes
    assert passes or f"::error::Validate: {validate}, plan: {plan}." in done.stdout


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(TOP / ".github")))
def test_every_action_is_pinned_by_commit_or_is_our_own(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        if used := re.fullmatch(r"\s*-? *uses: (\S+)(.*)", line):
            action, comment = used.groups()
            if action.startswith("$/"):
                assert (TOP / action.removeprefix("$/") / "action.yml").is_file()
            else:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)
                assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_one_action_has_one_pin() -> None:
    pins: dict[str, set[str]] = {}
    for path in ALL:
        for step in steps(path):
            action, _, commit = step.get("uses", "").partition("@")
            if commit:
                pins.setdefault(action, set()).add(commit)
    assert len(pins) >= 4
    assert all(len(commits) == 1 for commits in pins.values()), pins


def test_no_checkout_leaves_credentials_behind() -> None:
    checkouts = [step for path in ALL for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert len(checkouts) >= 5
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@pytest.mark.parametrize("path", ALL, ids=lambda path: str(path.relative_to(TOP / ".github")))
def test_values_reach_scripts_by_the_environment(path: Path, tmp_path: Path) -> None:
    for step in steps(path):
        if "run" in step:
            assert "${{" not in step["run"]
            script = tmp_path / "step.sh"
            script.write_text(step["run"], "utf-8")
            done = subprocess.run(
                [BIN / "shellcheck", "--shell=bash", script], capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout


def test_scripts_pass_shellcheck() -> None:
    scripts = sorted(SCRIPTS.glob("*.sh"))
    assert len(scripts) >= 5
    done = subprocess.run([BIN / "shellcheck", *scripts], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_each_script_that_an_action_runs_is_there_and_executable() -> None:
    called = {
        name
        for path in ACTIONS.values()
        for step in steps(path)
        for name in re.findall(r"\$GITHUB_ACTION_PATH/../../scripts/([\w.-]+)", step.get("run", ""))
    }
    assert {"run.sh", "fetch-base.sh", "push-record.sh", "comment.py", "drift_issue.py"} <= called
    assert all((SCRIPTS / name).stat().st_mode & 0o111 for name in called)


def test_apply_is_never_cancelled_and_one_at_a_time() -> None:
    concurrency = load(WORKFLOWS["apply"])["concurrency"]
    assert concurrency["group"].startswith("apply-")
    assert concurrency["cancel-in-progress"] is False


def test_no_run_of_apply_takes_the_place_of_one_that_waits() -> None:
    """With one place to wait, which is GitHub's default, a run by hand with `only` would cancel a merge's own."""
    data = load(WORKFLOWS["apply"])
    assert data["concurrency"]["queue"] == "max"
    assert "inputs.only" not in data["concurrency"]["group"], "two applies to one target must never run side by side"
    assert not any("concurrency" in job for job in data["jobs"].values())


def test_a_run_that_waited_while_the_branch_moved_on_asks_no_reviewer() -> None:
    jobs = load(WORKFLOWS["apply"])["jobs"]
    assert "environment" not in jobs["newest"]
    assert jobs["newest"]["steps"][-1]["uses"] == "$/.github/actions/newest"
    assert jobs["newest"]["outputs"]["newest"] == "${{ steps.newest.outputs.newest }}"
    assert (jobs["apply"]["needs"], jobs["apply"]["if"]) == ("newest", "needs.newest.outputs.newest == 'true'")


def test_a_newer_push_cancels_the_plan_of_an_older_one() -> None:
    concurrency = load(WORKFLOWS["plan"])["concurrency"]
    assert concurrency["group"].startswith("plan-")
    assert "github.event.pull_request.number" in concurrency["group"]
    assert concurrency["cancel-in-progress"] is True


def test_apply_waits_for_its_environment_and_always_pushes_the_record() -> None:
    job = load(WORKFLOWS["apply"])["jobs"]["apply"]
    assert job["environment"] == "${{ inputs.environment || 'production' }}"
    assert job["steps"][-1]["uses"] == "$/.github/actions/push-record"
    assert job["steps"][-1]["if"] == "always()"


def test_apply_takes_the_default_branch_and_not_a_tag_of_its_name() -> None:
    job = load(WORKFLOWS["apply"])["jobs"]["newest"]
    assert "github.ref == format('refs/heads/{0}', github.event.repository.default_branch)" in job["if"]
    assert not any("ref_name" in path.read_text("utf-8") for path in ALL)


def test_apply_can_be_run_by_hand_to_get_out_of_a_refusal() -> None:
    on = load(WORKFLOWS["apply"])["on"]
    assert set(on["workflow_dispatch"]["inputs"]) == {"overwrite", "allow-changes", "only"}
    [step] = [one for one in load(WORKFLOWS["apply"])["jobs"]["apply"]["steps"] if "command" in one.get("with", {})]
    assert step["with"]["overwrite"] == "${{ inputs.overwrite }}"
    assert step["with"]["allow-changes"] == "${{ inputs.allow-changes }}"
    assert step["with"]["only"] == "${{ inputs.only }}"


@pytest.mark.parametrize("name", REUSABLE)
def test_the_other_three_can_be_called_and_name_their_target(name: str) -> None:
    data = load(WORKFLOWS[name])
    assert data["on"]["workflow_call"]["inputs"]["target"]["required"] is True
    assert "inputs.target" in data["env"]["TARGET"]
    targets = [step["with"]["target"] for step in steps(WORKFLOWS[name]) if "target" in step.get("with", {})]
    assert targets
    assert set(targets) == {"${{ env.TARGET }}"}


@pytest.mark.parametrize("name", ["plan", "ci"])
def test_a_merge_queue_and_a_required_check_are_never_left_waiting(name: str) -> None:
    on = load(WORKFLOWS[name])["on"]
    assert "merge_group" in on
    assert "paths" not in (on["pull_request"] or {})


def test_ci_runs_every_python_that_we_support() -> None:
    classifiers = re.findall(r'Python :: (3\.\d+)"', (TOP / "pyproject.toml").read_text("utf-8"))
    assert load(WORKFLOWS["ci"])["jobs"]["test"]["strategy"]["matrix"]["python"] == classifiers


@pytest.mark.skipif(not (BIN / "zizmor").exists(), reason="zizmor is one of the development tools")
def test_an_auditor_finds_nothing() -> None:
    command = [BIN / "zizmor", "--offline", "--no-progress", "--persona", "auditor", "--strict-collection", ".github"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "No findings" in done.stdout
