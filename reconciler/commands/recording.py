"""``apply --record REF``: git is the state.

The tree that is committed holds, of each config that is now as its file says, that file; of every other one, the
file as the base had it. So the next run's base is what file and live last agreed on, whatever happened to this run.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import PurePosixPath

from reconciler.commands.files import Files
from reconciler.commands.planning import BaseFiles
from reconciler.git import Repository
from reconciler.model import Plan


def record(
    ref: str,
    files: Files,
    base: BaseFiles | None,
    settled: Collection[str],
    live: Collection[str] | None,
    plan: Plan,
) -> str:
    """Commit the tree to ``ref`` and return the commit. Raises ``GitError``.

    ``settled``: ids of configs that are now as their file says. ``live``: ids that exist, None where not known.
    """
    applied = {one.id: (one.file, one.text.encode()) for one in files.documents if one.id in settled}
    known = {one.id for one in files.documents}
    before = {} if base is None else base.files
    kept = {
        config_id: file
        for config_id, file in before.items()
        if config_id not in applied and (config_id in known or live is None or config_id in live)
    }
    tree = _tree(applied.values(), kept)
    subject = f"Record {len(applied)} of {len(known)} configs as applied to {plan.target.name}"
    body = f"source: {plan.commit or 'none'}\nbase: {plan.base or 'none'}\ndigest: {plan.digest}\n"
    return Repository.around(files.configs).record(ref, tree, f"{subject}\n\n{body}")


def _tree(applied: Iterable[tuple[str, bytes]], kept: Mapping[str, tuple[str, bytes]]) -> dict[str, bytes]:
    """Where an old file's path is taken by another config now, the old one goes into a folder of its own.

    Its name stays, since a file without an ``id`` is named by it.
    """
    tree = dict(applied)
    for path, content in kept.values():
        free = PurePosixPath(path)
        while str(free) in tree:
            free = free.parent / "before" / free.name
        tree[str(free)] = content
    return tree
