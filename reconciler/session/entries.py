"""What a run records: of each config its file as it was applied, or a write of which nobody knows how it ended.

Nothing here touches git's refs; ``recording`` puts these entries into commits.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from reconciler.apply.execution import may_be_live
from reconciler.apply.unarchiving import unarchived
from reconciler.core import normalize
from reconciler.core import record as records
from reconciler.core.base import what_live_holds
from reconciler.core.diff import diff
from reconciler.core.fingerprint import fingerprint, version
from reconciler.core.normalize import PayloadError
from reconciler.core.record import OpenWrite, Record
from reconciler.dynamic_config.fields import CONFIG
from reconciler.files import Document
from reconciler.files.git import GitError
from reconciler.model import Action, Change, Outcome, Plan, Resource, Status
from reconciler.ports import Payload
from reconciler.session.base_files import folder_of, read_base
from reconciler.session.pipeline import desired_of
from reconciler.session.reading import Files

_BOM = b"\xef\xbb\xbf"

ConfigFiles = Mapping[str, tuple[str, bytes]]
"""Id → (path, content)."""


@dataclass(frozen=True, slots=True)
class Entries:
    """The contents of one record commit."""

    files: ConfigFiles
    record: Record

    def with_those_of(self, ours: Entries, ids: set[str]) -> Entries:
        """These entries, with another run's of some configs in place of their own."""
        files = _replaced(self.files, ours.files, ids & ours.files.keys())
        versions = _replaced(self.record.versions, ours.record.versions, ids)
        still_open = _replaced(self.record.open, ours.record.open, ids)
        return Entries(files, replace(ours.record, versions=versions, open=still_open))

    def newer_of(self, theirs: Entries) -> Entries:
        """Two records that went apart, as one: of each config the entry that saw the later version of it."""
        ours = {one for one, seen in self.record.versions.items() if seen > theirs.record.versions.get(one, 0)}
        return theirs.with_those_of(self, ours)

    def tree(self) -> dict[str, bytes]:
        """Path → content of all that is committed. Where two configs' files have one path, the later one moves.

        Its name stays, since a file without an ``id`` is named by it.
        """
        tree = {records.PATH: records.to_text(self.record).encode()}
        folders: set[str] = set()
        for path, content in self.files.values():
            free = PurePosixPath(path)
            while str(free) in tree or str(free) in folders or not tree.keys().isdisjoint(_above(free)):
                free = free.parent / "before" / free.name
            tree[str(free)] = content
            folders |= _above(free)
        return tree


def _above(path: PurePosixPath) -> set[str]:
    """The folders that a path is in."""
    return {str(folder) for folder in path.parents}


def _replaced(theirs: Mapping[str, Any], ours: Mapping[str, Any], ids: Collection[str]) -> dict[str, Any]:
    kept = {config_id: one for config_id, one in theirs.items() if config_id not in ids}
    return kept | {config_id: one for config_id, one in ours.items() if config_id in ids}


