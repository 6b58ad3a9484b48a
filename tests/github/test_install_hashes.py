"""In a repository that `reconciler init` set up, what has hashes is installed by its hashes, and by nothing else.

A stand-in for python3 makes a pip that only writes down what it is asked for: tests install nothing from the network.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import SCRIPTS, Runner

PYTHON = """#!/bin/sh
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$@" >>"%s"\\n' "$ASKED" >"$3/bin/pip"
chmod +x "$3/bin/pip"
"""
PIN = "statsig-reconciler @ git+https://example.com/r@0123456789abcdef0123456789abcdef01234567\n"
LOCKED = "httpx==0.28.1 \\\n    --hash=sha256:00\n"


@pytest.fixture
def scripts(run: Runner, tmp_path: Path) -> Path:
    stand_in = run.stand_ins / "python3"
    stand_in.write_text(PYTHON, "utf-8")
    stand_in.chmod(0o755)
    folder = tmp_path / "team" / ".github" / "scripts"
    folder.mkdir(parents=True)
    shutil.copy(SCRIPTS / "install.sh", folder)
    return folder


def install(run: Runner, scripts: Path, **files: str) -> list[str]:
    """What pip was asked for, call by call, without what is the same in all of them."""
    for name, text in files.items():
        (scripts / f"{name}.txt").write_text(text, "utf-8")
    asked = run.folder / "asked"
    env = {"RUNNER_TEMP": str(run.folder), "GITHUB_PATH": str(run.folder / "path"), "ASKED": str(asked)}
    subprocess.run([scripts / "install.sh"], env={**run.env, **env}, check=True)
    same = "install --quiet --disable-pip-version-check "
    return [
        line.removeprefix(same).replace(f"--requirement {scripts}/", "").removesuffix(".txt")
        for line in asked.read_text("utf-8").splitlines()
    ]


def test_a_pin_without_hashes_is_installed_as_it_is(run: Runner, scripts: Path) -> None:
    assert install(run, scripts, requirements=PIN) == ["requirements"]


def test_a_file_with_hashes_is_installed_by_hashes_alone(run: Runner, scripts: Path) -> None:
    assert install(run, scripts, requirements=LOCKED) == ["--require-hashes requirements"]


def test_where_the_dependencies_are_locked_none_comes_without_its_hash(run: Runner, scripts: Path) -> None:
    assert install(run, scripts, requirements=PIN, dependencies=LOCKED) == [
        "--require-hashes dependencies",
        "--no-deps requirements",
    ]


def test_where_what_builds_it_is_locked_too_nothing_else_builds_it(run: Runner, scripts: Path) -> None:
    builder = LOCKED + "hatchling==1.27.0 \\\n    --hash=sha256:00\n"
    assert install(run, scripts, requirements=PIN, dependencies=builder) == [
        "--require-hashes dependencies",
        "--no-deps --no-build-isolation requirements",
    ]
