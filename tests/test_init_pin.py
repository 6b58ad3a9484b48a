"""What ``init`` lets runners install: the copy that ran it, or nothing. Never what a stranger could publish."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from harness import TOP, Project
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import InvalidRequirement, Requirement

from reconciler.session import pinning

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SHA256 = "89abcdef" * 8
FILE = ".github/scripts/requirements.txt"


def installed(folder: Path, direct_url: Any, *, elsewhere: bool = False) -> Path:
    """An installed copy as pip leaves it; ``direct_url`` None: from an index. ``elsewhere``: another copy runs."""
    site = folder / "site"
    info = site / "statsig_reconciler-9.9.9.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: statsig-reconciler\nVersion: 9.9.9\n", "utf-8")
    if direct_url is not None:
        text = direct_url if isinstance(direct_url, str) else json.dumps(direct_url)
        (info / "direct_url.json").write_text(text, "utf-8")
    (site / ".github").symlink_to(TOP / ".github")
    package = site / "reconciler"
    package.symlink_to(TOP / "reconciler")
    if elsewhere:
        package.rename(folder / "reconciler")
        (folder / ".github").symlink_to(TOP / ".github")
        package.mkdir()
        (package / "__init__.py").write_text("", "utf-8")
    return site


def init(folder: Path, direct_url: Any, *, elsewhere: bool = False) -> tuple[str, str]:
    """What is written, and what is said."""
    site = installed(folder, direct_url, elsewhere=elsewhere)
    path = f"{folder}:{site}" if elsewhere else str(site)
    repository = folder / "repository"
    repository.mkdir()
    done = Project(repository).run("init", env={"PYTHONPATH": path})
    assert (done.code, done.stderr) == (0, "")
    return (repository / FILE).read_text("utf-8"), done.stdout


def git(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"}, **more}


def archive(url: str, **info: Any) -> dict[str, Any]:
    return {"url": url, "archive_info": info}


def requirements(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (git("https://example.com/r.git"), f"statsig-reconciler @ git+https://example.com/r.git@{COMMIT}"),
        (git("https://me:secret@example.com/r"), f"statsig-reconciler @ git+https://example.com/r@{COMMIT}"),
        (git("ssh://git@example.com:22/r"), f"statsig-reconciler @ git+ssh://git@example.com:22/r@{COMMIT}"),
        (
            git("https://example.com/r", subdirectory="tools/it"),
            f"statsig-reconciler @ git+https://example.com/r@{COMMIT}#subdirectory=tools/it",
        ),
        (
            archive("https://example.com/r-9.9.9-py3-none-any.whl", hashes={"sha256": SHA256}),
            f"statsig-reconciler @ https://example.com/r-9.9.9-py3-none-any.whl#sha256={SHA256}",
        ),
        (
            archive("https://example.com/r.tar.gz", hash=f"sha256={SHA256}"),
            f"statsig-reconciler @ https://example.com/r.tar.gz#sha256={SHA256}",
        ),
    ],
)
def test_the_pin_is_where_the_running_copy_came_from(tmp_path: Path, origin: Any, line: str) -> None:
    text, said = init(tmp_path, origin)
    assert requirements(text) == [line]
    assert Requirement(line).url
    assert "secret" not in text
    assert "pinned" not in said


UNKNOWN = [
    (None, "was installed by its name from an index, and pip keeps no hash of that"),
    ({"url": "file:///home/me/r", "dir_info": {"editable": True}}, "was installed from a local folder"),
    ({"url": "file:///home/me/r", "dir_info": {}}, "was installed from a local folder"),
    (archive("file:///home/me/r.whl", hashes={"sha256": SHA256}), "was not installed from an https or ssh URL"),
    (archive("https://example.com/r.whl"), "of which no SHA-256 is known"),
    (archive("https://example.com/r.whl?token=x", hashes={"sha256": SHA256}), "cannot be written down safely"),
    (git("file:///home/me/r"), "was not installed from an https or ssh URL"),
    (git("https://example.com/r\nevil"), "cannot be written down safely"),
    (git("https://[example.com/r"), "was not installed from an https or ssh URL"),
    (git("https://example.com/r ; evil"), "cannot be written down safely"),
    (git("https://example.com/r", subdirectory="../x"), "cannot be written down safely"),
    ({"url": "https://example.com/r", "vcs_info": {"vcs": "git", "commit_id": "0123abc"}}, "no full git commit"),
    ({"url": "https://example.com/r", "vcs_info": {"vcs": "hg", "commit_id": COMMIT}}, "no full git commit"),
    ("[]", "cannot be read"),
    ("{", "was not installed from an https or ssh URL"),
]


@pytest.mark.parametrize(("origin", "why"), UNKNOWN)
def test_where_that_is_not_known_it_says_so_and_leaves_a_line_that_is_no_requirement(
    tmp_path: Path, origin: Any, why: str
) -> None:
    text, said = init(tmp_path, origin)
    [line] = requirements(text)
    assert why in line
    assert why in said
    assert FILE in said.split("Not yet pinned")[1]
    assert "/home/me" not in text
    with pytest.raises(InvalidRequirement):
        Requirement(line)


def test_a_copy_that_is_not_the_installed_one_has_no_pin(tmp_path: Path) -> None:
    text, _ = init(tmp_path, git("https://example.com/r"), elsewhere=True)
    [line] = requirements(text)
    assert "runs from a folder" in line


def test_pip_refuses_that_line_and_shows_the_reason(tmp_path: Path) -> None:
    text, _ = init(tmp_path, None)
    (tmp_path / "requirements.txt").write_text(text, "utf-8")
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--dry-run"]
    done = subprocess.run(
        [*pip, "--requirement", tmp_path / "requirements.txt"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "statsig-reconciler is not pinned" in done.stderr
    assert "was installed by its name from an index" in done.stderr


def test_a_file_that_is_there_is_kept_and_nothing_is_said_of_it(tmp_path: Path) -> None:
    site = installed(tmp_path, None)
    Project(tmp_path / "repository").file(FILE, "statsig-reconciler @ git+https://example.com/r@v1\n")
    done = Project(tmp_path / "repository").run("init", env={"PYTHONPATH": str(site)})
    assert "Not yet pinned" not in done.stdout
    assert (tmp_path / "repository" / FILE).read_text("utf-8").endswith("@v1\n")


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Some of these fields, or something else altogether."""
    return st.fixed_dictionaries({}, optional=fields) | ODD


