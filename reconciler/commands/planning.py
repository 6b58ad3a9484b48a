"""Files, base and live become a plan: the way that ``plan`` and ``apply`` share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath

from reconciler import normalize
from reconciler import plan as plans
from reconciler.commands.files import Files, must_be_valid, read
from reconciler.commands.problems import Exit, Problem
from reconciler.diagnostics import has_errors
from reconciler.documents import Document, File, TreeSource, load_file
from reconciler.git import GitError, Repository
from reconciler.model import Plan, Resource
from reconciler.ports import Payload, Reader
from reconciler.settings import Settings, Target


@dataclass(frozen=True, slots=True)
class Choice:
    """What the flags of ``plan`` and ``apply`` choose."""

    base: str | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """The base as plans need it, and as the record needs it: id → (path, content) of its files."""

    resources: plans.Base
    files: dict[str, tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, with all that it was made of, so that it can be made again from fresh live state."""

    plan: Plan
    files: Files
    target: Target
    desired: tuple[Resource, ...]
    base: BaseFiles | None
    selection: plans.Selection
    live: tuple[Payload, ...]

    def again(self, live: Iterable[Payload]) -> Plan:
        """The plan that the same files make against fresh live state."""
        return _make(self.files, self.target, self.desired, self.base, self.selection, live)


def read_valid(configs: Path) -> Files:
    """The files, or ``Problem`` with all that is wrong with them; nothing was sent."""
    return must_be_valid(read(configs))


def base_of(files: Files, target: Target, choice: Choice, record: str | None = None) -> BaseFiles | None:
    """The base that the flag or the settings name, or else the last record. Raises ``GitError`` where it is not there.

    A run that writes a record has the one before it: without that, edits in the console would go unseen.
    """
    ref = target.base if choice.base is None else choice.base  # an empty flag is a base that does not resolve
    if ref is None and record is not None and Repository.around(files.configs).find(record) is not None:
        ref = record
    return None if ref is None else read_base(files, ref)


def told(planned: Planned) -> str:
    """What went into a plan, for ``-v``."""
    base = "no base" if planned.base is None else f"base {planned.base.resources.name}"
    return f"{planned.files.count} files read, {len(planned.live)} live configs listed, {base}"


def make(files: Files, target: Target, reader: Reader, choice: Choice, base: BaseFiles | None) -> Planned:
    """Read live once and plan. Raises ``Problem`` for ids nobody has."""
    desired = desired_of(files.documents, files.settings)
    live = reader.list_configs()
    selection = _selection(choice, {one.id for one in desired}, {str(one.get("id")) for one in live})
    plan = _make(files, target, desired, base, selection, live)
    return Planned(plan, files, target, desired, base, selection, tuple(live))


def desired_of(documents: Iterable[Document], settings: Settings) -> tuple[Resource, ...]:
    """What checked documents ask for."""
    return tuple(normalize.desired(document, settings.unmanaged_fields) for document in documents)


def read_base(files: Files, ref: str) -> BaseFiles:
    """The files as they stand at a commit or tree, read by the same code under today's settings.

    Configs are matched by id: where the tree has none in today's folder, they are looked for in all of it, since the
    folder may have been moved since, or the tree be that folder itself.
    """
    repository = Repository.around(files.configs)
    commit = repository.resolve(ref)
    folder = folder_of(files)
    contents = repository.files(commit, folder)
    entries, _ = TreeSource(contents, below=folder).files()
    if folder and not entries:
        contents = repository.files(commit, "")
        entries, _ = TreeSource(contents).files()
    today = {document.file: document for document in files.documents}
    resources: dict[str, Resource | None] = {}
    found: dict[str, tuple[str, bytes]] = {}
    for entry in entries:
        now = today.get(entry.path)
        config_id, resource = _as_it_was(entry, now, files.settings)
        resources[config_id] = resource
        found[config_id] = (entry.path, contents[entry.path])
    return BaseFiles(plans.Base(commit, resources), found)


def folder_of(files: Files) -> str:
    """The configs' folder as git sees it, from the top level; "" for the top level itself. Raises ``GitError``."""
    top = Repository.around(files.configs).top.resolve()
    folder = files.configs.resolve().relative_to(top).as_posix()
    return "" if folder == "." else folder


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


def _make(
    files: Files,
    target: Target,
    desired: Sequence[Resource],
    base: BaseFiles | None,
    selection: plans.Selection,
    live: Iterable[Payload],
) -> Plan:
    return plans.make(
        desired,
        live,
        target,
        files.settings,
        base=None if base is None else base.resources,
        selection=selection,
        commit=_head(files.configs),
        diagnostics=files.diagnostics,
    )


def _head(configs: Path) -> str | None:
    try:
        return Repository.around(configs).head()
    except GitError:
        return None


def _selection(choice: Choice, desired: Collection[str], live: Collection[str]) -> plans.Selection:
    known = {*desired, *live}
    for flag, ids in (("--only", choice.only), ("--exclude", choice.exclude), ("--overwrite", choice.overwrite)):
        for one in ids:
            if one not in known:
                near = get_close_matches(one, sorted(known), n=1)
                hint = f"did you mean {near[0]}?" if near else "see `reconciler plan` for the ids there are"
                raise Problem(
                    Exit.USAGE, "id-nobody-has", f'{flag}: no file and no live config has the id "{one}"', hint
                )
    return plans.Selection(frozenset(choice.only), frozenset(choice.exclude), frozenset(choice.overwrite))
