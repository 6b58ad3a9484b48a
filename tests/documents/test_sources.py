"""Which files are read, under which names, and what is refused to be opened."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from reconciler.cli import main
from reconciler.files import DirectorySource, TreeSource, load, load_file

CODES = {
    *("configs-missing", "configs-empty", "symlink-outside", "symlink-not-read", "not-a-regular-file"),
    *("ending-not-read", "git-lfs-pointer"),
    *("name-not-utf8", "unreadable", "folder-unreadable"),
}


LFS_POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12\n"


def tree(texts: dict[str, str], below: str = "") -> TreeSource:
    return TreeSource({path: text.encode() for path, text in texts.items()}, below)


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A repository with one good config, so that only what a test adds is wrong."""
    (tmp_path / ".git").mkdir()
    folder = tmp_path / "configs"
    folder.mkdir()
    (folder / "good.yaml").write_text("description: x\n")
    return folder


def findings(configs: Path) -> list[tuple[str, str]]:
    return [(one.code, one.location.file) for one in load(DirectorySource(configs))[1]]


def test_reads_every_config_at_any_depth_in_the_order_of_paths(configs: Path) -> None:
    deep = configs / "b" / "c" / "d"
    deep.mkdir(parents=True)
    for path in (deep / "x.json", configs / "a.yml", configs / "z.json5"):
        path.write_text('{"id": "it"}')
    for skipped in (".hidden.yaml", "_template.yaml", "reconciler.toml", "README.md", "x.yaml.bak", "yaml"):
        (configs / skipped).write_text("{")
    for folder in (".hidden", "_drafts"):
        (configs / folder).mkdir()
        (configs / folder / "x.yaml").write_text("{")
    documents, found = load(DirectorySource(configs))
    assert found == []
    assert [(one.file, one.id, one.format) for one in documents] == [
        ("configs/a.yml", "it", "yaml"),
        ("configs/b/c/d/x.json", "it", "json"),
        ("configs/good.yaml", "good", "yaml"),
        ("configs/z.json5", "it", "json5"),
    ]


