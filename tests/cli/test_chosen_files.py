"""``validate FILES``, as pre-commit calls it: only what is found in those, and nothing is passed over in silence."""

from __future__ import annotations

import pytest
from harness import Project


@pytest.fixture
def project_with_mistakes(project: Project) -> Project:
    project.write(good="description: fine\n", bad="descriptoin: typo\n")
    project.file("configs/team/worse.yaml", "isEnabled: maybe\n")
    return project


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        (["configs/good.yaml"], set()),
        (["configs/bad.yaml"], {"configs/bad.yaml"}),
        (["configs/team"], {"configs/team/worse.yaml"}),
        (["configs/good.yaml", "configs/team/worse.yaml"], {"configs/team/worse.yaml"}),
        (["configs"], {"configs/bad.yaml", "configs/team/worse.yaml"}),
    ],
)
def test_only_what_is_found_there_is_shown(project_with_mistakes: Project, chosen: list[str], found: set[str]) -> None:
    done = project_with_mistakes.call("validate", "--format", "json", *chosen)
    assert {one["file"] for one in done.json["diagnostics"]} == found
    assert done.code == (3 if found else 0)


@pytest.mark.parametrize("path", ["configs/nope.yaml", "elsewhere.yaml"])
def test_what_is_not_looked_at_is_wrong_usage(project_with_mistakes: Project, path: str) -> None:
    project_with_mistakes.file("elsewhere.yaml", "a: [\n")
    done = project_with_mistakes.call("validate", path)
    assert (done.code, done.stdout) == (64, "")
    assert path in done.stderr


def test_the_only_target_needs_no_name_and_several_do(project: Project) -> None:
    project.write(good="description: fine\n")
    project.settings('[targets.local]\napi = "emulator"\n')
    assert project.call("plan").stdout.startswith("Target local (embedded emulator)")
    project.settings('[targets.local]\napi = "emulator"\n[targets.other]\napi = "emulator"\n')
    done = project.call("plan")
    assert done.code == 64
    assert "known: local, other" in done.stderr
