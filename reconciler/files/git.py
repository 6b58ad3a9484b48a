"""The only git: files of a commit or tree, and the commits that record what was applied.

Everything is plumbing on the object store. Neither the working tree nor the index is ever touched.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
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
class Tip:
    """What a ref points to. ``name`` is the ref's own value (of an annotated tag the tag), which a writer of the ref
    compares; ``tree`` is the commit or tree that it stands for; ``commit`` is None where that is a tree."""

    name: str
    tree: str
    commit: str | None


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
        return self._resolve("HEAD^{commit}")

    def default_branch(self) -> str | None:
        """What the remote calls its default branch, or else the branch that is checked out."""
        # By full names: git shortens a branch to heads/main, or the like, where a tag has the same name.
        for ref, folder in (("refs/remotes/origin/HEAD", "refs/remotes/origin/"), ("HEAD", "refs/heads/")):
            done = self._run("symbolic-ref", "--quiet", ref)
            if done.returncode == 0:
                return os.fsdecode(done.stdout).strip().removeprefix(folder)
        return None

    def resolve(self, ref: str) -> str:
        """The object name of a commit, or of a tree where ``ref`` names one."""
        found = self._peeled(ref)
        if found is not None:
            return found[0]
        said = f'"{ref}" does not name a commit or tree that this repository has'
        if not ref.startswith("refs/"):
            raise GitError(f"{said}; check its spelling, or fetch it first")
        self.tip(ref)  # which says so where the ref is there and broken
        raise GitError(f"{said}; check its spelling, or fetch it first: git fetch origin +{ref}:{ref}")

    def tip(self, ref: str) -> Tip | None:
        """What a full ref name points to, None where there is no such ref. One that cannot be read is an error."""
        done = self._checked("for-each-ref", "--format=%(objectname) %(refname)", ref)
        lines = [line.split(" ", 1) for line in done.stdout.decode("utf-8", "replace").splitlines()]
        name = next((name for name, full in lines if full == ref), None)
        if name is None and b"broken ref" in done.stderr:  # git skips one, with a warning
            raise self._unreadable(ref, done.stderr.decode("utf-8", "replace").strip())
        if name is None:
            return None
        found = self._peeled(name)
        if found is None:
            raise self._unreadable(ref, f"it points to {name}, which is not a commit or tree that this repository has")
        tree, is_commit = found
        return Tip(name, tree, tree if is_commit else None)

    def _unreadable(self, ref: str, why: str) -> GitError:
        """A ref is broken. Git cannot fetch over it, nor delete it where its file does not hold an object's name."""
        file = self._git("rev-parse", "--git-path", ref).decode("utf-8", "replace").strip()
        remove = f"rm {file}" if (self.top / file).exists() else f"git update-ref -d {ref}"
        return GitError(
            f"{ref} exists, and cannot be read: {why}; remove it, then fetch it again: "
            f"{remove} && git fetch origin +{ref}:{ref}"
        )

    def _peeled(self, expression: str) -> tuple[str, bool] | None:
        """The commit, or else the tree, that an expression stands for, and whether it is a commit."""
        for kind in ("commit", "tree"):
            name = self._resolve(f"{expression}^{{{kind}}}")
            if name is not None:
                return name, kind == "commit"
        return None

    def committed_at(self, treeish: str) -> float | None:
        """When a commit was made, in epoch seconds; None for a tree."""
        done = self._run("log", "-1", "--no-show-signature", "--format=%ct", "--end-of-options", treeish, "--")
        return float(done.stdout) if done.returncode == 0 and done.stdout.strip() else None

    def has(self, commit: str) -> bool:
        """Whether a commit is in this clone."""
        return self._resolve(f"{commit}^{{commit}}") is not None

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether one commit comes before another one; False too where this clone does not have the way between."""
        return older != newer and self._run("merge-base", "--is-ancestor", older, newer).returncode == 0

    def listing(self, treeish: str, folder: str = "") -> dict[str, str]:
        """Path from the top level → object name, of the regular files below ``folder`` (``""``: all) in a tree."""
        below = [folder] if folder else []
        listing = self._git("ls-tree", "-r", "-z", "--full-tree", treeish, "--", *below)
        entries = [entry.split(b"\t", 1) for entry in listing.split(b"\0") if entry]
        parted = [(meta.decode().split(), os.fsdecode(path)) for meta, path in entries]
        return {path: name for (mode, _, name), path in parted if mode in _FILE_MODES}

    def contents(self, listed: Mapping[str, str], at_most: int) -> dict[str, bytes]:
        """Path → content of files that ``listing`` gave; without those of more than ``at_most`` bytes."""
        names = "".join(f"{name}\n" for name in listed.values()).encode()
        checked = self._git("cat-file", "--batch-check=%(objectname) %(objectsize)", stdin=names) if names else b""
        sizes = [line.split() for line in checked.decode().splitlines()]
        if lost := next((name for name, size in sizes if not size.isdecimal()), None):
            raise GitError(f"the repository lacks {lost}; is this a partial clone?")
        small = [
            (path, name) for (path, name), (_, size) in zip(listed.items(), sizes, strict=True) if int(size) <= at_most
        ]
        contents = self._contents([name.encode() for _, name in small])
        return dict(zip([path for path, _ in small], contents, strict=True))

    def check_recordable(self, ref: str) -> None:
        """Raises where ``ref`` is no full ref name, or is the branch that is checked out: its files would go."""
        if not ref.startswith("refs/") or self._run("check-ref-format", ref).returncode != 0:
            raise GitError(f'"{ref}" is not a full ref name; write one like refs/reconciler/production')
        if f"branch {ref}" in self._git("worktree", "list", "--porcelain").decode("utf-8", "replace").splitlines():
            raise GitError(f'"{ref}" is checked out; record in a ref of its own, like refs/reconciler/production')
        if self._run("symbolic-ref", "--quiet", ref).returncode == 0:
            raise GitError(f'"{ref}" stands for another ref; record in one of its own, like refs/reconciler/production')
        parents = [ref[:at] for at, char in enumerate(ref) if char == "/"]
        taken = self._git("for-each-ref", "--format=%(refname)", f"{ref}/", *parents).decode().split()
        clash = next((one for one in taken if one in parents or one.startswith(f"{ref}/")), None)
        if clash:
            raise GitError(f'"{ref}" cannot be written beside {clash}; choose another name')

    def commit(self, files: Mapping[str, bytes], message: str, parents: Iterable[str | None]) -> str:
        """A commit whose tree is exactly ``files`` (path → content); no ref points to it yet."""
        after = [word for parent in parents if parent for word in ("-p", parent)]
        made = self._git("commit-tree", self._tree(files), *after, "-F", "-", stdin=message.encode())
        return made.decode().strip()

    def move(self, ref: str, commit: str, before: str | None) -> None:
        """Point a ref to a commit, if it still has the value ``before`` (None: does not exist yet)."""
        self._git("update-ref", "-m", "reconciler apply", ref, commit, before or "0" * len(commit))

    def fetch(self, remote: str, ref: str) -> str | None:
        """What a remote's ref points to, None where it has no such ref. Its objects are fetched, no ref is moved."""
        listing = self._git("ls-remote", "--quiet", remote, ref).decode("utf-8", "replace").splitlines()
        name = next((line.split("\t")[0] for line in listing if line.split("\t")[1:] == [ref]), None)
        if name is not None and self._resolve(f"{name}^{{tree}}") is None:
            self._git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote, ref)
        return name

    def push(self, remote: str, ref: str) -> None:
        """Push a ref, never by force.

        By way of a folder of refs, since git takes a plain destination for the tail of a name: where the remote has a
        branch called refs/reconciler/production, the record would land in that branch. A pattern is exact.
        """
        outgoing = f"refs/outgoing-{os.getpid()}-{secrets.token_hex(4)}"  # none that a killed run left behind
        named = f"{outgoing}/{ref.removeprefix('refs/')}"
        self._git("update-ref", named, ref)
        try:
            self._git("push", "--quiet", remote, f"{outgoing}/*:refs/*")
        finally:
            self._run("update-ref", "-d", named)

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
            size = int(answer[at:end].split()[2])
            contents.append(answer[end + 1 : end + 1 + size])
            at = end + 1 + size + 1
        return contents

    def _resolve(self, expression: str) -> str | None:
        """The object name of an expression, None where it names nothing that is here."""
        arguments = ("rev-parse", "--verify", "--quiet", "--end-of-options", expression)
        done = self._run(*arguments)
        if done.returncode == 1:  # 128 has another reason: the repository is another user's, or an object is corrupt
            return None
        return self._success(arguments, done).stdout.decode().strip()

    def _git(self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None) -> bytes:
        return self._checked(*arguments, stdin=stdin, env=env).stdout

    def _checked(
        self, *arguments: str, stdin: bytes = b"", env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return self._success(arguments, self._run(*arguments, stdin=stdin, env=env))

    def _success(
        self, arguments: Sequence[str], done: subprocess.CompletedProcess[bytes]
    ) -> subprocess.CompletedProcess[bytes]:
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
            raise GitError(f"git {arguments[0]}: {said}")
        return done

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
    elsewhere = (
        "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY",
        "GIT_NAMESPACE", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
        "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE",
    )  # fmt: skip
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in elsewhere and not name.startswith("GIT_TRACE") and (value or not name.startswith("GIT_"))
    }
    signed = {
        f"GIT_{role}_{what.upper()}": value for role in ("AUTHOR", "COMMITTER") for what, value in _RECORDER.items()
    }
    return {**signed, **kept, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_LITERAL_PATHSPECS": "1"}
