"""The configs that this repository carries: an example to learn from must be without fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .conftest import TOP

CONFIGS = TOP / "configs"
COMMAND = Path(sys.executable).with_name("reconciler")


@pytest.fixture
def reconciler(tmp_path: Path) -> Any:
    """Runs the command on a copy, as on a fresh machine: no key, no account, an emulator that is empty."""
    shutil.copytree(CONFIGS, tmp_path / "configs")
    env = {key: value for key, value in os.environ.items() if not key.startswith(("RECONCILER_", "STATSIG_"))}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [COMMAND, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    return run


def test_not_even_a_warning(reconciler: Any) -> None:
    done = reconciler("validate", "--format", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found["diagnostics"] == []
    assert found["summary"]["files"] >= 12


def test_editors_are_given_the_schema_that_is_checked_by(reconciler: Any) -> None:
    """If this fails: reconciler schema > configs/.config.schema.json"""
    assert (CONFIGS / ".config.schema.json").read_text("utf-8") == reconciler("schema").stdout


def test_each_file_says_where_the_schema_is() -> None:
    files = [path for path in CONFIGS.rglob("*.*") if path.suffix in {".yaml", ".json", ".json5"}]
    for path in files:
        if not path.name.startswith("."):
            assert "$schema" in path.read_text("utf-8").split("../.config.schema.json")[0], path
    assert {path.suffix for path in files} == {".yaml", ".json", ".json5"}


def test_from_an_empty_project_to_nothing_left_to_do(reconciler: Any) -> None:
    assert reconciler("plan", "--detailed-exitcode").returncode == 2
    assert reconciler("apply", "--target", "local", "--yes").returncode == 0
    again = reconciler("plan", "--detailed-exitcode", "--format", "json")
    assert again.returncode == 0
    assert json.loads(again.stdout)["summary"]["unchanged"] >= 12
