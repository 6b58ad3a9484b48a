"""Which examples the property tests try: the same ones in every run, unless a run is asked to explore."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from harness import TOP

PROPERTY = """
from hypothesis import given, settings, strategies as st

@given(st.integers())
@settings(max_examples=20)
def test_numbers(number):
    with open("tried", "a") as file:
        print(number, file=file)
"""


def tried(folder: Path, *arguments: str) -> str:
    """The examples that one run of the tests tries, with this project's conftest.py."""
    folder.mkdir()
    (folder / "conftest.py").write_text((TOP / "tests" / "conftest.py").read_text("utf-8"), "utf-8")
    (folder / "test_numbers.py").write_text(PROPERTY, "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, *arguments]
    env = {"PYTHONPATH": str(TOP / "tests")}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return (folder / "tried").read_text("utf-8")


def test_every_run_tries_the_same_examples(tmp_path: Path) -> None:
    assert tried(tmp_path / "one") == tried(tmp_path / "two", "--hypothesis-seed=5")


@pytest.mark.parametrize("seed", [[], ["--hypothesis-seed=5"]], ids=["any", "5"])
def test_a_run_that_explores_tries_others(tmp_path: Path, seed: list[str]) -> None:
    explore = ["--hypothesis-profile=explore", *seed]
    one, two = tried(tmp_path / "one", *explore), tried(tmp_path / "two", *explore)
    assert one != tried(tmp_path / "same")
    assert (one == two) is bool(seed)
