"""What gets installed: by the action the very commit that it is pinned to, or what `reconciler init` wrote down; by
`.ci/venv` this checkout. All that it needs is installed by its hash.

A stand-in for python3 makes a pip that only writes down what it is asked for: tests install nothing from the network.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import SCRIPTS, TOP, Runner

PYTHON = """#!/bin/sh
test "$1" != "-c" || exit 0
test "$1 $2" = "-m venv" || exit 1
mkdir -p "$3/bin"
printf '#!/bin/sh\\necho "$*" >>"%s"\\n' "$ASKED" >"$3/bin/pip"
chmod +x "$3/bin/pip"
"""


@pytest.fixture
def python(run: Runner) -> None:
    stand_in = run.stand_ins / "python3"
    stand_in.write_text(PYTHON, "utf-8")
    stand_in.chmod(0o755)


PIP = "install --quiet --disable-pip-version-check"
PINS = TOP / ".github" / "requirements"


def asked_of_pip(run: Runner, *command: str | Path) -> list[str]:
    asked = run.folder / "asked"
    env = {**run.env, "RUNNER_TEMP": str(run.folder), "GITHUB_PATH": str(run.folder / "path"), "ASKED": str(asked)}
    subprocess.run(command, cwd=run.folder, env=env, check=True)
    return asked.read_text("utf-8").splitlines()


def install(run: Runner, script: Path) -> list[str]:
    """What pip was asked for, and that the command would be found afterwards."""
    path = run.folder / "path"
    asked = asked_of_pip(run, script)
    assert path.read_text("utf-8") == f"{run.folder}/reconciler-venv/bin\n"
    return asked


@pytest.mark.usefixtures("python")
def test_the_action_installs_the_commit_that_it_is_pinned_to(run: Runner) -> None:
    assert install(run, SCRIPTS / "install.sh") == [
        f"{PIP} --require-hashes --requirement {PINS / 'run.txt'}",
        f"{PIP} --no-deps --no-build-isolation {TOP}",
    ]


@pytest.mark.usefixtures("python")
def test_a_repository_of_its_own_installs_the_version_it_has_written_down(run: Runner, tmp_path: Path) -> None:
    scripts = tmp_path / "team" / ".github" / "scripts"
    scripts.mkdir(parents=True)
    shutil.copy(SCRIPTS / "install.sh", scripts)
    (scripts / "requirements.txt").write_text("statsig-reconciler==9.9.9\n", "utf-8")
    [asked] = install(run, scripts / "install.sh")
    assert asked == f"{PIP} --requirement {scripts / 'requirements.txt'}"


@pytest.mark.usefixtures("python")
@pytest.mark.parametrize(
    ("what", "pins"),
    [
        ("run", PINS / "run.txt"),
        ("test", PINS / "test.txt"),
        ("dev", PINS / "dev.txt"),
        ("lowest", TOP / ".github" / "requirements-lowest.txt"),
    ],
)
def test_an_environment_for_this_checkout_has_the_pinned_versions(run: Runner, what: str, pins: Path) -> None:
    assert asked_of_pip(run, TOP / ".ci" / "venv", what) == [
        f"{PIP} --require-hashes --requirement {pins}",
        f"{PIP} --no-deps --no-build-isolation --editable {TOP}",
    ]
    assert (run.folder / ".venv").is_dir()