def test_paths_are_shown_from_the_git_top_level_wherever_it_runs(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(configs)
    assert [one.file for one in load(DirectorySource(Path()))[0]] == ["configs/good.yaml"]


def test_paths_are_shown_from_the_current_directory_outside_of_git(
    configs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (configs.parent / ".git").rmdir()
    monkeypatch.chdir(configs.parent)
    assert [one.file for one in load(DirectorySource(Path("configs")))[0]] == ["configs/good.yaml"]


def test_a_missing_folder_and_an_empty_one_are_errors(configs: Path) -> None:
    assert findings(configs / "none") == [("configs-missing", "configs/none")]
    assert findings(configs / "good.yaml") == [("configs-missing", "configs/good.yaml")]
    (configs / "empty").mkdir()
    (configs / "empty" / "reconciler.toml").touch()
    assert findings(configs / "empty") == [("configs-empty", "configs/empty")]


@pytest.mark.parametrize(
    "target", ["/proc/self/environ", "/dev/zero", "../../secret", "/", "/nowhere", "../secret.yaml"]
)
def test_a_link_that_leads_out_is_an_error(configs: Path, target: str) -> None:
    (configs.parent / "secret.yaml").write_text("secret: 1")
    (configs / "x.yaml").symlink_to(target)
    (configs / "folder").symlink_to("/")
    assert findings(configs) == [("symlink-outside", "configs/folder"), ("symlink-outside", "configs/x.yaml")]


def test_a_link_inside_is_not_read_twice(configs: Path) -> None:
    (configs / "same.yaml").symlink_to("good.yaml")
    (configs / "loop.yaml").symlink_to("loop.yaml")
    (configs / "again").symlink_to(".")
    documents, _ = load(DirectorySource(configs))
    assert [one.file for one in documents] == ["configs/good.yaml"]
    names = ("again", "loop.yaml", "same.yaml")
    assert findings(configs) == [("symlink-not-read", f"configs/{name}") for name in names]


def test_a_file_that_only_its_ending_keeps_from_being_read_is_told(configs: Path) -> None:
    for name in ("a.YAML", "b.jsonc", "c.Json5", "d.yaml.txt", "e.md", "_f.YML"):
        (configs / name).write_text("{")
    told = [("ending-not-read", f"configs/{name}") for name in ("a.YAML", "b.jsonc", "c.Json5")]
    assert findings(configs) == told
    (configs / "good.yaml").unlink()
    assert findings(configs) == [("configs-empty", "configs"), *told]


def test_the_folder_itself_may_be_a_link(configs: Path) -> None:
    link = configs.parent / "link"
    link.symlink_to("configs")
    assert [one.file for one in load(DirectorySource(link))[0]] == ["configs/good.yaml"]


def test_a_pipe_is_refused_and_not_waited_for(configs: Path) -> None:
    os.mkfifo(configs / "pipe.json")
    os.mkfifo(configs / "other-pipe")
    assert findings(configs) == [("not-a-regular-file", "configs/pipe.json")]


@pytest.mark.parametrize("swap", ["link", "pipe", "gone"])
def test_a_file_that_was_swapped_after_listing_is_not_followed(configs: Path, swap: str) -> None:
    (file,) = DirectorySource(configs).files()[0]
    (configs / "good.yaml").unlink()
    if swap == "link":
        (configs / "good.yaml").symlink_to("/proc/self/environ")
    elif swap == "pipe":
        os.mkfifo(configs / "good.yaml")
    document, (finding,) = load_file(pickle.loads(pickle.dumps(file)))
    assert document is None
    assert finding.code == ("not-a-regular-file" if swap == "pipe" else "unreadable")
    assert ("link" in finding.message) is (swap == "link")
    assert finding.location.file == "configs/good.yaml"


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission_is_a_finding(configs: Path) -> None:
    (configs / "x.yaml").touch(mode=0o000)
    (configs / "folder").mkdir(mode=0o000)
    assert findings(configs) == [("folder-unreadable", "configs/folder"), ("unreadable", "configs/x.yaml")]


def test_a_folder_that_goes_away_is_a_finding(configs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (configs / "folder").mkdir()
    scandir = os.scandir

    def vanishing(path: str) -> object:
        if path.endswith("folder"):
            Path(path).rmdir()
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    assert findings(configs) == [("folder-unreadable", "configs/folder")]


@pytest.mark.parametrize("ending", ["yaml", "json", "json5"])
def test_a_git_lfs_pointer_is_named_as_such(configs: Path, ending: str) -> None:
    (configs / f"x.{ending}").write_text(LFS_POINTER)
    (finding,) = load(DirectorySource(configs))[1]
    assert (finding.code, finding.location.file) == ("git-lfs-pointer", f"configs/x.{ending}")
    assert "git lfs pull" in str(finding.hint)


def test_a_name_that_is_not_utf8_is_a_finding_that_can_be_printed(configs: Path) -> None:
    Path(os.fsdecode(os.fsencode(configs) + b"/caf\xe9.yaml")).write_text("a: 1")
    ((code, file),) = findings(configs)
    assert code == "name-not-utf8"
    assert file.encode() == b"configs/caf?.yaml"


def test_no_more_is_read_than_could_be_accepted(configs: Path) -> None:
    with (configs / "huge.yaml").open("wb") as stream:
        stream.truncate(1 << 40)
    assert findings(configs) == [("too-large", "configs/huge.yaml")]


def test_a_huge_file_is_not_read_to_be_shown(configs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (configs / "huge.yaml").open("wb") as stream:
        stream.truncate(1 << 40)
    assert main(["validate", "--configs", str(configs)]) == 3
    assert "too-large" in capsys.readouterr().out


def test_a_tree_reads_what_a_directory_would(configs: Path) -> None:
    source = tree(
        {
            "_infra/configs/a.yaml": "id: b",
            "_infra/configs/x/_c.yaml": "{",
            "_infra/configs/.d/e.yaml": "{",
            "_infra/configs/reconciler.toml": "{",
        },
        below="_infra/configs",
    )
    documents, found = load(source)
    assert [(one.file, one.id) for one in documents] == [("_infra/configs/a.yaml", "b")]
    assert found == []
    assert load(tree({})) == ([], [])
