"""The pinned packages: everything has hashes, lower bounds are versions that were run, and a bot moves the rest."""

from __future__ import annotations

import itertools
import re
import tomllib

import pytest
import yaml

from .conftest import TOP

GITHUB = TOP / ".github"
LAYERS = ["run", "test", "dev"]
PYPROJECT = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
NEEDED = {
    "run": [*PYPROJECT["build-system"]["requires"], *PYPROJECT["project"]["dependencies"]],
    "test": EXTRAS["test"],
    "dev": [one for one in EXTRAS["dev"] if not one.startswith(PYPROJECT["project"]["name"])],
}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(file: str) -> dict[str, str]:
    """A package → its version, for each package in a file of pins; all of them have hashes."""
    text = (GITHUB / file).read_text("utf-8")
    found = re.findall(
        r"^([\w.-]+)==(\S+)(?: ;[^\n\\]*)? \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE
    )
    assert len(found) == len(re.findall(r"^\w", text, re.MULTILINE)) > 0
    return {canonical(name): version for name, version, _ in found}


def bounds(layer: str) -> dict[str, str | None]:
    """A package → its lower bound in pyproject.toml, None for the stubs that have none."""
    split = [one.partition(">=") for one in NEEDED[layer]]
    return {canonical(name): bound or None for name, _, bound in split}


def numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


@pytest.mark.parametrize("layer", LAYERS)
def test_what_is_needed_is_pinned_within_its_bounds(layer: str) -> None:
    below = LAYERS[: LAYERS.index(layer) + 1]
    pinned = {name: version for one in below for name, version in pins(f"requirements/{one}.txt").items()}
    for name, bound in bounds(layer).items():
        assert numbers(pinned[name]) >= numbers(bound or "0"), name


def test_a_package_is_pinned_in_one_place() -> None:
    pinned = [name for layer in LAYERS for name in pins(f"requirements/{layer}.txt")]
    assert sorted(pinned) == sorted(set(pinned))
    for below, layer in itertools.pairwise(LAYERS):
        assert f"\n-r {below}.txt\n" in (GITHUB / "requirements" / f"{layer}.txt").read_text("utf-8")


def test_each_lower_bound_is_the_version_that_is_run_every_week() -> None:
    pinned = pins("requirements-lowest.txt")
    lowest = bounds("run") | bounds("test")
    assert {name: pinned[name] for name in lowest} == lowest


def test_a_bot_moves_every_pin_but_the_lowest_and_only_after_some_days() -> None:
    updates = yaml.safe_load((GITHUB / "dependabot.yml").read_text("utf-8"))["updates"]
    assert {one["package-ecosystem"] for one in updates} == {"github-actions", "pip"}
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates)
    [moved] = [TOP / one["directory"].lstrip("/") for one in updates if one["package-ecosystem"] == "pip"]
    assert sorted(path.name for path in moved.rglob("*.txt")) == sorted(f"{layer}.txt" for layer in LAYERS)
