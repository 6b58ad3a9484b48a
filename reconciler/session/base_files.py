"""The base of a three-way plan: the files of a git commit or tree, and the record in it, if it has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from reconciler.core import normalize, record
from reconciler.core.base import Base
from reconciler.core.record import Record, RecordError
from reconciler.diagnostics import has_errors
from reconciler.files import Document, File, TreeSource, load_file
from reconciler.files.document import FORMATS
from reconciler.files.file_limits import MAX_BYTES
from reconciler.files.git import GitError, Repository
from reconciler.files.settings import FILE_NAME, Settings
from reconciler.files.sources import TreeFile
from reconciler.model import Resource
from reconciler.session.reading import Files

_MAX_RECORD_BYTES = 512 * 1024 * 1024  # the bodies of thousands of writes that were cut off at once


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """A base as plans need it, and as the next record needs it: id → (path, content) of its files.

    ``recorded_at`` is when it was committed, in epoch seconds; None for a tree.
    """

    base: Base
    files: dict[str, tuple[str, bytes]]
    recorded_at: float | None = None


def read_base(files: Files, ref: str) -> BaseFiles:
    """The files as they stand at a commit or tree, read by the same code under today's settings, matched by id.

    Raises ``GitError`` where it is not there, or cannot be read whole.
    """
    repository = Repository.around(files.configs)
    treeish = repository.resolve(ref)
    known = _record(repository, treeish, ref)
    listed, folder = _listed(repository, treeish, files) if known is None else _all(repository, treeish)
    contents = repository.contents(listed, MAX_BYTES)
    entries = _recorded(contents) if folder is None else TreeSource(contents, below=folder).files()[0]
    today = {document.file: document for document in files.documents}
    resources: dict[str, Resource | None] = {}
    found: dict[str, tuple[str, bytes]] = {}
    for entry in entries:
        config_id, resource = _as_it_was(entry, today.get(entry.path), files.settings)
        resources[config_id] = resource
        found[config_id] = (entry.path, contents[entry.path])
    return BaseFiles(Base(treeish, resources, known or Record()), found, repository.committed_at(treeish))


def folder_of(files: Files) -> str:
    """The configs' folder as git sees it, from the top level; "" for the top level itself. Raises ``GitError``."""
    top = Repository.around(files.configs).top.resolve()
    folder = files.configs.resolve().relative_to(top).as_posix()
    return "" if folder == "." else folder


def _record(repository: Repository, treeish: str, ref: str) -> Record | None:
    """What the tree's last run wrote down; None where the tree is not a run's."""
    listed = repository.listing(treeish, record.PATH)
    if not listed:
        return None
    try:
        return record.from_text(repository.contents(listed, _MAX_RECORD_BYTES).get(record.PATH, b""))
    except RecordError as error:
        raise GitError(f"{record.PATH} in {ref} cannot be read: {error}") from error


def _all(repository: Repository, treeish: str) -> tuple[dict[str, str], None]:
    """Every file of a record, which holds nothing but configs, wherever their folder was when each was applied."""
    return _configs(repository.listing(treeish)), None


def _recorded(contents: Mapping[str, bytes]) -> list[File]:
    return [
        TreeFile(path, FORMATS[PurePosixPath(path).suffix], content)
        for path, content in sorted(contents.items())
        if path != record.PATH
    ]


def _listed(repository: Repository, treeish: str, files: Files) -> tuple[dict[str, str], str]:
    """The config files of a commit or tree that no run recorded (path → object name), and the folder that they are in.

    That is today's folder, or else the one that holds today's files: the folder may have been moved since, or the tree
    be that folder itself. Nothing else of a repository is ever read.
    """
    folder = folder_of(files)
    if listed := _configs(repository.listing(treeish, folder)):
        return listed, folder
    everything = repository.listing(treeish)
    then = _folder_then(everything, (_inner(document.file, folder) for document in files.documents))
    if then is None:
        return {}, folder
    return {path: name for path, name in _configs(everything).items() if _is_below(path, then)}, then


def _configs(listed: Mapping[str, str]) -> dict[str, str]:
    return {path: name for path, name in listed.items() if PurePosixPath(path).suffix in FORMATS}


def _folder_then(paths: Iterable[str], today: Iterable[str]) -> str | None:
    """The folder of a tree that has most of today's files at their places below it; None where none has half of them.

    Half are not needed where it has settings of ours, or where the tree has no file that is not below it.
    """
    everything, inners = list(paths), list(today)
    by_name: dict[str, list[str]] = {}
    for inner in inners:
        by_name.setdefault(PurePosixPath(inner).name, []).append(inner)
    votes: Counter[str] = Counter()
    for path in everything:
        for inner in by_name.get(PurePosixPath(path).name, ()):
            if f"/{path}".endswith(f"/{inner}"):
                votes[path.removesuffix(inner).rstrip("/")] += 1
    settings = {str(PurePosixPath(path).parent).removeprefix(".") for path in everything if _is_settings(path)}
    for folder, count in sorted(votes.items(), key=lambda vote: (vote[0] not in settings, -vote[1], len(vote[0]))):
        if folder in settings or count * 2 >= len(inners) or all(_is_below(path, folder) for path in everything):
            return folder
    return None


def _is_settings(path: str) -> bool:
    return PurePosixPath(path).name == FILE_NAME


def _is_below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _inner(path: str, folder: str) -> str:
    return path.removeprefix(f"{folder}/") if folder else path


def _as_it_was(entry: File, now: Document | None, settings: Settings) -> tuple[str, Resource | None]:
    """The id of a file of the base and what it asked for then, None where that cannot be read today.

    What merely would not pass today's checks is read all the same. A file that cannot be parsed goes by the id of
    the one that stands in its place now, or else by its name.
    """
    if now is not None and entry.read() == now.text.encode():
        return now.id, normalize.desired(now, settings.unmanaged_fields)
    document, findings = load_file(entry)
    if document is None:
        return (now.id if now is not None else PurePosixPath(entry.path).stem), None
    if has_errors(findings):
        return document.id, None
    try:
        return document.id, normalize.desired(document, settings.unmanaged_fields)
    except (AttributeError, KeyError, TypeError, ValueError):  # a shape that the checks would have refused
        return document.id, None
