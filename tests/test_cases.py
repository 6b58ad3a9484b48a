"""Golden plans: every folder in ``cases/`` is a situation that a reviewer meets, drawn as text and as JSON.

A new case needs no Python. Its folder holds

    about        what the case shows
    configs/     the files, with ``reconciler.toml`` if need be
    live.json    what the API lists
    base/        the files when they and live last agreed; may be left out, as may the next two
    flags        more flags for ``plan``, one word a line
    apply-exit   the exit code of an apply that cannot end with 0

and then ``plan.txt`` and ``plan.json``, which ``UPDATE_GOLDEN=1`` writes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler import __version__
from reconciler.cli import main
from reconciler.emulator import Emulator, load_seed

FOLDER = Path(__file__).parent / "cases"
CASES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
ACCEPT = "read the difference as a reviewer would; to accept it: UPDATE_GOLDEN=1 pytest tests/test_cases.py -k "

Run = Callable[..., tuple[int, str]]


class Project:
    """A copy of a case in a folder of its own, with the embedded emulator holding what is live."""

    def __init__(self, case: Path, folder: Path) -> None:
        self.folder = folder
        self.apply_exit = int((case / "apply-exit").read_text()) if (case / "apply-exit").exists() else 0
        self.flags = (case / "flags").read_text().split() if (case / "flags").exists() else []
        if (case / "base").exists():
            self._commit(case / "base", "base")
            self.flags += ["--base", "base"]
        copied(case / "configs", folder / "configs")
        if (case / "base").exists():
            self._commit(folder / "configs", "files")
        (folder / ".reconciler").mkdir()
        with_state = Emulator(folder / ".reconciler" / "default.db", require_key=False)
        with_state.seed(load_seed(case / "live.json"))
        with_state.close()

    def _commit(self, files: Path, tag: str) -> None:
        """Commit a folder as ``configs/``. Author and date are fixed, so that the commit's name is too."""
        if not (self.folder / ".git").exists():
            self._git("init", "-q", "-b", "main")
        place = self.folder / "configs"
        if files != place:
            copied(files, place)
        self._git("add", "configs")
        self._git("commit", "-q", "--allow-empty", "-m", tag)
        self._git("tag", tag)
        if files != place:
            shutil.rmtree(place)

    def _git(self, *arguments: str) -> None:
        who = {f"GIT_{role}_{what}": "case" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        when = {f"GIT_{role}_DATE": "2026-01-01T00:00:00Z" for role in ("AUTHOR", "COMMITTER")}
        alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        subprocess.run(["git", *arguments], cwd=self.folder, env={**os.environ, **who, **when, **alone}, check=True)


def copied(files: Path, place: Path) -> None:
    """A copy with times of its own: git takes a file of the same size and time for the same file."""
    shutil.copytree(files, place, copy_function=shutil.copyfile)


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line, as a shell in the project's folder would run it: exit code and stdout."""
    for name in os.environ:
        if name.startswith(("RECONCILER_", "GITHUB_", "GIT_")) or name in ("CI", "NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str]:
        capfd.readouterr()
        code = main([*arguments, "--api-url", "emulator"])
        return code, capfd.readouterr().out

    return call


@pytest.mark.parametrize("name", CASES)
def test_plan_is_drawn_as_its_golden_files_say(name: str, tmp_path: Path, run: Run) -> None:
    project = Project(FOLDER / name, tmp_path)
    code, text = run("plan", *project.flags)
    same, document = run("plan", *project.flags, "--format", "json")
    assert code == same
    is_like(FOLDER / name / "plan.txt", f"{text}[exit code {code}]\n")
    is_like(FOLDER / name / "plan.json", document.replace(f'"version": "{__version__}"', '"version": "…"'))


@pytest.mark.parametrize("name", CASES)
def test_applying_leaves_nothing_to_do(name: str, tmp_path: Path, run: Run) -> None:
    """Nothing held, or its hold lifted: every write is verified, and the plan after it is empty."""
    project = Project(FOLDER / name, tmp_path)
    plan = json.loads(run("plan", *project.flags, "--format", "json")[1])
    overwrite = [word for change in plan["changes"] if change["held"] for word in ("--overwrite", change["id"])]
    allow = ["--allow-changes", str(plan["limit"]["updates"])] if plan["limit"] else []
    code, said = run("apply", "--yes", *project.flags, *overwrite, *allow)
    assert code == project.apply_exit, said
    if project.apply_exit:
        return
    code, left = run("plan", "--detailed-exitcode", *project.flags)
    assert code == 0, left


def is_like(golden: Path, drawn: str) -> None:
    if os.environ.get("UPDATE_GOLDEN") == "1":
        golden.write_text(drawn, encoding="utf-8")
    assert golden.exists(), f"there is no {golden.name}; {ACCEPT}{golden.parent.name}"
    assert drawn == golden.read_text(encoding="utf-8"), ACCEPT + golden.parent.name
