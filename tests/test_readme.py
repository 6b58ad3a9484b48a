"""The README is true: its commands run, its examples are valid, its session is what one sees.

The two ``sh`` blocks are run literally, installation included, by ``.ci/run``; here their last command is.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from harness import TOP, Done, Project

README = (TOP / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def reconciler(folder: Path, *arguments: str) -> Done:
    return Project(folder).run(*arguments, env={"STATSIG_CONSOLE_KEY": ""})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shutil.copytree(TOP / "configs", tmp_path / "configs")
    return tmp_path


def test_the_first_two_blocks_are_one_command_line_each() -> None:
    try_it, run_the_tests = blocks("sh")[:2]
    assert try_it.count("\n") == run_the_tests.count("\n") == 1
    assert try_it.rstrip().endswith("/reconciler plan")
    assert run_the_tests.rstrip().endswith("/pytest")


def test_the_first_command_shows_a_plan(shop: Path) -> None:
    done = reconciler(shop, *blocks("sh")[0].rstrip().rpartition("/reconciler ")[2].split())
    assert (done.code, done.stderr) == (0, "")
    assert "13 to create, 0 unchanged" in done.stdout


def test_the_session_is_what_one_sees(shop: Path) -> None:
    session = next(block for block in blocks("text") if block.startswith("$ reconciler plan"))
    assert reconciler(shop, "apply", "--yes").code == 0
    edit(shop / "configs/ml/assistant_model.yaml", "passPercentage: 10\n", "passPercentage: 25\n")
    edit(shop / "configs/ml/assistant_model.yaml", "temperature: 0.4\n", "temperature: 0.2\n")
    edit(shop / "configs/payments/checkout_timeouts.json5", "authoriseMs: 3000", "authoriseMs: 2500")
    seen = [reconciler(shop, *arguments).stdout for arguments in (["plan"], ["apply", "--yes"], ["plan"])]
    shown = [part for part in session.split("$ reconciler ") if part]
    for part, output in zip(shown, seen, strict=True):
        told = [line for line in part.splitlines()[1:] if line not in ("", "…")]
        have = [" ".join(line.split()) for line in output.splitlines()]
        assert [line for line in told if " ".join(line.split()) not in have] == []


def test_the_mistake_is_shown_where_it_stands(shop: Path) -> None:
    part = next(block for block in blocks("text") if block.startswith("$ reconciler validate"))
    edit(shop / "configs/payments/checkout_timeouts.json5", 'country", operator: "any"', 'country", operator: "eny"')
    done = reconciler(shop, "validate")
    assert (done.code, done.stderr) == (3, "")
    for line in part.splitlines()[1:]:
        assert line in done.stdout.splitlines(), done.stdout


def test_the_examples_are_valid(tmp_path: Path) -> None:
    configs = tmp_path / "configs"
    configs.mkdir()
    example = blocks("yaml")[0]
    (configs / "checkout_timeouts.yaml").write_text(example, "utf-8")
    (configs / "reconciler.toml").write_text(blocks("toml")[0], "utf-8")
    done = reconciler(tmp_path, "validate")
    assert (done.code, done.stdout) == (0, "1 file checked, nothing to report\n")


def test_the_table_of_commands_is_what_help_lists() -> None:
    told = re.findall(r"^\| `reconciler (\w+)", README, re.MULTILINE)
    listed = reconciler(TOP, "--help").stdout.partition("Commands:")[2]
    assert sorted(told) == sorted(line.split()[0] for line in listed.splitlines() if line.strip())


def test_what_the_tables_name_exists() -> None:
    named = re.findall(r"`((?:reconciler|\.github)/[\w./]*)`", README)
    assert len(named) > 12
    assert [path for path in named if not (TOP / path).exists()] == []


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
