"""Many files in many processes: the same findings in the same order, and nothing lost when a process dies."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from reconciler.checks import check, examine
from reconciler.diagnostics import Severity
from reconciler.files import DirectorySource, File, TreeSource, load
from reconciler.files.settings import Settings

GOOD = "description: A config\ndefaultValue: {a: 1}\n"
BAD = "descripton: A config\nrules:\n  - name: Nobody\n"


@pytest.fixture
def source() -> TreeSource:
    files = {f"configs/team{n % 4}/config_{n}.yaml": (BAD if n % 10 == 3 else GOOD).encode() for n in range(60)}
    files["configs/broken.json5"] = b"{a: "
    files["configs/twice.yaml"] = b"id: config_7\n"
    files["configs/case.yaml"] = b"id: CONFIG_9\n"
    return TreeSource(files)


@pytest.mark.parametrize("jobs", [2, 3, 7, 100])
@pytest.mark.parametrize("want_documents", [True, False])
def test_any_number_of_processes_finds_the_same(source: TreeSource, jobs: int, want_documents: bool) -> None:
    alone = examine(source, Settings(), jobs=1, want_documents=want_documents)
    together = examine(source, Settings(), jobs=jobs, want_documents=want_documents)
    assert together.diagnostics == alone.diagnostics
    assert together.count == alone.count == 63
    assert [one.file for one in together.documents] == [one.file for one in alone.documents]
    assert [one.data for one in together.documents] == [one.data for one in alone.documents]


def test_examine_is_load_and_check(source: TreeSource) -> None:
    documents, found = load(source)
    examined = examine(source, Settings())
    assert [one.file for one in examined.documents] == [one.file for one in documents]
    expected = {(one.code, one.location) for one in (*found, *check(documents, Settings()))}
    assert {(one.code, one.location) for one in examined.diagnostics} == expected
    assert {"id-duplicate", "id-case-clash"} <= {one.code for one in examined.diagnostics}


def test_documents_come_back_only_where_they_are_wanted(source: TreeSource) -> None:
    assert examine(source, Settings(), want_documents=False).documents == ()
    assert len(examine(source, Settings()).documents) == 62


def test_findings_name_their_config(source: TreeSource) -> None:
    for one in examine(source, Settings()).diagnostics:
        assert one.id is not None or one.location.file == "configs/broken.json5"


def test_settings_weigh_what_the_reader_finds_too() -> None:
    source = TreeSource({"abc.yaml": b"defaultValue: {a: yes}\n"})
    (found,) = examine(source, Settings()).diagnostics
    assert found.severity is Severity.WARNING
    assert examine(source, Settings(checks={found.code: "off"})).diagnostics == ()


@dataclass(frozen=True)
class _Deadly:
    """A file whose reading kills the process that reads it, unless that is the test's own."""

    path: str
    test: int
    format: str = "yaml"

    def read(self) -> bytes:
        if os.getpid() != self.test:
            os.kill(os.getpid(), signal.SIGKILL)
        return BAD.encode()


@dataclass(frozen=True)
class _Listed:
    listed: tuple[File, ...]

    def files(self) -> tuple[list[File], list[object]]:
        return list(self.listed), []


def test_a_process_that_dies_loses_nothing() -> None:
    files = tuple(_Deadly(f"config_{n}.yaml", os.getpid()) for n in range(9))
    examined = examine(_Listed(files), Settings(), jobs=3)  # type: ignore[arg-type]
    assert {one.location.file for one in examined.diagnostics} == {file.path for file in files}


def test_no_process_is_left_behind(source: TreeSource) -> None:
    examine(source, Settings(), jobs=4)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_files_on_disk(tmp_path: Path) -> None:
    (tmp_path / "abc.yaml").write_text("version: 3\n")
    (found,) = examine(DirectorySource(tmp_path, tmp_path), Settings()).diagnostics
    assert (found.code, found.location.file, found.location.line) == ("unknown-key", "abc.yaml", 1)