@dataclass(frozen=True, slots=True)
class Known:
    """What a run knows at one moment, beside the ``files`` and the entries of ``before``.

    ``opened`` are the writes that this run has begun. ``plan`` and ``live`` (id → payload, as listed last) are None
    where the run ended before it had them.
    """

    files: Files
    before: Entries
    opened: Mapping[str, OpenWrite]
    plan: Plan | None
    outcomes: Sequence[Outcome]
    live: Mapping[str, Payload] | None

    def entries(self, api_url: str, source: str | None) -> Entries:
        """What is to be recorded of all that."""
        settled = self._settled()
        applied = {one.id: (one.file, file_bytes(self.files, one)) for one in self.files.documents if one.id in settled}
        applied = self._as_planned(applied) | applied
        gone = self._gone() | applied.keys()
        kept = {one: file for one, file in self.before.files.items() if one not in gone}
        still = {one: write for one, write in self._open().items() if one not in gone}
        versions = self._versions({*applied, *kept, *still})
        # Where paths clash, what was applied keeps its own.
        return Entries({**applied, **kept}, Record(api_url, source, folder_of(self.files), versions, still))

    def _gone(self) -> set[str]:
        """Configs of before that have neither a file nor a live state any more, as far as live is known."""
        known = {*self.before.files, *self.before.record.open}
        return set() if self.live is None else known - self.live.keys() - self.files.ids

    def _open(self) -> dict[str, OpenWrite]:
        """The entries but for what was not sent: there the one before this run's counts again, if there was one."""
        ended = {one.change.id: one for one in self.outcomes}
        found = dict(self.before.record.open)
        for config_id, write in self.opened.items():
            outcome = ended.get(config_id)
            if outcome is None or may_be_live(outcome):
                found[config_id] = replace(write, read=None if outcome is None else _writable(outcome.read))
        return found

    def _versions(self, ids: Collection[str]) -> dict[str, int]:
        """Live's versions as last seen; the list may lag behind the answer to a write."""
        if self.live is None:
            return {one: seen for one, seen in self.before.record.versions.items() if one in ids}
        listed = {one: version(self.live.get(one)) or 0 for one in ids}
        answered = {one.change.id: one.version or 0 for one in self.outcomes if one.change.id in ids}
        return {one: seen for one in listed if (seen := max(listed[one], answered.get(one, 0)))}

    def _as_planned(self, settled: Collection[str]) -> dict[str, tuple[str, bytes]]:
        """Of what a saved plan wrote and today's files say otherwise, the files of the commit that it was made of."""
        written = {one.change.id: one.change.body for one in self.outcomes if one.status is Status.VERIFIED}
        changed = written.keys() - settled
        if not changed or self.plan is None or self.plan.commit is None:
            return {}
        try:
            then = read_base(self.files, self.plan.commit)
        except GitError:  # that commit is not here: what was written stays open, and so is the next run's base
            return {}
        resources = {config_id: then.base.resources.get(config_id) for config_id in changed}
        return {
            config_id: then.files[config_id]
            for config_id, desired in resources.items()
            if desired is not None and _is_equal(desired, {"id": config_id, **written[config_id]})
        }

    def _settled(self) -> set[str]:
        """Ids of configs that are now as their file says: verified by this run, or equal without it."""
        found, live = {one.change.id: one for one in self.outcomes}, self.live or {}
        settled = set()
        for desired in desired_of(self.files.documents, self.files.settings):
            outcome = found.get(desired.id)
            if outcome is None:
                now = None if desired.id in self.opened else live.get(desired.id)
            elif outcome.status is Status.VERIFIED:  # a saved plan may have been made from other files than these
                body = outcome.change.body  # empty where it was only unarchived, and so was equal all along
                now = {"id": desired.id, **body} if body else live.get(desired.id)
            else:
                now = None
            if now is not None and _is_equal(desired, now):
                settled.add(desired.id)
        return settled


def file_bytes(files: Files, document: Document) -> bytes:
    """A config's file to the byte, BOM included; what was read of it, should it have changed since."""
    read = document.text.encode()
    now = files.root / document.file
    try:
        content = b"" if now.is_symlink() else now.read_bytes()
    except OSError:
        return read
    return content if content == _BOM + read else read


def opened(change: Change, live: Payload | None, before: OpenWrite | None) -> OpenWrite:
    """A write that is about to begin, and what it was planned against; ``before`` is one that is still open."""
    now = None if live is None else normalize.live(live)
    was = None if before is None else what_live_holds(before, now)
    if change.live is None or live is None:
        return OpenWrite(change.body, None, None, was=was)
    body = change.body or _writable(live) or {}  # what is only unarchived is written as it is
    between = fingerprint(normalize.live(unarchived(live))) if change.action is Action.UNARCHIVE else None
    return OpenWrite(body, change.live.fingerprint, version(live), between=between, was=was)


def _writable(payload: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if payload is None else {name: given for name, given in payload.items() if name in CONFIG}


def _is_equal(desired: Resource, payload: Payload) -> bool:
    try:
        return not diff(desired, normalize.live(payload))
    except PayloadError:
        return False
