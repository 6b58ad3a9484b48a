"""``apply --record REF``: git is the state.

A run commits twice to the ref. Before its first write: all its writes as *open* (``record.OpenWrite``), so that a run
that is killed at any moment leaves no drift of its own. At its end: of each config that is now as its file says, that
file; of every other one, the file as it was before; and what is still open. So the next run's base is what file and
live last agreed on, whatever happened to this run.

Each commit follows the one that was read as base. If the ref has moved before the first write, the run ends; later,
the run's own entries are merged into what is there now, config by config.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reconciler.core.record import OpenWrite, Record
from reconciler.files.git import GitError, Repository, Tip
from reconciler.files.settings import Target
from reconciler.model import Outcome, Plan
from reconciler.ports import Payload
from reconciler.session.base_files import BaseFiles, read_base
from reconciler.session.command_error import Exit, Problem
from reconciler.session.entries import Entries, Known, file_bytes, opened
from reconciler.session.reading import Files

_MERGES = 5  # tries to put this run's entries on top of what other runs recorded meanwhile


class Recorder:
    """One run's record. Made before anything is sent, so that a ref that cannot be used stops the run in time."""

    def __init__(
        self,
        ref: str,
        tip: Tip | None,
        files: Files,
        base: BaseFiles | None,
        target: Target,
        *,
        remote: str | None = None,
    ) -> None:
        """``tip`` is what the ref pointed to before the base was read, so that a ref that moves since stops the run.

        ``remote``: also push there. Raises ``GitError`` where the ref cannot be read, ``Problem`` (refused) where it is
        the record of another project.
        """
        self.ref = ref
        self._files = files
        self._target = target
        self._remote = remote
        self._repository = Repository.around(files.configs)
        self._tip = tip
        last = self._last(base)
        if last is not None and not last.base.record.is_about(target.api):
            raise _other_project(ref, str(last.base.record.api_url), target)
        self._before = Entries(
            {**({} if base is None else base.files), **({} if last is None else last.files)},
            last.base.record if last else Record(),
        )
        self._opened: dict[str, OpenWrite] = {}

    @property
    def record(self) -> Record:
        """What the ref held before this run."""
        return self._before.record

    def _last(self, base: BaseFiles | None) -> BaseFiles | None:
        """What the ref holds now, which most often is the base."""
        if self._tip is None:
            return None
        return base if base is not None and base.base.name == self._tip.tree else read_base(self._files, self._tip.name)

    def begin(self, plan: Plan, live: Sequence[Payload]) -> None:
        """Commit all writes of a plan as open, and push that. Raises ``GitError``: then nothing may be written."""
        payloads = {str(one.get("id")): one for one in live}
        before = self._before.record.open
        self._opened = {one.id: opened(one, payloads.get(one.id), before.get(one.id)) for one in plan.writes}
        entries = self._entries(plan, (), payloads, is_applied=True)
        self._tip = self._commit(entries, f"Begin {len(self._opened)} writes to {self._target.name}", plan, self._tip)
        if self._remote is not None:
            self._repository.push(self._remote, self.ref)

    def end(
        self, plan: Plan | None, outcomes: Sequence[Outcome], live: Sequence[Payload] | None, *, is_complete: bool
    ) -> str:
        """Commit what is now known, push it, and return the commit. Raises ``GitError``.

        ``plan`` and ``live`` (what was listed last) are None where the run ended before it had them. ``is_complete`` is
        False where it was refused or failed; if nothing was written either, it says nothing of its commit.
        """
        payloads = None if live is None else {str(one.get("id")): one for one in live}
        entries = self._entries(plan, outcomes, payloads, is_applied=is_complete or bool(self._opened))
        documents = self._files.documents
        applied = sum(entries.files.get(one.id) == (one.file, file_bytes(self._files, one)) for one in documents)
        subject = f"Record {applied} of {len(documents)} configs as applied to {self._target.name}"
        self._commit_merged(entries, subject, plan)
        if self._remote is not None:
            self._push_merged(entries, subject, plan, self._remote)
        assert self._tip is not None
        return self._tip.tree

    def _entries(
        self,
        plan: Plan | None,
        outcomes: Sequence[Outcome],
        live: Mapping[str, Payload] | None,
        *,
        is_applied: bool,
    ) -> Entries:
        known = Known(self._files, self._before, self._opened, plan, outcomes, live)
        commit = plan.commit if is_applied and plan is not None else None
        return known.entries(self._target.api, self._source(commit))

    def _source(self, commit: str | None) -> str | None:
        """The newest commit that was applied: a run that applied nothing, or older files, does not change it."""
        return _newer(self._repository, commit, self._before.record.source)

    # ── the commits ───────────────────────────────────────────────────────────────────────────────────────────────

    def _commit(self, entries: Entries, subject: str, plan: Plan | None, after: Tip | None, *more: str) -> Tip:
        """Commit entries after what the ref pointed to, and move the ref, if it still points there."""
        parents = [after.commit if after else None, *more]
        commit = self._repository.commit(entries.tree(), f"{subject}\n\n{_origin(plan)}", parents)
        self._repository.move(self.ref, commit, after.name if after else None)
        return Tip(commit, commit, commit)

    def _commit_merged(self, entries: Entries, subject: str, plan: Plan | None) -> None:
        """Commit entries; where other runs have moved the ref meanwhile, this run's entries on top of theirs."""
        for left in reversed(range(_MERGES)):
            now = self._repository.tip(self.ref)
            merged = entries if now == self._tip or now is None else self._on_top_of(now.name, entries)
            try:
                self._tip = self._commit(merged, subject, plan, now)
            except GitError:
                if not left or self._repository.tip(self.ref) == now:
                    raise
            else:
                return

    def _push_merged(self, entries: Entries, subject: str, plan: Plan | None, remote: str) -> None:
        """Push; where the remote has moved meanwhile, this run's entries on top of what it has now."""
        for left in reversed(range(_MERGES)):
            try:
                self._repository.push(remote, self.ref)
            except GitError:
                theirs = self._repository.fetch(remote, self.ref)
                if not left or theirs is None or self._tip is None or theirs == self._tip.commit:
                    raise
                merged, ours = self._on_top_of(theirs, entries), self._tip
                self._tip = self._commit(merged, subject, plan, ours, theirs)
            else:
                return

    def _on_top_of(self, theirs: str, entries: Entries) -> Entries:
        """This run's entries on those of other runs; not where one of these has settled or begun the same config."""
        there = _entries_at(self._files, theirs)
        ids = {one for one, write in self._opened.items() if there.record.open.get(one) == write}
        source = _newer(self._repository, entries.record.source, there.record.source)
        merged = there.with_those_of(entries, ids)
        return Entries(merged.files, replace(merged.record, source=source))


