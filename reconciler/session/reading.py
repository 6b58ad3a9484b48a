"""The first half of every pipeline: settings and files, read and checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reconciler import checks
from reconciler.diagnostics import Diagnostic, Severity, has_errors
from reconciler.files import DirectorySource, Document, RefusedFileError, git, read_regular, top_level
from reconciler.files import settings as settings_file
from reconciler.files.loading import whole_file
from reconciler.files.settings import Settings
from reconciler.session.command_error import Exit, Problem
from reconciler.session.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Files:
    """What a directory of configs holds. ``root`` is the folder that shown paths are relative to."""

    configs: Path
    root: Path
    settings: Settings
    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    count: int

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all that could be read."""
        return frozenset(document.id for document in self.documents)

    @property
    def sources(self) -> Mapping[str, str]:
        """File → text, for renderers that show the line."""
        return {document.file: document.text for document in self.documents}

    def problem(self) -> Problem | None:
        """Why these files cannot be planned with, if anything is wrong with them."""
        errors = [one for one in self.diagnostics if one.severity is Severity.ERROR]
        if not errors:
            return None
        files = len({one.location.file for one in errors})
        said = f"{_count(len(errors), 'error')} in {_count(files, 'file')}; nothing was sent"
        return Problem(Exit.INVALID, "invalid-files", said, diagnostics=self.diagnostics)


def read(configs: Path, *, want_documents: bool = True) -> Files:
    """Read and check everything below ``configs``; what is wrong is in ``diagnostics``, all of it at once."""
    root = top_level(configs)
    settings, found = read_settings(configs)
    source = DirectorySource(configs, root)
    examined = checks.examine(source, settings, want_documents=want_documents)
    diagnostics = sorted([*found, *examined.diagnostics], key=lambda one: one.sort_key)
    return Files(configs, root, settings, tuple(examined.documents), tuple(diagnostics), examined.count)


def read_settings(configs: Path) -> tuple[Settings, list[Diagnostic]]:
    """The settings of a directory, with findings placed as people will look for the file."""
    _refuse_a_way_out(configs)
    path = configs / settings_file.FILE_NAME
    shown = PurePosixPath(shown_path(configs, top_level(configs)), path.name).as_posix()
    if not os.path.lexists(path):
        return Settings(), []
    try:
        content = read_regular(path, settings_file.MAX_BYTES)
    except RefusedFileError as error:
        return Settings(), [whole_file(shown, error.flaw)]
    return settings_file.parse(content, shown)


def _refuse_a_way_out(configs: Path) -> None:
    """A branch may make the configs' folder a link, and so have what is elsewhere on this machine shown or applied."""
    top = git.top_level(Path.cwd())
    if top is None or not Path(os.path.abspath(configs)).is_relative_to(top):  # noqa: PTH100 - links are not followed
        return
    if not configs.resolve().is_relative_to(top):
        message = f"{configs} is a link that leads out of the repository"
        raise Problem(Exit.INVALID, "configs-link-outside", message, "to read that folder, name it with --configs")


def shown_path(path: Path, root: Path) -> str:
    """A path as people see it: from ``root`` where it is below it, else as it is."""
    try:
        return path.resolve().relative_to(root.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def must_be_valid(files: Files) -> Files:
    """The files themselves; raises ``Problem`` with every finding where one is an error."""
    problem = files.problem()
    if problem is not None:
        raise problem
    return files


def settings_must_be_valid(configs: Path) -> Settings:
    """The settings alone, for commands that need no config; raises ``Problem``."""
    settings, found = read_settings(configs)
    if has_errors(found):
        raise Problem(Exit.INVALID, "invalid-settings", "the settings are not valid", diagnostics=found)
    return settings


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def texts(files: set[str], root: Path, terminal: Terminal) -> dict[str, str]:
    """The texts of files that findings speak of, as far as they can be read, for showing."""
    found = {}
    for file in filter(None, files):
        try:
            text = read_regular(root / file).removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except (RefusedFileError, UnicodeDecodeError):
            continue
        found[file] = terminal.redactor.source(text)
    return found
