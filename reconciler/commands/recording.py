"""``apply --record REF``: git is the state.

The tree that is committed holds, of each config that is now as its file says, that file; of every other one, the
file as the base had it. So the next run's base is what file and live last agreed on, whatever happened to this run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from reconciler.commands.files import Files
from reconciler.commands.planning import BaseFiles, desired_of, folder_of, read_base
from reconciler.diff import diff
from reconciler.documents import Document
from reconciler.git import GitError, Repository
from reconciler.model import Outcome, Plan, Resource, Status
from reconciler.normalize import PayloadError
from reconciler.normalize import live as normalized
from reconciler.ports import Payload

_BOM = b"\xef\xbb\xbf"


class Record:
    """One run's record. Made before anything is sent, so that a ref that cannot be written stops the run in time."""

    def __init__(self, ref: str, files: Files, base: BaseFiles | None, target: str) -> None:
        """Raises ``GitError`` where the ref cannot be written."""
        self.ref = ref
        self._files = files
        self._target = target
        self._repository = Repository.around(files.configs)
        self._repository.check_recordable(ref)
        if base is None and self._repository.find(ref) is not None:
            base = read_base(files, ref)
        self._base = base

    def commit(self, plan: Plan | None, outcomes: Sequence[Outcome], live: Sequence[Payload] | None) -> str:
        """Commit the tree and return the commit. Raises ``GitError``.

        ``plan`` and ``live`` (what was listed last) are None where the run ended before it had them.
        """
        payloads = None if live is None else {str(one.get("id")): one for one in live}
        settled = self._settled(outcomes, payloads or {})
        applied = {one.id: (one.file, self._bytes(one)) for one in self._files.documents if one.id in settled}
        applied = self._as_planned(plan, outcomes, applied) | applied
        known = {one.id for one in self._files.documents}
        kept = {
            config_id: file
            for config_id, file in (self._base.files if self._base else {}).items()
            if config_id not in applied and (config_id in known or payloads is None or config_id in payloads)
        }
        subject = f"Record {len(applied)} of {len(known)} configs as applied to {self._target}"
        tree = _tree(applied.values(), kept.values(), folder_of(self._files))
        return self._repository.record(self.ref, tree, f"{subject}\n\n{_origin(plan)}")

    def _as_planned(
        self, plan: Plan | None, outcomes: Sequence[Outcome], settled: Collection[str]
    ) -> dict[str, tuple[str, bytes]]:
        """Of what a saved plan wrote and today's files say otherwise, the files of the commit that it was made of."""
        written = {one.change.id: one.change.request.body for one in outcomes if one.status is Status.VERIFIED}
        changed = written.keys() - settled
        if not changed or plan is None or plan.commit is None:
            return {}
        try:
            then = read_base(self._files, plan.commit)
        except GitError:  # that commit is not here: the next plan will tell
            return {}
        resources = {config_id: then.resources.resources.get(config_id) for config_id in changed}
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
                now = live.get(desired.id)
            elif outcome.status is Status.VERIFIED:  # a saved plan may have been made from other files than these
                now = {"id": desired.id, **outcome.change.request.body}
            else:
                now = None
            if now is not None and _is_equal(desired, now):
                settled.add(desired.id)
        return settled


def _origin(plan: Plan | None) -> str:
    if plan is None:
        return "no plan was made\n"
    return f"source: {plan.commit or 'none'}\nbase: {plan.base or 'none'}\ndigest: {plan.digest}\n"


def _is_equal(desired: Resource, payload: Payload) -> bool:
    try:
        return not diff(desired, normalized(payload))
    except PayloadError:
        return False


def _tree(applied: Iterable[tuple[str, bytes]], kept: Iterable[tuple[str, bytes]], folder: str) -> dict[str, bytes]:
    """Where an old file's path is taken by another config now, the old one goes into a folder of its own.

    So does one from where the configs used to be, since the next run looks where they are now. Its name stays, since
    a file without an ``id`` is named by it.
    """
    tree = dict(applied)
    for path, content in kept:
        free = PurePosixPath(path)
        if not free.is_relative_to(folder):
            free = PurePosixPath(folder, "before", free.name)
        while str(free) in tree:
            free = free.parent / "before" / free.name
        tree[str(free)] = content
    return tree
