"""The whole life of some configs, through the scripts that the workflows run: from the first pull request to a
rollback, with everything real but GitHub itself."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator.fault_plan import FaultPlan

from .conftest import KEY, RECORD, Checkout, GitHub, Live, Runner

ALL_DONE = 0
PARTLY = 6


@dataclass
class Team:
    """A repository, its GitHub, its live project, and the three workflows."""

    run: Runner
    github: GitHub
    live: Live
    checkout: Checkout
    tmp: Path
    runs: int = 0
    log: list[str] = field(default_factory=list)

    def propose(self, **files: str) -> None:
        """Commit files on a new branch off main, or on the one that is open."""
        if self.checkout.git("branch", "--show-current") == "main":
            self.checkout.git("switch", "-q", "-c", f"topic-{self.runs}")
        for config, text in files.items():
            self.checkout.commit(f"configs/{config}.yaml", text)

    def plan_workflow(self, number: int) -> int:
        """What plan.yml does for a pull request: the exit code of its plan."""
        runner, out = self._trial_merge(), self.tmp / f"out-{self.runs}"
        self._script("changed.sh", runner)
        changed = self.run.outputs["changed"]
        code = ALL_DONE if changed == "false" else self._plan(runner, out)
        head = self.checkout.git("rev-parse", "HEAD")
        env = {"PLAN": str(out / "plan.md"), "PULL_REQUEST": str(number), "HEAD": head, "CHANGED": changed}
        assert self._script("comment.py", runner, **env) == 0
        return code

    def merge(self) -> None:
        branch = self.checkout.git("branch", "--show-current")
        self.checkout.git("switch", "-q", "main")
        self.checkout.git("merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        self.checkout.push()

    def apply_workflow(self, **typed: str) -> int:
        """What apply.yml does after a merge, or with what was typed into its form: the exit code of its apply."""
        runner = self._runner(depth=1)
        assert self._script("newest.sh", runner, GITHUB_REF="refs/heads/main") == 0
        assert self.run.outputs == {"newest": "true"}
        base = self._base(runner)
        code = self._script("run.sh", runner, COMMAND="apply", BASE=base, **typed)
        assert self._script("push-record.sh", runner) == 0
        return code

    def drift_workflow(self) -> None:
        """What drift.yml does in the morning."""
        runner, out = self._runner(depth=1), self.tmp / f"out-{self.runs}"
        assert self._plan(runner, out) == ALL_DONE
        assert self._script("drift_issue.py", runner, OUT=str(out)) == 0

    @property
    def comment(self) -> str:
        """The one comment of the newest pull request."""
        newest = max(one["on"] for one in self.github.comments)
        [body] = [one["body"] for one in self.github.comments if one["on"] == newest]
        assert isinstance(body, str)
        return body

    def recorded(self, config: str) -> str:
        """The file of a config as the remote's record has it; empty where it has none."""
        path = f"{RECORD}:configs/{config}.yaml"
        there = self.checkout.git("ls-tree", RECORD, f"configs/{config}.yaml", at=self.checkout.remote)
        return self.checkout.git("show", path, at=self.checkout.remote) if there else ""

    def _runner(self, depth: int) -> Checkout:
        self.runs += 1
        return self.checkout.again(f"runner-{self.runs}", depth)

    def _trial_merge(self) -> Checkout:
        branch = self.checkout.git("branch", "--show-current")
        self.checkout.git("push", "-q", "--force", "origin", branch)
        runner = self._runner(depth=50)
        runner.git("fetch", "-q", "origin", branch)
        runner.git("merge", "-q", "--no-ff", "-m", "Trial merge", "FETCH_HEAD")
        return runner

    def _base(self, runner: Checkout) -> str:
        assert self._script("fetch-base.sh", runner) == 0
        return self.run.outputs["base"]

    def _plan(self, runner: Checkout, out: Path) -> int:
        return self._script("run.sh", runner, COMMAND="plan", BASE=self._base(runner), OUT=str(out))

    def _script(self, name: str, runner: Checkout, **env: str) -> int:
        done = self.run(name, cwd=runner.path, STATSIG_CONSOLE_KEY=KEY, **env)
        self.log.append(f"$ {name}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.returncode


@pytest.fixture
def team(run: Runner, github: GitHub, live: Live, checkout: Checkout, tmp_path: Path) -> Iterator[Team]:
    """Two configs, brought home and applied once, as the first merge of all leaves them."""
    live.create("banner", {"visible": True})
    live.create("limits", {"perMinute": 60})
    settings = f'[targets.production]\napi = "{live.url}"\n'
    checkout.commit("configs/reconciler.toml", settings)
    checkout.commit("configs/limits.yaml", limits(60))
    checkout.push()
    made = Team(run, github, live, checkout, tmp_path)
    assert made.apply_workflow() == ALL_DONE
    yield made
    print("\n".join(made.log))  # pytest shows it where a test fails


def limits(per_minute: int, **more: Any) -> str:
    return f"defaultValue: {{perMinute: {per_minute}}}\n" + "".join(f"{key}: {value}\n" for key, value in more.items())


def banner(visible: bool) -> str:
    return f"defaultValue: {{visible: {str(visible).lower()}}}\n"


def test_a_change_is_shown_merged_applied_and_recorded(team: Team) -> None:
    team.propose(limits=limits(90))
    assert team.plan_workflow(1) == ALL_DONE
    assert "production: 1 update" in team.comment
    assert "60 → 90" in team.comment

    team.propose(limits=limits(120), banner=banner(False))
    assert team.plan_workflow(1) == ALL_DONE
    assert "production: 2 updates" in team.comment
    assert "60 → 120" in team.comment
    assert team.live.value("limits") == {"perMinute": 60}

    team.merge()
    assert team.apply_workflow() == ALL_DONE
    assert team.live.value("limits") == {"perMinute": 120}
    assert team.recorded("limits") == limits(120).strip()


def test_words_alone_call_for_no_comment(team: Team) -> None:
    team.checkout.git("switch", "-q", "-c", "words")
    team.checkout.commit("docs/limits.md", "only words\n")
    assert team.plan_workflow(2) == ALL_DONE
    assert team.github.comments == []


def test_a_console_edit_is_reported_shown_apart_and_held_until_accepted(team: Team) -> None:
    team.drift_workflow()
    assert team.github.issues == []

    team.live.edit("banner", visible=False)
    team.drift_workflow()
    team.drift_workflow()
    [issue] = team.github.issues
    assert issue["title"] == "Live and git differ in production: 1 config"
    assert "Jane Console" in issue["body"]

    team.propose(limits=limits(90))
    assert team.plan_workflow(3) == ALL_DONE
    assert "1 update, 1 held" in team.comment
    assert "Jane Console" in team.comment
    team.merge()
    assert team.apply_workflow() == ALL_DONE
    assert team.live.value("limits") == {"perMinute": 90}
    assert team.live.value("banner") == {"visible": False}
    assert team.recorded("banner") == banner(True).strip()

    team.propose(banner=banner(False))
    assert team.plan_workflow(4) == ALL_DONE
    team.merge()
    assert team.apply_workflow() == ALL_DONE
    team.drift_workflow()
    assert [one["state"] for one in team.github.issues] == ["closed"]


def test_a_console_edit_is_discarded_by_hand(team: Team) -> None:
    team.live.edit("banner", visible=False)
    assert team.apply_workflow(OVERWRITE="banner") == ALL_DONE
    assert team.live.value("banner") == {"visible": True}


def test_an_apply_that_fails_half_way_is_finished_by_the_next(team: Team) -> None:
    refused = {"kind": "status", "status": 400}
    path = "/console/v1/dynamic_configs/limits"
    team.live.server.faults = FaultPlan([{"method": "POST", "path": path, "always": True, "fault": refused}])
    team.propose(banner=banner(False), limits=limits(90))
    team.merge()
    assert team.apply_workflow() == PARTLY
    assert team.live.value("banner") == {"visible": False}
    assert team.recorded("banner") == banner(False).strip()
    assert team.recorded("limits") == limits(60).strip()

    team.live.server.faults = FaultPlan([])
    audited = len(team.live.emulator.audit())
    team.propose(limits=limits(95))
    assert team.plan_workflow(5) == ALL_DONE
    assert "60 → 95" in team.comment
    team.merge()
    assert team.apply_workflow() == ALL_DONE
    assert team.live.value("limits") == {"perMinute": 95}
    assert len(team.live.emulator.audit()) == audited + 1


def test_a_revert_rolls_back(team: Team) -> None:
    team.propose(limits=limits(90))
    team.merge()
    assert team.apply_workflow() == ALL_DONE
    team.checkout.git("revert", "--no-edit", "-m", "1", "HEAD")
    team.checkout.push()
    assert team.apply_workflow() == ALL_DONE
    assert team.live.value("limits") == {"perMinute": 60}


def test_invalid_files_take_back_what_the_comment_said(team: Team) -> None:
    team.propose(limits=limits(90))
    assert team.plan_workflow(6) == ALL_DONE
    team.propose(limits=limits(90, ruels="[]"))
    assert team.plan_workflow(6) == 3
    assert "no plan" in team.comment
    assert "90" not in team.comment.split("commit")[0]
    assert any("::error file=configs/limits.yaml,line=2" in entry for entry in team.log)


def test_the_record_can_be_lost_without_harm(team: Team) -> None:
    team.checkout.git("update-ref", "-d", RECORD, at=team.checkout.remote)
    team.propose(limits=limits(90))
    team.merge()
    assert team.apply_workflow() == ALL_DONE
    assert team.recorded("limits") == limits(90).strip()


def test_the_key_is_in_no_log(team: Team) -> None:
    team.propose(limits=limits(90))
    team.plan_workflow(7)
    team.merge()
    team.apply_workflow()
    assert team.log
    assert not any(KEY in entry or "made-up-token" in entry for entry in team.log)
    grep = ["grep", "-rl", KEY, str(team.tmp)]
    found = subprocess.run(grep, capture_output=True, text=True, check=False).stdout.split()
    assert found == []