ODD: st.SearchStrategy[Any] = st.none() | st.text() | st.integers() | st.lists(st.text()) | st.just({})
URLS = st.sampled_from(["https://example.com/r", "ssh://git@example.com/r", "http://example.com/r"]) | ODD
DIGESTS = st.sampled_from([COMMIT, SHA256, COMMIT[:7], f"sha256={SHA256}"]) | ODD
ORIGINS = some(
    url=URLS,
    vcs_info=some(vcs=st.just("git") | ODD, commit_id=DIGESTS),
    archive_info=some(hashes=some(sha256=DIGESTS), hash=DIGESTS),
    subdirectory=st.just("tools") | ODD,
)


@settings(max_examples=150, deadline=None)
@given(ORIGINS)
def test_whatever_stands_in_direct_url_json_the_name_is_never_alone(origin: Any) -> None:
    """In this process, to try many: the distribution is a folder, as importlib.metadata reads it."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(installed(Path(folder), json.dumps(origin))))
        [line] = requirements(pinning.pin().text)
    exact = rf"(git\+)?(https|ssh)://\S+(@({COMMIT}|{SHA256})|#sha256=[0-9a-f]{{64}})\S*"
    assert re.fullmatch(rf"statsig-reconciler (@ {exact}|is not pinned: .+)", line)


def test_what_it_needs_is_pinned_by_hashes_beside_it_whatever_became_of_the_pin(tmp_path: Path) -> None:
    """And so is what builds it: install.sh then lets nothing else build it."""
    init(tmp_path, None)
    lock = (tmp_path / "repository" / FILE).with_name("dependencies.txt").read_text("utf-8")
    assert lock == (TOP / ".github/requirements/run.txt").read_text("utf-8")
    packages = re.findall(r"^([a-z][\w.-]*)==\S+.*\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    declared = [Requirement(one).name for one in metadata.requires("statsig-reconciler") or () if "extra" not in one]
    assert {"hatchling", *declared} <= set(packages)
    assert len(packages) == len(re.findall(r"^[a-z]", lock, re.MULTILINE)), "no line is without a hash"
