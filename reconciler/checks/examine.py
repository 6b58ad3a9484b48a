"""Load and check every file of a source, in as many processes as there are cores and past a threshold.

A process that is forked starts with everything imported, and sends back what it found as one pickle. Which process
took which file never shows: findings and documents are sorted at the end.
"""

from __future__ import annotations

import os
import pickle
import signal
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.checks import identity
from reconciler.checks.all_checks import check_one, with_severities
from reconciler.checks.identity import Identity
from reconciler.diagnostics import Diagnostic

if TYPE_CHECKING:
    from reconciler.files import Document, File, Source
    from reconciler.files.settings import Settings

WORTH_A_PROCESS = 200
"""So many files pay for another process."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of a source's files. ``documents`` are sorted by file, ``diagnostics`` by place.

    ``count`` is the number of files that were looked at.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    count: int


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process made of its files."""

    documents: list[Document]
    diagnostics: list[Diagnostic]
    identities: list[Identity]


def examine(source: Source, settings: Settings, *, jobs: int | None = None, want_documents: bool = True) -> Examined:
    """Every file of a source, loaded and checked; the same result for any number of ``jobs`` (None: by the cores).

    Without ``want_documents`` none come back, which saves sending them between processes.
    """
    files, found = source.files()
    workers = min(_cores(), 1 + len(files) // WORTH_A_PROCESS) if jobs is None else jobs
    shares = _spread(files, min(workers, len(files)), lambda some: _examine(some, settings, want_documents))
    documents = {document.file: document for share in shares for document in share.documents}
    diagnostics = [*found, *(one for share in shares for one in share.diagnostics)]
    by_path = {file.path: file for file in files}

    def document_of(path: str) -> Document:
        return documents.get(path) or _load(by_path[path])

    diagnostics += identity.clashes((one for share in shares for one in share.identities), document_of)
    return Examined(
        tuple(documents[path] for path in sorted(documents)),
        tuple(with_severities(diagnostics, settings)),
        len(files),
    )


def _examine(files: Sequence[File], settings: Settings, want_documents: bool) -> _Share:
    from reconciler.files import load_file

    share = _Share([], [], [])
    for file in files:
        document, found = load_file(file)
        if document is not None:
            found = [*(replace(one, id=document.id) for one in found), *check_one(document, settings)]
            share.identities.append(identity.identity(document))
            if want_documents:
                share.documents.append(document)
        share.diagnostics.extend(found)
    return share


def _load(file: File) -> Document:
    from reconciler.files import load_file

    document, _ = load_file(file)
    assert document is not None  # it had an identity a moment ago
    return document


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _spread(files: Sequence[File], workers: int, work: Callable[[Sequence[File]], _Share]) -> list[_Share]:
    """The files' shares of work: one is done here, the others in processes of their own meanwhile.

    A share whose process died is done here as well, so that a bug shows as itself. Where other threads run nothing is
    forked: they might hold a lock.
    """
    if workers < 2 or not hasattr(os, "fork") or threading.active_count() > 1:
        return [work(files)]
    portions = [files[first::workers] for first in range(workers)]
    children = [_fork(portion, work) for portion in portions[1:]]
    try:
        done = [work(portions[0])]
        done += [child.result() or work(portion) for child, portion in zip(children, portions[1:], strict=True)]
    finally:
        for child in children:
            child.end()
    return done


@dataclass(frozen=True, slots=True)
class _Child:
    """A process that works on a share; ``pipe`` is where its pickle comes out."""

    process: int
    pipe: int

    def result(self) -> _Share | None:
        """The share, or None where the process did not get so far."""
        with os.fdopen(self.pipe, "rb", closefd=False) as stream:
            content = stream.read()
        try:
            share = pickle.loads(content)  # noqa: S301 — from our own fork
        except (EOFError, pickle.UnpicklingError):
            return None
        return share if isinstance(share, _Share) else None

    def end(self) -> None:
        """Stop it if it still runs, and leave nothing behind."""
        os.close(self.pipe)
        with suppress(ProcessLookupError):
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)


def _fork(files: Sequence[File], work: Callable[[Sequence[File]], _Share]) -> _Child:
    readable, writable = os.pipe()
    process = os.fork()
    if process:
        os.close(writable)
        return _Child(process, readable)
    code = 1
    try:
        os.close(readable)
        with os.fdopen(writable, "wb") as stream:
            pickle.dump(work(files), stream, pickle.HIGHEST_PROTOCOL)
        code = 0
    finally:
        os._exit(code)  # never back into the parent's code, nor its buffers and handlers
