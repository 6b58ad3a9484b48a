"""A stand-in for GitHub around a real git repository: what the scripts of the workflows meet when they run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator import Emulator, Request, serve
from reconciler.emulator.fault_plan import FaultPlan
from reconciler.emulator.server import Server

TOP = Path(__file__).parents[2]
SCRIPTS = TOP / ".github" / "scripts"
RECORD = "refs/reconciler/production"


@dataclass
class GitHub:
    """One repository's issues and comments, which the stand-in ``gh`` reads and writes."""

    file: Path

    @property
    def state(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.file.read_text("utf-8"))
        return loaded

    def seed(self, **parts: Any) -> None:
        self.file.write_text(json.dumps({**self.state, **parts}), "utf-8")

    @property
    def comments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state["comments"]
        return found

    @property
    def issues(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.state["issues"]
        return found

    @property
    def writes(self) -> list[str]:
        """Every call so far that changed something, as ``METHOD path``."""
        return [call for call in self.state["calls"] if not call.startswith("GET ")]


@dataclass
class Runner:
    """Runs one script as a workflow's step would: values by the environment, outputs by a file."""

    folder: Path
    github: GitHub
    stand_ins: Path

    def __call__(
        self, script: str, *arguments: str, cwd: Path | None = None, **env: str
    ) -> subprocess.CompletedProcess[str]:
        self.output.write_text("", "utf-8")
        return subprocess.run(
            [SCRIPTS / script, *arguments],
            cwd=cwd or self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    @property
    def output(self) -> Path:
        return self.folder / "output"

    @property
    def outputs(self) -> dict[str, str]:
        """What the last script handed on by GITHUB_OUTPUT."""
        return dict(line.split("=", 1) for line in self.output.read_text("utf-8").splitlines())

    @property
    def env(self) -> dict[str, str]:
        here = Path(sys.executable).parent
        return {
            "PATH": os.pathsep.join([str(self.stand_ins), str(here), os.environ["PATH"]]),
            "HOME": str(self.folder),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_REPOSITORY": "northwind/shop",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SERVER_URL": "https://github.example",
            "GH_TOKEN": "made-up-token",
            "RECORD": RECORD,
            "TARGET": "production",
            "CONFIGS": "configs",
            "STAND_IN_STATE": str(self.github.file),
            **git_identity(),
        }


def git_identity() -> dict[str, str]:
    """An environment in which git reads nobody's settings and still can commit."""
    who = {"NAME": "Test", "EMAIL": "test@example.com"}
    return {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
    }


@dataclass
class Checkout:
    """A clone, and its bare remote, as ``actions/checkout`` leaves them."""

    path: Path
    remote: Path

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", "-C", str(at or self.path), *arguments],
            env={**os.environ, **git_identity()},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, path: str, text: str) -> str:
        """Write one file, commit it, and say the commit."""
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        self.git("add", path)
        self.git("commit", "-q", "-m", f"Change {path}")
        return self.git("rev-parse", "HEAD")

    def push(self) -> None:
        self.git("push", "-q", "origin", "HEAD:refs/heads/main")

    def again(self, name: str, depth: int = 1) -> Checkout:
        """Another, shallow clone of the remote: the next run's runner starts afresh."""
        path = self.path.with_name(name)
        url = self.remote.as_uri()
        self.git("clone", "-q", "--branch", "main", f"--depth={depth}", url, str(path), at=self.path.parent)
        return Checkout(path, self.remote)


KEY = "console-made-up"


@dataclass
class Live:
    """A project of Statsig's: the emulator behind a socket."""

    emulator: Emulator
    server: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def create(self, config: str, value: dict[str, Any]) -> None:
        body = {"id": config, "name": config, "description": "", "isEnabled": True, "rules": [], "defaultValue": value}
        headers = {"statsig-api-key": KEY}
        request = Request("POST", "/console/v1/dynamic_configs", headers, json.dumps(body).encode())
        assert self.emulator.handle(request).status == 201

    def edit(self, config: str, **value: Any) -> None:
        """Somebody changes parts of a default value in the console."""
        self.emulator.console_edit(config, lambda stored: stored["defaultValue"].update(value))

    def value(self, config: str) -> dict[str, Any]:
        """The default value that is stored now."""
        [found] = [one for one in self.emulator.configs() if one["id"] == config]
        value: dict[str, Any] = found["defaultValue"]
        return value


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    emulator = Emulator(tmp_path / "live.db")
    server = serve(emulator, port=0, faults=FaultPlan([]))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Live(emulator, server)
    server.shutdown()
    thread.join()
    server.server_close()
    emulator.close()


@pytest.fixture
def github(tmp_path: Path) -> GitHub:
    file = tmp_path / "github.json"
    file.write_text(json.dumps({"comments": [], "issues": [], "calls": []}), "utf-8")
    return GitHub(file)


@pytest.fixture
def run(tmp_path: Path, github: GitHub) -> Runner:
    stand_ins = tmp_path / "stand-ins"
    stand_ins.mkdir()
    gh = stand_ins / "gh"
    source = (Path(__file__).parent / "gh_stand_in.py").read_text("utf-8")
    gh.write_text(f"#!{sys.executable}\n{source}", "utf-8")
    gh.chmod(0o755)
    return Runner(tmp_path, github, stand_ins)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    remote, path = tmp_path / "remote.git", tmp_path / "checkout"
    made = Checkout(path, remote)
    made.git("init", "-q", "--bare", "--initial-branch=main", str(remote), at=tmp_path)
    made.git("init", "-q", "--initial-branch=main", str(path), at=tmp_path)
    made.git("remote", "add", "origin", remote.as_uri())
    made.commit("configs/banner.yaml", "defaultValue: {visible: true}\n")
    made.push()
    return made
