"""The pages say what is so: their commands run, their settings and workflows are valid, their links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.files import settings
from reconciler.session.reading import read_settings

from .conftest import KEY, TOP, Checkout, Live, git_identity

DOCS = sorted((TOP / ".github" / "docs").glob("*.md"))
WORKFLOWS = TOP / ".github" / "workflows"
RIGHTS = {"read": 1, "write": 2}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What GitHub makes of headings: lower case, blanks to dashes, no punctuation."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text("utf-8"))
    assert links
    for link in links:
        if not link.startswith("https://"):
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            assert target.is_file(), link
            assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_settings_are_valid(page: Path, tmp_path: Path) -> None:
    found = blocks(page, "toml")
    assert found
    for block in found:
        (tmp_path / settings.FILE_NAME).write_text(block, "utf-8")
        _, findings = read_settings(tmp_path)
        assert findings == []


def calls() -> Iterator[tuple[str, dict[str, Any]]]:
    """The workflows that the page tells people to write, each with the name of the one that it calls."""
    for block in blocks(TOP / ".github" / "docs" / "from-zero-to-gitops.md", "yaml"):
        data = yaml.safe_load(block)
        for job in data.get("jobs", {}).values():
            called = re.fullmatch(r"OWNER/reconciler/\.github/workflows/(\w+)\.yml@COMMIT", job["uses"])
            assert called, job["uses"]
            yield called[1], job


def test_the_workflows_to_write_fit_the_ones_that_they_call() -> None:
    assert [name for name, _ in calls()] == ["plan", "apply", "drift"]
    for name, job in calls():
        called = yaml.safe_load((WORKFLOWS / f"{name}.yml").read_text("utf-8"))
        offered = called[True]["workflow_call"]  # YAML 1.1 reads the key "on" as a boolean
        assert set(job["with"]) <= set(offered["inputs"])
        assert {key for key, value in offered["inputs"].items() if value.get("required")} <= set(job["with"])
        assert set(job["secrets"]) == set(offered["secrets"])
        granted = job["permissions"]
        for inner in called["jobs"].values():
            for right, level in inner["permissions"].items():
                assert RIGHTS[granted[right]] >= RIGHTS[level], (name, right)


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_commands_run_in_a_repository_of_configs(page: Path, checkout: Checkout, live: Live) -> None:
    live.create("checkout_timeouts", {"authoriseMs": 3000})
    live.create("banner", {"visible": True})
    if page.stem == "when-it-goes-wrong":
        checkout.commit("configs/checkout_timeouts.yaml", "defaultValue: {authoriseMs: 2500}\n")
    commands = "".join(blocks(page, "sh"))
    assert commands.count("reconciler ") >= 2
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {"PATH": path, "RECONCILER_API_URL": live.url, "STATSIG_CONSOLE_KEY": KEY, **git_identity()}
    shell = ["bash", "-euo", "pipefail", "-c", commands]
    done = subprocess.run(shell, cwd=checkout.path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
