"""The record where things go wrong twice: two kills, two runs, two remotes, odd environments and odd notes."""

from __future__ import annotations

import json
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from harness import CONFIGS, Live, config

from .conftest import RECORD, Repository
from .test_record import PUSH, at_remote, killed, mktree, remote, running, value

__all__ = ["remote", "running"]  # fixtures

RECORDING = ("apply", "--yes", "--record", RECORD, *PUSH, "--format", "json")


def change(repository: Repository, **values: int) -> str:
    repository.write(**{name: config(number) for name, number in values.items()})
    return repository.merge()


@pytest.fixture
def runner(running: Repository, remote: Path, tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A second machine, with a clone of its own; both have alpha and beta to change."""
    change(running, alpha=2, beta=2)
    running.git("push", "--quiet", "origin", "main")
    folder = tmp_path_factory.mktemp("runner")
    running.git("clone", "--quiet", str(remote), str(folder))
    return Repository(folder)


# ── kills ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("edited", [True, False])
def test_two_kills_in_a_row(running: Repository, live: Live, edited: bool) -> None:
    """Value 2 landed and value 3 did not: live is what the first of two open writes made."""
    change(running, alpha=2)
    killed(running, live, sent=True)
    change(running, alpha=3)
    killed(running, live, sent=False)
    if edited:
        change(running, alpha=4)
    assert running.plan().origins == {"alpha": {"intended"}}
    assert running.apply().statuses == {"alpha": "verified"}


def test_an_overwrite_that_was_killed_leaves_the_edit_drift(running: Repository, live: Live) -> None:
    change(running, alpha=2)
    killed(running, live, sent=True)
    live.edit("alpha", description="hers")
    as_hers = live["alpha"]
    assert running.apply("--overwrite", "alpha").code == 0
    running.git("update-ref", RECORD, f"{RECORD}^")
    live.emulator.seed([as_hers])
    assert running.plan().held == {"alpha": "drift"}


def test_a_kill_between_commit_and_push(running: Repository, live: Live, runner: Repository) -> None:
    as_it_was = live["alpha"]
    assert running.apply("--only", "alpha").code == 0
    running.git("update-ref", RECORD, f"{RECORD}^")
    live.emulator.seed([as_it_was])
    assert runner.call(*RECORDING, "--only", "beta").code == 0
    assert running.call(*RECORDING, "--only", "alpha").code == 0
    assert running.recorded == {"configs/alpha.yaml": config(2), "configs/beta.yaml": config(2)}


# ── two runs ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_push_that_lost_a_race_leaves_the_next_run_able(
    running: Repository, live: Live, runner: Repository, remote: Path
) -> None:
    live.before("GET", CONFIGS, lambda: runner.call(*RECORDING, "--only", "beta"))
    assert running.call(*RECORDING, "--only", "alpha").code == 1
    assert value(live, "alpha") == 1
    assert running.call(*RECORDING, "--only", "alpha").code == 0
    assert at_remote(running, remote) == running.git("rev-parse", RECORD)
    assert running.recorded == {"configs/alpha.yaml": config(2), "configs/beta.yaml": config(2)}


def test_a_remote_that_is_lost_at_the_end(running: Repository, live: Live, runner: Repository, remote: Path) -> None:
    away = remote.with_name("away")
    live.before("POST", "/alpha", lambda: remote.rename(away))
    done = running.call(*RECORDING, "--only", "alpha")
    assert (done.code, done.json["error"]["code"]) == (1, "not-recorded")
    away.rename(remote)
    assert runner.call(*RECORDING).statuses == {"beta": "verified"}
    assert running.call(*RECORDING).json["results"] == []
    assert running.notes["open"] == {}


def test_the_end_of_one_run_does_not_close_what_another_has_begun(running: Repository, live: Live) -> None:
    """The second run writes the same config, and is killed once its request has come in."""
    change(running, alpha=2)
    begun, ended = threading.Event(), threading.Event()
    processes: list[subprocess.Popen[str]] = []

    def second() -> None:
        change(running, alpha=3)
        live.before("POST", "/alpha", hold)
        processes.append(running.start("apply", "--yes", "--record", RECORD, stdout=subprocess.DEVNULL))
        assert begun.wait(60)

    def hold() -> None:
        begun.set()
        assert ended.wait(60)
        processes[0].send_signal(signal.SIGKILL)
        processes[0].wait(60)

    live.before("POST", "/alpha", lambda: live.before("GET", CONFIGS, second))  # in the closing look of the first run
    assert running.apply().statuses == {"alpha": "verified"}
    assert running.notes["open"]["alpha"]["body"]["defaultValue"] == {"value": 3}
    ended.set()
    with processes[0] as process:
        process.wait(60)
    change(running, alpha=4)
    assert running.plan().held == {}


def test_a_merged_record_keeps_the_newer_commit(running: Repository, live: Live) -> None:
    older = change(running, alpha=2)
    newer: list[str] = []

    def other() -> None:
        newer.append(change(running, beta=2))
        assert running.apply("--only", "beta").statuses == {"beta": "verified"}

    live.before("POST", "/alpha", other)
    assert running.apply("--only", "alpha").statuses == {"alpha": "verified"}
    assert running.notes["source"] == newer[0]
    running.git("checkout", "--quiet", older)
    assert running.apply().code == 4


# ── older files, other folders, saved plans ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flags", [[], ["--base", "HEAD"]])
def test_older_files_are_refused_whatever_the_base(running: Repository, live: Live, flags: list[str]) -> None:
    older = running.git("rev-parse", "HEAD")
    change(running, alpha=2)
    assert running.apply().code == 0
    running.git("checkout", "--quiet", older)
    done = running.call("apply", "--yes", "--record", RECORD, *flags)
    assert (done.code, value(live, "alpha")) == (4, 2)


@pytest.mark.parametrize("is_shallow", [True, False])
def test_a_clone_without_the_applied_commit_says_that_it_cannot_see_its_age(
    running: Repository, live: Live, remote: Path, tmp_path_factory: pytest.TempPathFactory, is_shallow: bool
) -> None:
    running.git("push", "--quiet", "origin", "main:refs/heads/older")
    change(running, alpha=2)
    assert running.apply(*PUSH).code == 0
    running.git("push", "--quiet", "origin", "main")
    folder = tmp_path_factory.mktemp("runner")
    depth = ["--depth=1", "--single-branch"] if is_shallow else []
    running.git("clone", "--quiet", *depth, "--branch", "older", remote.as_uri(), str(folder))
    done = Repository(folder).call(*RECORDING)
    if is_shallow:
        assert "does not have the commit that was applied last" in done.stderr
    else:
        assert (done.code, done.json["error"]["code"]) == (4, "files-older-than-record")


def test_a_saved_plan_that_is_older_than_the_record(running: Repository, live: Live) -> None:
    change(running, alpha=2)
    plan = str(running.path / ".git/plan.json")
    assert running.call("plan", "--base", RECORD, "--out", plan).code == 0
    change(running, alpha=1, beta=2)
    assert running.apply().code == 0
    assert (running.call("apply", plan, "--yes", "--record", RECORD).code, value(live, "alpha")) == (4, 1)


def test_a_saved_plan_whose_base_is_not_here(
    running: Repository, live: Live, remote: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A run that changed nothing moved the record on, and a shallow clone has only what it is now."""
    change(running, alpha=2)
    running.git("push", "--quiet", "origin", "main")
    plan = str(running.path / ".git/plan.json")
    assert running.call("plan", "--base", RECORD, "--out", plan).code == 0
    assert running.apply(*PUSH, "--only", "beta").code == 0
    folder = tmp_path_factory.mktemp("shallow")
    running.git("clone", "--quiet", "--depth=1", remote.as_uri(), str(folder))
    shallow = Repository(folder)
    shallow.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+{RECORD}:{RECORD}")
    assert shallow.call("apply", plan, "--yes", "--record", RECORD, *PUSH).code == 0


def test_a_run_over_a_sub_folder_keeps_the_entries_of_the_others(repository: Repository, live: Live) -> None:
    repository.file("configs/team/alpha.yaml", config(1))
    repository.file("configs/beta.yaml", config(1))
    repository.merge()
    assert repository.apply().code == 0
    below = ("apply", "--yes", "--record", RECORD, "--configs", "configs/team", "--api-url", live.url)
    assert repository.call(*below).code == 0
    assert sorted(repository.recorded or {}) == ["configs/beta.yaml", "configs/team/alpha.yaml"]
    live.edit("beta", defaultValue={"value": 7})
    assert (repository.apply().statuses, value(live, "beta")) == ({"beta": "held"}, 7)


def test_a_folder_that_is_called_like_a_recorded_file(running: Repository, live: Live) -> None:
    running.git("rm", "--quiet", "configs/beta.yaml")
    running.file("configs/beta.yaml/gamma.yaml", config(3))
    running.merge()
    assert (running.apply().code, value(live, "gamma")) == (0, 3)
    assert running.plan().json["released"] == ["beta"]


# ── where git stands ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("how", ["checked out elsewhere", "stands for another ref"])
def test_a_ref_that_is_not_the_records_own_is_not_moved(
    running: Repository, live: Live, how: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ref = "refs/heads/applied"
    if how == "checked out elsewhere":
        running.git("worktree", "add", "--quiet", "-b", "applied", str(tmp_path_factory.mktemp("tree") / "w"))
    else:
        ref = "refs/reconciler/alias"
        running.git("symbolic-ref", ref, "refs/heads/main")
    before = running.git("rev-parse", ref)
    assert running.call("apply", "--yes", "--record", ref).code == 1
    assert running.git("rev-parse", ref) == before


ENVIRONMENTS = [
    {"GIT_TRACE": "1"},
    {"GIT_COMMITTER_NAME": ""},
    {"GIT_GLOB_PATHSPECS": "1"},
    {"GIT_COMMON_DIR": "/nowhere"},
    {"GIT_AUTHOR_DATE": "nonsense"},
    {"GIT_NAMESPACE": "x"},
]


@pytest.mark.parametrize("env", ENVIRONMENTS, ids=repr)
def test_a_callers_git_variables_do_not_matter(running: Repository, live: Live, env: dict[str, str]) -> None:
    change(running, alpha=2)
    assert running.call("apply", "--yes", "--record", RECORD, env=env).code == 0
    assert (running.recorded or {})["configs/alpha.yaml"] == config(2)


def test_what_a_killed_push_left_behind_is_not_pushed(running: Repository, live: Live, remote: Path) -> None:
    running.git("update-ref", "refs/outgoing-1/reconciler/staging", "HEAD")
    change(running, alpha=2)
    assert running.apply(*PUSH).code == 0
    assert "staging" not in running.git("for-each-ref", at=remote)


ODD: list[dict[str, Any]] = [
    {"configs": 5},
    {"configs": "a\0b"},
    {"configs": "../x"},
    {"source": 5},
    {"source": "--all"},
    {"target": {"api_url": []}},
    {"versions": {"alpha": "x"}},
    {"open": {"alpha": {"body": {"rules": 5}, "fingerprint": [], "version": "x"}}},
    {"open": {"alpha": {"body": {"rules": [{"name": "x", "passPercentage": 1e400}]}, "fingerprint": "", "version": 1}}},
    {"open": {"alpha": {"body": {"tags": [{}]}, "fingerprint": "s", "version": 1}}},
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_an_odd_note_is_an_error_or_says_nothing(running: Repository, live: Live, odd: dict[str, Any]) -> None:
    blob = running.git("hash-object", "-w", str(running.file("note", json.dumps(running.notes | odd))))
    entries = running.git("ls-tree", RECORD).replace(
        running.git("rev-parse", f"{RECORD}:.reconciler"), mktree(running, f"100644 blob {blob}\trecord.json\n")
    )
    running.git("update-ref", RECORD, mktree(running, entries + "\n"))
    change(running, alpha=2)
    done = running.plan()
    assert (done.code, done.json.get("error", {}).get("code")) in [(0, None), (1, "git-failed")]


def test_half_a_character_in_a_live_config_does_not_stop_the_others(running: Repository, live: Live) -> None:
    live.edit("alpha", name="half \ud83d")
    change(running, alpha=2, beta=2)
    assert running.apply().statuses["beta"] == "verified"


def test_a_config_that_no_change_is_about_is_not_waited_for(running: Repository, live: Live) -> None:
    """It was created again, so its version is below the record's for good; it has no file, or is not selected."""
    change(running, alpha=2)
    assert running.apply().code == 0
    live.delete("alpha")
    live.create("alpha", defaultValue={"value": 9})
    live.requests.clear()
    assert running.plan("--only", "beta").code == 0
    running.remove("alpha")
    assert running.plan().json["released"] == ["alpha"]
    assert [path for _, path in live.requests if path.endswith("/alpha")] == []
