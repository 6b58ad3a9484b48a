"""The only git: files of a commit or tree, and the commit that records what was applied.

Everything is plumbing on the object store. Neither the working tree nor the index is ever touched.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT = 120
_FILE_MODES = ("100644", "100755")
_RECORDER = {"name": "reconciler", "email": "reconciler@localhost"}


class GitError(Exception):
    """git refused, or there is no repository; the message is for people."""


def top_level(start: Path) -> Path | None:
    """The working tree that ``start`` is in, found without running git; None outside of one."""
    resolved = start.resolve()
    for folder in (resolved, *resolved.parents):
        if (folder / ".git").exists():
            return folder
    return None


@dataclass(frozen=True, slots=True)
class Repository:
    """A git working tree by its top level; every call may raise ``GitError``."""

    top: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The repository that a folder is in."""
        top = top_level(folder)
        if top is None:
            raise GitError(f"{folder} is not in a git repository")
        return cls(top)

    def head(self) -> str | None:
        """The commit that is checked out; None before the first one."""
        try:
            return self._resolve("HEAD^{commit}")
        except GitError:
            return None

    def default_branch(self) -> str | None:
        """What the remote calls its default branch, or else the branch that is checked out."""
        for ref in ("refs/remotes/origin/HEAD", "HEAD"):
            done = self._run("symbolic-ref", "--quiet", "--short", ref)
            if done.returncode == 0:
                return os.fsdecode(done.stdout).strip().removeprefix("origin/")
        return None

    def resolve(self, ref: str) -> str:
        """The object name of a commit, or of a tree where ``ref`` names one."""
        for kind in ("commit", "tree"):
            try:
                return self._resolve(f"{ref}^{{{kind}}}")
            except GitError:
                continue
        raise GitError(
            f'"{ref}" is no commit or tree of this repository; fetch it first (git fetch origin +{ref}:{ref}), '
            "or leave --base out on the first run"
        )

    def find(self, ref: str) -> str | None:
        """The commit that a full ref name points to, or None where there is no such ref."""
        try:
            return self._resolve(f"{ref}^{{commit}}")
        except GitError:
            return None

    def files(self, treeish: str, folder: str) -> dict[str, bytes]:
        """Path from the top level → content, of every regular file below ``folder`` (``""``: all) in a tree."""
        below = [folder] if folder else []
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", treeish, "--", *below)
        entries = [entry.split(b"\t", 1) for entry in listing.split(b"\0") if entry]
        wanted = [
            (os.fsdecode(path), meta.split()[2]) for meta, path in entries if meta.split()[0].decode() in _FILE_MODES
        ]
        contents = self._contents([name for _, name in wanted])
        return {path: content for (path, _), content in zip(wanted, contents, strict=True)}

    def check_recordable(self, ref: str) -> None:
        """Raises where ``ref`` is no full ref name, or is the branch that is checked out: its files would go."""
        if not ref.startswith("refs/") or self._run("check-ref-format", ref).returncode != 0:
            raise GitError(f'"{ref}" is not a full ref name; write one like refs/reconciler/production')
        if self._run("symbolic-ref", "--quiet", "HEAD").stdout.decode().strip() == ref:
            raise GitError(f'"{ref}" is checked out here; record in a ref of its own, like refs/reconciler/production')
        parents = [ref[:at] for at, char in enumerate(ref) if char == "/"]
        taken = self._git("for-each-ref", "--format=%(refname)", f"{ref}/", *parents).decode().split()
        clash = next((one for one in taken if one in parents or one.startswith(f"{ref}/")), None)
        if clash:
            raise GitError(f'"{ref}" cannot be written beside {clash}; choose another name')

    def record(self, ref: str, files: Mapping[str, bytes], message: str) -> str:
        """Commit exactly ``files`` (path → content) as the tree of ``ref``, after what it points to now."""
        before = self.find(ref)
        tree = self._tree(files)
        parents = ["-p", before] if before else []
        commit = self._git("commit-tree", tree, *parents, "-F", "-", stdin=message.encode()).decode().strip()
        self._git("update-ref", "-m", "reconciler apply", ref, commit, before or "0" * len(commit))
        return commit

    def _tree(self, files: Mapping[str, bytes]) -> str:
        try:
            with tempfile.TemporaryDirectory(prefix="reconciler-") as folder:
                return self._tree_by_way_of(Path(folder), files)
        except OSError as error:
            raise GitError(f"the files to commit could not be written: {error.strerror or error}") from error

    def _tree_by_way_of(self, folder: Path, files: Mapping[str, bytes]) -> str:
        index = {"GIT_INDEX_FILE": str(folder / "index")}
        names = self._store(list(files.values()), folder)
        entries = [b"100644 " + name + b"\t" + os.fsencode(path) for path, name in zip(files, names, strict=True)]
        self._git("update-index", "-z", "--index-info", stdin=b"\0".join([*sorted(entries), b""]), env=index)
        return self._git("write-tree", env=index).decode().strip()

    def _store(self, contents: list[bytes], folder: Path) -> list[bytes]:
        """Write blobs, all in one process, and return their names."""
        paths = []
        for number, content in enumerate(contents):
            path = folder / str(number)
            path.write_bytes(content)
            paths.append(os.fsencode(path))
        return self._git("hash-object", "-w", "--no-filters", "--stdin-paths", stdin=b"\n".join([*paths, b""])).split()

    def _contents(self, names: list[bytes]) -> list[bytes]:
        if not names:
            return []
        answer = self._git("cat-file", "--batch", stdin=b"\n".join([*names, b""]))
        contents = []
        at = 0
        for _ in names:
            end = answer.index(b"\n", at)
            header = answer[at:end].split()
            if len(header) != 3:
                raise GitError(f"the repository lacks {header[0].decode()}; is this a partial clone?")
            size = int(header[2])
            contents.append(answer[end + 1 : end + 1 + size])
            at = end + 1 + size + 1
        return contents

    def _resolve(self, expression: str) -> str:
        return self._git("rev-parse", "--verify", "--quiet", "--end-of-options", expression).decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        done = self._run(*arguments, stdin=stdin, env=env)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
            raise GitError(f"git {arguments[0]}: {said}")
        return done.stdout

    def _run(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", "-C", str(self.top), *arguments],
                input=stdin,
                capture_output=True,
                check=False,
                timeout=_TIMEOUT,
                start_new_session=True,  # Ctrl-C is for us to handle: it must not kill git in the middle of the record
                env={**_environment(), **(env or {})},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GitError(f"git could not be run: {error}") from error


def _environment() -> dict[str, str]:
    """The caller's environment, less what would point git elsewhere, and with somebody to sign the record."""
    elsewhere = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if name not in elsewhere}
    signed = {
        f"GIT_{role}_{what.upper()}": value for role in ("AUTHOR", "COMMITTER") for what, value in _RECORDER.items()
    }
    return {**signed, **kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
