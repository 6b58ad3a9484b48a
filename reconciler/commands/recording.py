"""``apply --record REF``: git is the state.

A run commits twice to the ref. Before its first write: all its writes as *open* (``record.OpenWrite``), so that a run
that is killed at any moment leaves no drift of its own. At its end: of each config that is now as its file says, that
file; of every other one, the file as it was before; and what is still open. So the next run's base is what file and
live last agreed on, whatever happened to this run.

Each commit follows the one that was read as base. If the ref has moved before the first write, the run ends; later,
the run's own entries are merged into what is there now, config by config.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from reconciler import record as records
from reconciler.apply import may_be_live
from reconciler.commands.bases import BaseFiles, folder_of, read_base
from reconciler.commands.files import Files
from reconciler.commands.planning import desired_of, head
from reconciler.commands.problems import Exit, Problem
from reconciler.diff import diff
from reconciler.documents import Document
from reconciler.dynamic_config.fields import CONFIG
from reconciler.fingerprint import fingerprint, version
from reconciler.git import GitError, Repository, Tip
from reconciler.model import Action, Change, Outcome, Plan, Resource, Status
from reconciler.normalize import PayloadError
from reconciler.normalize import live as normalized
from reconciler.ports import Payload
from reconciler.record import OpenWrite, Record
from reconciler.settings import Target
from reconciler.unarchive import unarchived

_BOM = b"\xef\xbb\xbf"
_MERGES = 5  # tries to put this run's entries on top of what other runs recorded meanwhile

ConfigFiles = Mapping[str, tuple[str, bytes]]
"""Id → (path, content)."""


@dataclass(frozen=True, slots=True)
class _State:
    """The contents of one record commit."""

    files: ConfigFiles
    record: Record

    def with_entries(self, ours: _State, ids: set[str]) -> _State:
        """This state, with another one's entries of some configs in place of its own."""
        files = _replaced(self.files, ours.files, ids & ours.files.keys())
        return _State(
            files,
            replace(
                self.record,
                api_url=ours.record.api_url,
                source=ours.record.source,
                configs=ours.record.configs,
                versions=_replaced(self.record.versions, ours.record.versions, ids),
                open=_replaced(self.record.open, ours.record.open, ids),
            ),
        )


