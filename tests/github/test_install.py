"""What the action installs: the very commit that it is pinned to, or what `reconciler init` wrote down.

A stand-in for python3 makes a pip that only writes down what it is asked for: tests install nothing from the network.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import SCRIPTS, TOP, Runner

PYTHON = """#!/bin/sh
test "$1 $2" = "-m venv" || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\\nfor last; do :; done\\necho "$last" >"%s"\\n' "$ASKED" >"$3/bin/pip"
chmod +x "$3/bin/pip"
"""


@pytest.fixture
def python(run: Runner) -> None:
    stand_in = run.stand_ins / "python3"
    stand_in.write_text(PYTHON, "utf-8")
    stand_in.chmod(0o755)


def install(run: Runner, script: Path) -> Path:
    """What pip was asked for, and that the command would be found afterwards."""
    asked, path = run.folder / "asked", run.folder / "path"
    env = {**run.env, "RUNNER_TEMP": str(run.folder), "GITHUB_PATH": str(path), "ASKED": str(asked)}
    subprocess.run([script], env=env, check=True)
    assert path.read_text("utf-8") == f"{run.folder}/reconciler-venv/bin\n"
    return Path(asked.read_text("utf-8").strip())


@pytest.mark.usefixtures("python")
def test_the_action_installs_the_commit_that_it_is_pinned_to(run: Runner) -> None:
    source = install(run, SCRIPTS / "install.sh")
    assert source == TOP
    assert (source / "pyproject.toml").is_file()


@pytest.mark.usefixtures("python")
def test_a_repository_of_its_own_installs_the_version_it_has_written_down(run: Runner, tmp_path: Path) -> None:
    scripts = tmp_path / "team" / ".github" / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(SCRIPTS / "install.sh", scripts)
    (scripts / "requirements.txt").write_text("statsig-reconciler==9.9.9\n", "utf-8")
    assert install(run, scripts / "install.sh") == scripts / "requirements.txt"
