"""Equal input gives equal bytes: whatever the hash seed, the order of the files on disk, the number of workers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import Project

from reconciler import checks
from reconciler.checks.examine import WORTH_A_PROCESS
from reconciler.files import DirectorySource
from reconciler.files.settings import Settings

NAMES = [f"service_{number}" for number in range(WORTH_A_PROCESS + 5)]  # enough for a second process


def body(name: str) -> str:
    country = {"type": "country", "operator": "any", "targetValue": ["CA", "US", "DE"]}
    rules = [
        {"name": f"{name} {n}", "passPercentage": 10, "conditions": [country], "returnValue": {"n": n}} for n in (1, 2)
    ]
    warned = {"on": True} if name.endswith("7") else {"because": None, "__typename": name}
    return json.dumps({"tags": ["b", "a", "c"], "targetApps": ["web", "ios"], "rules": rules, "defaultValue": warned})


@pytest.fixture
def folders(tmp_path: Path) -> list[Project]:
    """The same files, written in three orders."""
    made = []
    for at, names in enumerate((NAMES, NAMES[::-1], [*NAMES[1::2], *NAMES[::2]])):
        project = Project(tmp_path / str(at))
        for name in names:
            project.file(f"configs/{name}.json", body(name))
        made.append(project)
    return made


def test_a_plan_is_the_same_bytes_for_any_hash_seed_and_file_order(folders: list[Project]) -> None:
    plans = set()
    for seed, project in enumerate(folders):
        done = project.run("plan", "--api-url", "emulator", "--format", "json", env={"PYTHONHASHSEED": str(seed)})
        assert done.code == 0, done.stderr
        plans.add(done.stdout)
    assert len(plans) == 1
    assert [change["id"] for change in json.loads(plans.pop())["changes"]] == sorted(NAMES)


def test_files_are_the_same_for_any_number_of_workers(folders: list[Project]) -> None:
    configs = folders[0].path / "configs"
    (configs / "odd.json").write_text('{"rules": [{}], "unknown": 1}')
    source = DirectorySource(configs, folders[0].path)
    alone, *others = (checks.examine(source, Settings(), jobs=jobs) for jobs in (1, 2, 3, 7))
    assert alone.diagnostics
    for other in others:
        assert other.diagnostics == alone.diagnostics
        assert [(one.file, one.data) for one in other.documents] == [(one.file, one.data) for one in alone.documents]
