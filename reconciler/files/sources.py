"""Where configs come from: a directory on disk, or the files of a git tree.

A directory is untrusted input: a pull request may put links, pipes and devices there. So links are never followed,
only regular files are opened, and no more of one is read than could be accepted.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from reconciler.diagnostics import Diagnostic, Location, has_errors
from reconciler.files import flaws
from reconciler.files.document import FORMATS, Format
from reconciler.files.file_limits import MAX_BYTES
from reconciler.files.flaws import Flaw

_ORDINARY_BYTES = 64 * 1024  # nearly every file is shorter; asking for more sets more memory aside, each time
_LFS_POINTER = b"version https://git-lfs.github.com/spec/v"

_LOOKALIKES = {*FORMATS, ".jsonc"}  # endings, in lower case, that people take for a config's


class RefusedFileError(Exception):
    """A file that cannot be read, or must not be."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw


class File(Protocol):
    """A config's file; picklable, so that a worker process can read it."""

    @property
    def path(self) -> str:
        """As people are shown it: relative to the git top level, with ``/``."""
        ...

    @property
    def format(self) -> Format: ...

    def read(self) -> bytes:
        """The content, perhaps cut off beyond the size that is accepted; raises ``RefusedFileError``."""
        ...


class Source(Protocol):
    def files(self) -> tuple[list[File], list[Diagnostic]]:
        """The configs' files in the order of their paths, and what is wrong with the others."""
        ...


@dataclass(frozen=True, slots=True)
class DiskFile:
    """A file below a directory of configs; ``location`` is where it is on this machine."""

    path: str
    format: Format
    location: str

    def read(self) -> bytes:
        # A link or a pipe may have taken the file's place since it was listed.
        return read_regular(self.location)


def read_regular(location: str | Path, most: int = MAX_BYTES, *, follow_link: bool = False) -> bytes:
    """A regular file's content, cut off somewhere beyond ``most`` bytes; raises ``RefusedFileError``.

    Never waits for a pipe, and never reads a device. ``follow_link`` is for files that a person named.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow_link else os.O_NOFOLLOW)
    try:
        with open(location, "rb", opener=lambda path, _: os.open(path, flags)) as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise RefusedFileError(flaws.not_a_regular_file())
            content = stream.read(min(most + 1, _ORDINARY_BYTES))
            content += stream.read(most) if len(content) == _ORDINARY_BYTES else b""
    except OSError as error:
        is_link = error.errno == errno.ELOOP and not follow_link
        reason = "it is a link, and links are not followed" if is_link else error.strerror or str(error)
        raise RefusedFileError(flaws.unreadable(reason)) from error
    if content.startswith(_LFS_POINTER):
        raise RefusedFileError(flaws.git_lfs_pointer())
    return content


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a git tree."""

    path: str
    format: Format
    content: bytes

    def read(self) -> bytes:
        return self.content


class TreeSource:
    """The configs among files that were read from git, by the path that people are shown."""

    def __init__(self, contents: Mapping[str, bytes], below: str = "") -> None:
        """``below`` is the configs' folder: only the names under it are looked at for a leading ``.`` or ``_``."""
        self.contents = contents
        self.below = PurePosixPath(below)

    def files(self) -> tuple[list[File], list[Diagnostic]]:
        files: list[File] = []
        for path, content in sorted(self.contents.items()):
            shown = PurePosixPath(path)
            inner = shown.relative_to(self.below) if shown.is_relative_to(self.below) else shown
            text_format = FORMATS.get(shown.suffix)
            if text_format is not None and not any(_is_skipped(part) for part in inner.parts):
                files.append(TreeFile(path, text_format, content))
        return files, []


class DirectorySource:
    """The configs below a directory, at any depth."""

    def __init__(self, configs: Path, shown_root: Path | None = None) -> None:
        """Paths are shown relative to ``shown_root``: by default the git top level, or else the current directory."""
        self.configs = configs.resolve()
        self.shown_root = shown_root.resolve() if shown_root else top_level(configs)

    def files(self) -> tuple[list[File], list[Diagnostic]]:
        shown = self.shown(self.configs)
        if not self.configs.is_dir():
            return [], [_whole_file(shown, flaws.configs_missing(shown))]
        files: list[File] = []
        refused: list[Diagnostic] = []
        for entry in _entries(self.configs, refused, self.shown):
            path = self.shown(entry.path)
            text_format = FORMATS.get(PurePosixPath(entry.name).suffix)
            flaw = self.flaw(entry, text_format)
            if flaw is not None:
                refused.append(_whole_file(path, flaw))
            elif text_format is not None:
                files.append(DiskFile(path, text_format, entry.path))
        if not files and not has_errors(refused):
            refused.append(_whole_file(shown, flaws.configs_empty(shown)))
        return sorted(files, key=lambda file: file.path), sorted(refused, key=lambda one: one.sort_key)

    def flaw(self, entry: os.DirEntry[str], text_format: Format | None) -> Flaw | None:
        """Why an entry that is no folder is not read, although it could be meant as a config."""
        if entry.is_symlink():
            link = Path(entry.path)
            target = Path(os.path.realpath(link))  # Path.resolve raises where links lead in a circle
            if not target.is_relative_to(self.configs):
                return flaws.symlink_outside(_printable(str(link.readlink())))
            return flaws.symlink_inside(self.shown(target)) if text_format or target.is_dir() else None
        if text_format is None:
            ending = PurePosixPath(entry.name).suffix
            return flaws.ending_not_read(ending) if ending.lower() in _LOOKALIKES else None
        if not _is_utf8(entry.name):
            return flaws.name_not_utf8()
        return None if entry.is_file(follow_symlinks=False) else flaws.not_a_regular_file()

    def shown(self, path: str | Path) -> str:
        below = f"{self.shown_root}/"
        whole = str(path)
        # What relpath would say of nearly every file, in a tenth of its time.
        return _printable(
            whole.removeprefix(below) if whole.startswith(below) else os.path.relpath(path, self.shown_root)
        )


def top_level(configs: Path) -> Path:
    """The git top level that a directory is in, or else the current directory."""
    start = configs.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), Path.cwd())


def _entries(configs: Path, refused: list[Diagnostic], shown: Callable[[str], str]) -> Iterator[os.DirEntry[str]]:
    """Everything below a directory that is no folder and not skipped by its name; links are not followed."""
    folders = [str(configs)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as scan:
                entries = [entry for entry in scan if not _is_skipped(entry.name)]
        except OSError as error:
            refused.append(_whole_file(shown(folder), flaws.folder_unreadable(error.strerror or str(error))))
            continue
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                yield entry


def _is_skipped(name: str) -> bool:
    return name.startswith((".", "_"))


def _is_utf8(name: str) -> bool:
    return name == _printable(name)


def _printable(name: str) -> str:
    """A file's name with what is no UTF-8 in it replaced: Python holds such bytes as lone surrogates."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _whole_file(path: str, flaw: Flaw) -> Diagnostic:
    return Diagnostic(flaw.severity, flaw.code, flaw.message, Location(path), flaw.hint)