def usable(files: Files, ref: str, remote: str | None) -> Tip | None:
    """What a record's ref points to, once it is up to date with the remote's. Raises ``GitError``."""
    repository = Repository.around(files.configs)
    repository.check_recordable(ref)
    if remote is not None:
        _fetch(repository, files, ref, remote)
    return repository.tip(ref)


def _fetch(repository: Repository, files: Files, ref: str, remote: str) -> None:
    """Move a ref on to what a remote has, by a merge where both have moved: a push may have failed before."""
    theirs, ours = repository.fetch(remote, ref), repository.tip(ref)
    if theirs is None or (ours is not None and theirs in (ours.name, ours.tree)):
        return
    if ours is None or (ours.commit is not None and repository.is_ancestor(ours.commit, theirs)):
        repository.move(ref, theirs, ours.name if ours else None)
    elif ours.commit is None or not repository.is_ancestor(theirs, ours.commit):
        here, there = _entries_at(files, ours.name), _entries_at(files, theirs)
        source = _newer(repository, here.record.source, there.record.source)
        both = here.newer_of(there)
        merged = Entries(both.files, replace(both.record, source=source))
        parents = [ours.commit, theirs]
        repository.move(ref, repository.commit(merged.tree(), f"Merge the record at {remote}\n", parents), ours.name)


def _entries_at(files: Files, treeish: str) -> Entries:
    there = read_base(files, treeish)
    return Entries(there.files, there.base.record)


def _newer(repository: Repository, one: str | None, other: str | None) -> str | None:
    """Of two commits the one that does not come before the other; the first where neither does."""
    if one is None or (other is not None and repository.is_ancestor(one, other)):
        return other
    return one


def _other_project(ref: str, recorded: str, target: Target) -> Problem:
    return Problem(
        Exit.REFUSED,
        "record-of-another-target",
        f"{ref} is the record of {recorded}, and this target is {target.api}; nothing was sent",
        "did `api` or --api-url change? Each project needs a record of its own: "
        f"if {target.name} is another project now, name another ref",
    )


def _origin(plan: Plan | None) -> str:
    if plan is None:
        return "no plan was made\n"
    return f"source: {plan.commit or 'none'}\nbase: {plan.base or 'none'}\ndigest: {plan.digest}\n"
