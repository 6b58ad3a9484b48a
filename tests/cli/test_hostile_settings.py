"""``reconciler.toml`` and ``.reconciler`` come from branches, so whatever a branch can hold may be in them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema_rs
import pytest
from harness import Live, Project, config
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.dynamic_config.json_schemas import settings_schema
from reconciler.files.settings import parse

BOUNDED = 'ulimit -v 1500000; timeout 10 "$@"'
"""A shell line: no more than 1.5 GB of memory, and no more than ten seconds."""

LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"

TEXTS = {
    "nested arrays": "a=" + "[" * 100_000,
    "nested arrays that close": "a=" + "[" * 100_000 + "]" * 100_000,
    "nested arrays within the size": "a=" + "[" * 30_000 + "]" * 30_000,
    "nested inline tables": "a=" + "{a=" * 100_000,
    "nested inline tables within the size": "a=" + "{a=" * 15_000 + "1" + "}" * 15_000,
    "a key of many parts": "a." * 100_000 + "a=1",
    "a key of many parts within the size": "a." * 30_000 + "a=1",
    "a key of many quoted parts": '"a"\t.' * 12_000 + "a=1",
    "a table's name of many parts": "[" + "a." * 30_000 + "a]",
    "depth behind strings that end oddly": "a=[\"\"\"b\"\"\"\", '''c'''', " + "[" * 20_000 + '"",' + "]" * 20_000 + "]",
    "many opened strings": 'a="""' + '\\"""' * 15_000,
    "an integer of many digits": "[limits]\nmax_changed_percent = " + "9" * 10_000,
    "many unknown keys": "".join(f"limitz{number} = 1\n" for number in range(5_000)),
    "a long unknown key": "a" * 60_000 + " = 1",
    "a large file": "#" * 2_000_000,
    "half a file": "[targets.production",
    "a NUL": '[targets.production]\nbase = "a\\u0000b"\n',
    "a Git LFS pointer": LFS_POINTER,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("command", ["validate", "plan"])
def test_odd_toml_is_a_finding_at_once(project: Project, command: str, text: str) -> None:
    project.write(limits=config())
    project.settings(text)
    done = project.run(command, "--format", "json", via=BOUNDED)
    assert (done.code, "Traceback" in done.stderr) == (3, False)
    assert {one["file"] for one in done.json["diagnostics"]} == {"configs/reconciler.toml"}


def test_a_file_that_is_not_utf8_is_a_finding(project: Project) -> None:
    project.write(limits=config())
    for content in (b"a = '\xe9'", "a = 1".encode("utf-16")):
        (project.path / "configs/reconciler.toml").write_bytes(content)
        done = project.call("validate", "--format", "json")
        assert (done.code, done.json["diagnostics"][0]["code"]) == (3, "settings-unreadable")


def test_a_bom_is_accepted(served: Project, live: Live) -> None:
    served.write(limits=config())
    path = served.path / "configs/reconciler.toml"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert served.call("plan").code == 0


def _directory(path: Path) -> None:
    path.mkdir()


PLACES: dict[str, Callable[[Path], object]] = {
    "a link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to a secret": lambda path: path.symlink_to("/proc/self/environ"),
    "a link to a file beside it": lambda path: path.symlink_to("limits.yaml"),
    "a pipe": os.mkfifo,
    "a directory": _directory,
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_only_a_regular_file_is_read(project: Project, place: Callable[[Path], object]) -> None:
    project.write(limits=config())
    place(project.path / "configs/reconciler.toml")
    for command in ("validate", "plan"):
        done = project.run(command, "--format", "json", via=BOUNDED)
        assert (done.code, "Traceback" in done.stderr) == (3, False)
        assert {one["file"] for one in done.json["diagnostics"]} == {"configs/reconciler.toml"}


NAMES = ["../../x", "/tmp/x", "a/b", ".", "..", ".hidden", "a b", "é", "", "a\\b", "a\u0000b", "x" * 65, "a\n"]


@pytest.mark.parametrize("name", NAMES)
def test_a_targets_name_is_a_word_so_that_no_file_is_made_elsewhere(project: Project, name: str) -> None:
    inner = Project(project.path / "inner" / "repository")
    inner.write(limits=config())
    inner.settings(f'[targets.{json.dumps(name)}]\napi = "emulator"\n')
    before = sorted(project.path.rglob("*"))
    done = inner.call("plan", "--format", "json")
    assert done.code == 3
    assert [one["code"] for one in done.json["diagnostics"]] == ["settings-target-name"]
    assert sorted(project.path.rglob("*")) == before
    assert not jsonschema_rs.Draft202012Validator(settings_schema()).is_valid({"targets": {name: {}}})


@pytest.mark.parametrize("name", ["production", "eu-1", "a_b", "v1.2", "9", "x" * 64])
def test_a_word_is_a_targets_name(project: Project, name: str) -> None:
    project.write(limits=config())
    project.settings(f'[targets."{name}"]\napi = "emulator"\n')
    assert project.call("plan").code == 0
    assert (project.path / ".reconciler" / f"{name}.db").is_file()
    assert jsonschema_rs.Draft202012Validator(settings_schema()).is_valid({"targets": {name: {}}})


@pytest.mark.parametrize("name", ["", "A B", "1A", "a=b", "é", "A-B", "console-abc"])
def test_schema_and_settings_agree_on_the_names_of_variables(name: str) -> None:
    _, found = parse(f"[targets.production]\nkey_env = {json.dumps(name)}\n".encode(), "x")
    assert [one.path for one in found] == ["/targets/production/key_env"]
    schema = jsonschema_rs.Draft202012Validator(settings_schema())
    assert not schema.is_valid({"targets": {"production": {"key_env": name}}})


@pytest.fixture
def local(project: Project) -> Project:
    """A repository with one config for the embedded emulator, in a folder that nothing else may be written to."""
    inner = Project(project.path / "inner" / "repository")
    inner.write(limits=config())
    inner.settings('[targets.local]\napi = "emulator"\n')
    return inner


def _files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("to", ["../elsewhere", "/nowhere/at/all", ".reconciler", "configs"])
def test_the_emulators_folder_is_no_link(local: Project, to: str) -> None:
    (local.path.parent / "elsewhere").mkdir()
    (local.path / ".reconciler").symlink_to(to)
    before = _files(local.path.parent)
    for command in (["plan"], ["apply", "--yes"], ["emulator", "--port", "0"]):
        done = local.run(*command)
        assert (done.code, "Traceback" in done.stderr) == (3, False)
        assert ".reconciler is a link" in done.stderr
        assert _files(local.path.parent) == before


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("to", ["../../elsewhere", "../configs/limits.yaml", "nowhere"])
def test_the_emulators_file_is_no_link(local: Project, ending: str, to: str) -> None:
    (local.path / ".reconciler").mkdir()
    (local.path / f".reconciler/local.db{ending}").symlink_to(to)
    before = _files(local.path.parent)
    done = local.call("plan")
    assert (done.code, f"local.db{ending} is a link" in done.stderr) == (3, True)
    assert _files(local.path.parent) == before


def test_nothing_is_written_through_a_link_in_the_emulators_folder(local: Project) -> None:
    (local.path / ".reconciler").mkdir()
    (local.path / ".reconciler/.gitignore").symlink_to("../../elsewhere")
    assert local.call("plan").code == 0
    assert not (local.path.parent / "elsewhere").exists()


def test_another_programs_database_is_left_alone_and_nobody_is_advised_to_delete_it(local: Project) -> None:
    (local.path / ".reconciler").mkdir()
    with contextlib.closing(sqlite3.connect(local.path / ".reconciler/local.db")) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("CREATE TABLE precious (x)")
        before = _files(local.path)
        done = local.call("plan")
        assert {path: text for path, text in _files(local.path).items() if path.name != ".gitignore"} == before
    assert (done.code, "another program" in done.stderr) == (1, True)
    assert not re.search("delete|remove", done.stderr)


LITERALS = [
    *("1", '"x"', '""', "''", '"\\""', "'\\'", '"#"', "'#'", '"[\\\\"', "'\"'", '"\'"'),
    *('"' * quotes for quotes in range(6, 11)),
    *("'" * quotes for quotes in range(6, 11)),
    *('"""b""""', "'''c'''''", '"""\\""""""', '"""\\\\"""', '"""\n#"""', "'''\n\"'''", "# it's\n1", '# """\n1', "#\n1"),
]


