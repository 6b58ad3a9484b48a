"""Fixtures that tests of the whole command share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import TOP, Live, Project
from hypothesis import HealthCheck, settings

# Everybody's run tries the same examples: a change that broke nothing must not fail by chance. A busy machine must not
# fail them either, so nothing is timed. New examples are looked for every week (.github/workflows/weekly.yml), and by
# whoever runs `pytest --hypothesis-profile=explore`, where --hypothesis-seed=N repeats a run.
_UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", _UNTIMED, derandomize=True, database=None)
settings.register_profile("explore", _UNTIMED, derandomize=False)
settings.load_profile("same")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An empty project: a folder with an empty ``configs/``."""
    (tmp_path / "configs").mkdir()
    return Project(tmp_path)


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A copy of this repository's example configs, whose target is the embedded emulator."""
    shutil.copytree(TOP / "configs", tmp_path / "configs")
    return Project(tmp_path)


@pytest.fixture
def live() -> Iterator[Live]:
    """A live project at a socket."""
    made = Live()
    yield made
    made.close()


@pytest.fixture
def served(project: Project, live: Live) -> Project:
    """An empty project whose one target, ``production``, is the live one."""
    project.settings(f'default_target = "production"\n[targets.production]\napi = "{live.url}"\n')
    return project