def _replaced(theirs: Mapping[str, Any], ours: Mapping[str, Any], ids: Collection[str]) -> dict[str, Any]:
    kept = {config_id: one for config_id, one in theirs.items() if config_id not in ids}
    return kept | {config_id: one for config_id, one in ours.items() if config_id in ids}


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
        self._before = _State(
            {**({} if base is None else base.files), **({} if last is None else last.files)},
            last.base.record if last else Record(),
        )
        self._opened: dict[str, OpenWrite] = {}

    def _last(self, base: BaseFiles | None) -> BaseFiles | None:
        """What the ref holds now, which most often is the base."""
        if self._tip is None:
            return None
        return base if base is not None and base.base.name == self._tip.tree else read_base(self._files, self._tip.name)

    def begin(self, plan: Plan, live: Sequence[Payload]) -> None:
        """Commit all writes of a plan as open, and push that. Raises ``GitError``: then nothing may be written."""
        payloads = {str(one.get("id")): one for one in live}
        self._opened = {one.id: _opened(one, payloads.get(one.id)) for one in plan.writes}
        state = self._state(plan, (), payloads)
        self._tip = self._commit(state, f"Begin {len(self._opened)} writes to {self._target.name}", plan, self._tip)
        if self._remote is not None:
            self._repository.push(self._remote, self.ref)

    def end(self, plan: Plan | None, outcomes: Sequence[Outcome], live: Sequence[Payload] | None) -> str:
        """Commit what is now known, push it, and return the commit. Raises ``GitError``.

        ``plan`` and ``live`` (what was listed last) are None where the run ended before it had them.
        """
        state = self._state(plan, outcomes, None if live is None else {str(one.get("id")): one for one in live})
        applied = sum(state.files.get(one.id) == (one.file, self._bytes(one)) for one in self._files.documents)
        subject = f"Record {applied} of {len(self._files.documents)} configs as applied to {self._target.name}"
        self._commit_merged(state, subject, plan)
        if self._remote is not None:
            self._push_merged(state, subject, plan, self._remote)
        assert self._tip is not None
        return self._tip.tree

    # ── what a commit holds ───────────────────────────────────────────────────────────────────────────────────────

    def _state(self, plan: Plan | None, outcomes: Sequence[Outcome], live: Mapping[str, Payload] | None) -> _State:
        settled = self._settled(outcomes, live or {})
        applied = {one.id: (one.file, self._bytes(one)) for one in self._files.documents if one.id in settled}
        applied = self._as_planned(plan, outcomes, applied) | applied
        known = {one.id for one in self._files.documents}

        def is_there(config_id: str) -> bool:
            return config_id in known or live is None or config_id in live

        kept = {one: file for one, file in self._before.files.items() if one not in applied and is_there(one)}
        still = {
            one: write for one, write in self._still_open(outcomes).items() if one not in applied and is_there(one)
        }
        return _State(
            {**applied, **kept},  # where paths clash, what was applied keeps its own
            Record(
                self._target.api,
                self._source(plan.commit if plan else head(self._files.configs)),
                folder_of(self._files),
                self._versions({*applied, *kept, *still}, outcomes, live),
                still,
            ),
        )

    def _source(self, commit: str | None) -> str | None:
        """The newer one of the commits that this run and the one before it were made from: it never goes back."""
        before = self._before.record.source
        if commit is None or (before is not None and self._repository.is_ancestor(commit, before)):
            return before
        return commit

    def _still_open(self, outcomes: Sequence[Outcome]) -> dict[str, OpenWrite]:
        """The entries but for what was not sent: there the one before this run's counts again, if there was one."""
        ended = {one.change.id: one for one in outcomes}
        found = dict(self._before.record.open)
        for config_id, write in self._opened.items():
            outcome = ended.get(config_id)
            if outcome is None or may_be_live(outcome):
                found[config_id] = replace(write, read=None if outcome is None else _writable(outcome.read))
        return found

    def _versions(
        self, ids: Collection[str], outcomes: Sequence[Outcome], live: Mapping[str, Payload] | None
    ) -> dict[str, int]:
        """Live's versions as last seen; the list may lag behind the answer to a write."""
        if live is None:
            return {one: seen for one, seen in self._before.record.versions.items() if one in ids}
        listed = {one: version(live.get(one)) or 0 for one in ids}
        answered = {one.change.id: one.version or 0 for one in outcomes if one.change.id in ids}
        return {one: seen for one in listed if (seen := max(listed[one], answered.get(one, 0)))}

    def _as_planned(
        self, plan: Plan | None, outcomes: Sequence[Outcome], settled: Collection[str]
    ) -> dict[str, tuple[str, bytes]]:
        """Of what a saved plan wrote and today's files say otherwise, the files of the commit that it was made of."""
        written = {one.change.id: one.change.body for one in outcomes if one.status is Status.VERIFIED}
        changed = written.keys() - settled
        if not changed or plan is None or plan.commit is None:
            return {}
        try:
            then = read_base(self._files, plan.commit)
        except GitError:  # that commit is not here: what was written stays open, and so is the next run's base
            return {}
        resources = {config_id: then.base.resources.get(config_id) for config_id in changed}
        return {
            config_id: then.files[config_id]
            for config_id, desired in resources.items()
            if desired is not None and _is_equal(desired, {"id": config_id, **written[config_id]})
        }

    def _bytes(self, document: Document) -> bytes:
        """The file to the byte, BOM included; what was read of it, should it have changed since."""
        read = document.text.encode()
        now = self._files.root / document.file
        try:
            content = b"" if now.is_symlink() else now.read_bytes()
        except OSError:
            return read
        return content if content == _BOM + read else read

    def _settled(self, outcomes: Sequence[Outcome], live: Mapping[str, Payload]) -> set[str]:
        """Ids of configs that are now as their file says: verified by this run, or equal without it."""
        found = {one.change.id: one for one in outcomes}
        settled = set()
        for desired in desired_of(self._files.documents, self._files.settings):
            outcome = found.get(desired.id)
            if outcome is None:
                now = None if desired.id in self._opened else live.get(desired.id)
            elif outcome.status is Status.VERIFIED:  # a saved plan may have been made from other files than these
                body = outcome.change.body  # empty where it was only unarchived, and so was equal all along
                now = {"id": desired.id, **body} if body else live.get(desired.id)
            else:
                now = None
            if now is not None and _is_equal(desired, now):
                settled.add(desired.id)
        return settled

    # ── the commits ───────────────────────────────────────────────────────────────────────────────────────────────

    def _commit(self, state: _State, subject: str, plan: Plan | None, after: Tip | None, *more: str) -> Tip:
        """Commit a state after what the ref pointed to, and move the ref, if it still points there."""
        files = _tree(state.files.values(), folder_of(self._files))
        files[records.PATH] = records.to_text(state.record).encode()
        parents = [after.commit if after else None, *more]
        commit = self._repository.commit(files, f"{subject}\n\n{_origin(plan)}", parents)
        self._repository.move(self.ref, commit, after.name if after else None)
        return Tip(commit, commit, commit)

    def _commit_merged(self, state: _State, subject: str, plan: Plan | None) -> None:
        """Commit a state; where other runs have moved the ref meanwhile, this run's entries on top of theirs."""
        for left in reversed(range(_MERGES)):
            now = self._repository.tip(self.ref)
            merged = state if now == self._tip or now is None else self._on_top_of(now.name, state)
            try:
                self._tip = self._commit(merged, subject, plan, now)
            except GitError:
                if not left or self._repository.tip(self.ref) == now:
                    raise
            else:
                return

    def _push_merged(self, state: _State, subject: str, plan: Plan | None, remote: str) -> None:
        """Push; where the remote has moved meanwhile, this run's entries on top of what it has now."""
        for left in reversed(range(_MERGES)):
            try:
                self._repository.push(remote, self.ref)
            except GitError:
                theirs = self._repository.fetch(remote, self.ref)
                if not left or theirs is None or self._tip is None or theirs == self._tip.commit:
                    raise
                merged, ours = self._on_top_of(theirs, state), self._tip
                self._tip = self._commit(merged, subject, plan, ours, theirs)
            else:
                return

    def _on_top_of(self, theirs: str, state: _State) -> _State:
        there = read_base(self._files, theirs)
        return _State(there.files, there.base.record).with_entries(state, set(self._opened))