@given(st.lists(st.sampled_from(LITERALS), max_size=12).map(",".join), st.sampled_from(LITERALS))
@settings(max_examples=600, deadline=None)
def test_no_string_and_no_comment_hides_how_deep_a_text_is(before: str, after: str) -> None:
    text = f"a=[{before or 1},{'[' * 20}{after}\n{']' * 20}]"
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert [one.code for one in parse(text.encode(), "x")[1]] == ["settings-too-deep"]


@given(st.lists(st.sampled_from(LITERALS), max_size=12).map(",\n".join))
@settings(max_examples=300, deadline=None)
def test_what_is_not_deep_is_read(values: str) -> None:
    text = f'environments=[{values}]\n[targets.production]\napi="emulator"'
    assert "settings-too-deep" not in [one.code for one in parse(text.encode(), "x")[1]]


def test_a_folder_of_configs_that_leads_out_of_the_repository_is_not_read(project: Project, tmp_path: Path) -> None:
    """A pull request could put it there; whoever names the folder by itself means it."""
    repository = Project(tmp_path / "repository")
    for folder in (tmp_path / "elsewhere", repository.path / ".git", repository.path / "inside"):
        folder.mkdir(parents=True)
        (folder / "secret.yaml").write_text("defaultValue: {value: secret}\n")
    link = repository.path / "configs"
    link.symlink_to("../elsewhere")
    for command in (["validate"], ["plan"], ["apply", "--yes"], ["pull", "--all"]):
        done = repository.call(*command)
        assert (done.code, "leads out of the repository" in done.stderr, "secret" in done.stdout) == (3, True, False)
    assert repository.call("validate", "--configs", str(tmp_path / "elsewhere")).code == 0
    link.unlink()
    link.symlink_to("inside")
    assert repository.call("validate").code == 0
