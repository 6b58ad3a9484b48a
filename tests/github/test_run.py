"""How the action calls reconciler. A stand-in writes down what it was called with; the life test runs the real one."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import RECORD, Runner

STAND_IN = f"""#!{sys.executable}
import json, os, pathlib, sys
with pathlib.Path(os.environ["CALLS"]).open("a") as calls:
    calls.write(json.dumps({{"arguments": sys.argv[1:], "pid": os.getpid()}}) + "\\n")
if "--out" in sys.argv and os.environ.get("PLANNED", "yes") == "yes":
    pathlib.Path(sys.argv[sys.argv.index("--out") + 1]).write_text("{{}}")
if sys.argv[1] == "show":
    sys.stdout.write("### the plan")
sys.exit(int(os.environ.get("EXIT", "0")) if sys.argv[1] != "show" else 0)
"""


@pytest.fixture
def calls(run: Runner, tmp_path: Path) -> Path:
    stand_in = run.stand_ins / "reconciler"
    stand_in.write_text(STAND_IN, "utf-8")
    stand_in.chmod(0o755)
    return tmp_path / "calls.jsonl"


def called(calls: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in calls.read_text("utf-8").splitlines()]


def test_validate_needs_no_target(run: Runner, calls: Path) -> None:
    assert run("run.sh", COMMAND="validate", CALLS=str(calls)).returncode == 0
    [call] = called(calls)
    assert call["arguments"] == ["validate", "--configs", "configs", "--format", "github"]


def test_apply_names_its_target_and_records(run: Runner, calls: Path) -> None:
    assert run("run.sh", COMMAND="apply", BASE=RECORD, CALLS=str(calls)).returncode == 0
    [call] = called(calls)
    against = ["--configs", "configs", "--target", "production", "--base", RECORD]
    assert call["arguments"] == ["apply", *against, "--yes", "--record", RECORD, "--push-record", "origin"]


def test_the_first_run_omits_the_base(run: Runner, calls: Path) -> None:
    run("run.sh", COMMAND="apply", BASE="", CALLS=str(calls))
    assert "--base" not in called(calls)[0]["arguments"]


def test_what_is_typed_into_the_form_becomes_flags(run: Runner, calls: Path) -> None:
    typed = {"OVERWRITE": "banner  limits\n", "ALLOW_CHANGES": "12", "ONLY": "banner"}
    run("run.sh", COMMAND="apply", CALLS=str(calls), **typed)
    arguments = called(calls)[0]["arguments"]
    wanted = ["--overwrite", "banner", "--overwrite", "limits", "--only", "banner", "--allow-changes", "12"]
    assert arguments[5:13] == wanted


@pytest.mark.parametrize("typed", ["$(touch pwned)", "`touch pwned`", "a; touch pwned", "* ?", "-v", "'\""])
def test_what_is_typed_is_never_run(run: Runner, calls: Path, tmp_path: Path, typed: str) -> None:
    run("run.sh", COMMAND="apply", CALLS=str(calls), OVERWRITE=typed)
    arguments = called(calls)[0]["arguments"]
    assert [arguments[at + 1] for at, one in enumerate(arguments) if one == "--overwrite"] == typed.split()
    assert not (tmp_path / "pwned").exists()


def test_apply_takes_the_place_of_the_shell(run: Runner, calls: Path) -> None:
    """Else a cancelled run's signal would end the shell, and apply would never hear of it."""
    done = run("run.sh", COMMAND="apply", CALLS=str(calls), BASH_ENV=str(own_pid(run)))
    assert {str(called(calls)[0]["pid"])} == set(done.stdout.split()), "one process, however many scripts it was"


def own_pid(run: Runner) -> Path:
    """A file that makes a bash script say its process id before it begins."""
    file = run.folder / "say_pid"
    file.write_text("echo $$\n", "utf-8")
    return file


def test_plan_leaves_the_plan_and_its_comment(run: Runner, calls: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "out"
    assert run("run.sh", COMMAND="plan", OUT=str(out), BASE=RECORD, CALLS=str(calls)).returncode == 0
    plan, show = (call["arguments"] for call in called(calls))
    assert plan == ["plan", *AGAINST, "--base", RECORD, "--format", "github", "--out", str(out / "plan.json")]
    assert show == ["show", str(out / "plan.json"), "--format", "markdown"]
    assert (out / "plan.md").read_text("utf-8") == "### the plan"


AGAINST = ["--configs", "configs", "--target", "production"]


def test_a_plan_with_errors_is_shown_and_still_fails(run: Runner, calls: Path, tmp_path: Path) -> None:
    done = run("run.sh", COMMAND="plan", OUT=str(tmp_path), EXIT="3", CALLS=str(calls))
    assert done.returncode == 3
    assert (tmp_path / "plan.md").exists()


def test_no_plan_is_no_comment(run: Runner, calls: Path, tmp_path: Path) -> None:
    done = run("run.sh", COMMAND="plan", OUT=str(tmp_path), EXIT="1", PLANNED="no", CALLS=str(calls))
    assert done.returncode == 1
    assert not (tmp_path / "plan.md").exists()


@pytest.mark.parametrize("code", ["1", "3", "4", "5", "6", "130"])
def test_the_exit_code_is_reconcilers_own(run: Runner, calls: Path, code: str) -> None:
    assert run("run.sh", COMMAND="apply", EXIT=code, CALLS=str(calls)).returncode == int(code)


def test_any_other_command_is_refused(run: Runner, calls: Path) -> None:
    assert run("run.sh", COMMAND="pull", CALLS=str(calls)).returncode == 64
    assert not calls.exists()