def usable(configs: Path, ref: str, remote: str | None) -> Tip | None:
    """What a record's ref points to, once it is up to date with the remote's. Raises ``GitError``."""
    repository = Repository.around(configs)
    repository.check_recordable(ref)
    if remote is not None:
        _fetch(repository, ref, remote)
    return repository.tip(ref)


def _fetch(repository: Repository, ref: str, remote: str) -> None:
    """Move a ref on to what a remote has; raises ``GitError`` also where both have moved."""
    theirs, ours = repository.fetch(remote, ref), repository.tip(ref)
    if theirs is None or (ours is not None and theirs in (ours.name, ours.tree)):
        return
    if ours is None or (ours.commit is not None and repository.is_ancestor(ours.commit, theirs)):
        repository.move(ref, theirs, ours.name if ours else None)
    elif ours.commit is None or not repository.is_ancestor(theirs, ours.commit):
        raise GitError(
            f"{ref} here and at {remote} have both moved on; if the one at {remote} is right: "
            f"git fetch {remote} +{ref}:{ref}"
        )


def _opened(change: Change, live: Payload | None) -> OpenWrite:
    """A write that is about to begin, and what it was planned against."""
    if change.live is None or live is None:
        return OpenWrite(change.body, None, None)
    body = change.body or _writable(live) or {}  # what is only unarchived is written as it is
    between = fingerprint(normalized(unarchived(live))) if change.action is Action.UNARCHIVE else None
    return OpenWrite(body, change.live.fingerprint, version(live), between=between)


def _writable(payload: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if payload is None else {name: given for name, given in payload.items() if name in CONFIG}


def _other_project(ref: str, recorded: str, target: Target) -> Problem:
    return Problem(
        Exit.REFUSED,
        "record-of-another-target",
        f"{ref} is the record of {recorded}, and this target is {target.api}; nothing was sent",
        "record in a ref of this target's own, like refs/reconciler/" + target.name,
    )


def _origin(plan: Plan | None) -> str:
    if plan is None:
        return "no plan was made\n"
    return f"source: {plan.commit or 'none'}\nbase: {plan.base or 'none'}\ndigest: {plan.digest}\n"


def _is_equal(desired: Resource, payload: Payload) -> bool:
    try:
        return not diff(desired, normalized(payload))
    except PayloadError:
        return False


def _tree(files: Iterable[tuple[str, bytes]], folder: str) -> dict[str, bytes]:
    """Where two configs' files have one path, the later one goes into a folder of its own.

    So does one from where the configs used to be, since the next run looks where they are now. Its name stays, since
    a file without an ``id`` is named by it.
    """
    tree: dict[str, bytes] = {}
    for path, content in files:
        free = PurePosixPath(path)
        if not free.is_relative_to(folder):
            free = PurePosixPath(folder, "before", free.name)
        while str(free) in tree:
            free = free.parent / "before" / free.name
        tree[str(free)] = content
    return tree
