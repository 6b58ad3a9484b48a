"""What `reconciler init` writes down is what a runner gets: the real install.sh and the real pip, and no network.

The repository that is installed has its build backend in itself, and git reaches it at a made-up URL.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .conftest import SCRIPTS, Checkout, Runner

URL = "https://example.com/reconciler"
PYPROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["build"]
[project]
name = "statsig-reconciler"
version = "9.9.9"
"""
BACKEND = """\
import zipfile
NAME, INFO = "statsig_reconciler-9.9.9-py3-none-any.whl", "statsig_reconciler-9.9.9.dist-info"
FILES = {
    "METADATA": "Metadata-Version: 2.1\\nName: statsig-reconciler\\nVersion: 9.9.9\\n",
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "RECORD": "",
}
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(f"{folder}/{NAME}", "w") as wheel:
        for name, text in FILES.items():
            wheel.writestr(f"{INFO}/{name}", text)
    return NAME
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    folder = tmp_path / "team" / ".github" / "scripts"
    folder.mkdir(parents=True)
    shutil.copy(SCRIPTS / "install.sh", folder)
    return folder


def install(run: Runner, checkout: Checkout, scripts: Path, requirement: str) -> subprocess.CompletedProcess[str]:
    (scripts / "requirements.txt").write_text(f"{requirement}\n", "utf-8")
    env = {
        **run.env,
        "RUNNER_TEMP": str(run.folder),
        "GITHUB_PATH": str(run.folder / "path"),
        "PIP_NO_INDEX": "1",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{checkout.remote.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": URL,
    }
    return subprocess.run([scripts / "install.sh"], env=env, capture_output=True, text=True, check=False)


def test_a_runner_installs_the_commit_that_is_pinned_and_no_later_one(
    run: Runner, checkout: Checkout, scripts: Path
) -> None:
    checkout.commit("build/backend.py", BACKEND)
    pinned = checkout.commit("pyproject.toml", PYPROJECT)
    checkout.commit("build/backend.py", "raise SystemExit('a later commit')\n")
    checkout.push()
    done = install(run, checkout, scripts, f"statsig-reconciler @ git+{URL}@{pinned}")
    assert done.returncode == 0, done.stderr
    [origin] = (run.folder / "reconciler-venv").rglob("statsig_reconciler-*.dist-info/direct_url.json")
    assert json.loads(origin.read_text("utf-8"))["vcs_info"]["commit_id"] == pinned


def test_a_line_that_is_not_pinned_fails_with_its_reason(run: Runner, checkout: Checkout, scripts: Path) -> None:
    done = install(run, checkout, scripts, "statsig-reconciler is not pinned: the copy that ran init is unknown")
    assert done.returncode != 0
    assert "statsig-reconciler is not pinned: the copy that ran init is unknown" in done.stderr
    assert not (run.folder / "path").exists()
