"""Files, base and live become a plan: the way that ``plan`` and ``apply`` share."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reconciler.core import normalize, planning
from reconciler.core.base import is_behind
from reconciler.core.fingerprint import version
from reconciler.core.record import Record
from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.files import Document
from reconciler.files.git import GitError, Repository
from reconciler.files.settings import Settings, Target
from reconciler.model import Plan, Resource
from reconciler.ports import Clock, Payload, Reader
from reconciler.session.base_files import BaseFiles, read_base
from reconciler.session.command_error import Exit, Problem
from reconciler.session.reading import Files, must_be_valid, read

CATCHING_UP = (1.0, 2.0, 4.0)
"""Seconds between the reads of live states that are older than what was seen before; reads lag 1 to 5 s."""

_RECENT = 120.0  # seconds since the record was made, by the wall clock: much longer than any read lags
_FEW = 10  # configs that are read one by one; more are listed again


@dataclass(frozen=True, slots=True)
class Choice:
    """What the flags of ``plan`` and ``apply`` choose."""

    base: str | None = None
    only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    overwrite: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan, with all that it was made of, so that it can be made again from fresh live state."""

    plan: Plan
    files: Files
    target: Target
    desired: tuple[Resource, ...]
    base: BaseFiles | None
    selection: planning.Selection
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
    if ref is None and record is not None and Repository.around(files.configs).tip(record) is not None:
        ref = record
    return None if ref is None else read_base(files, ref)


def described(planned: Planned) -> str:
    """What went into a plan, for ``-v``."""
    base = "no base" if planned.base is None else f"base {planned.base.base.name}"
    return f"{planned.files.count} files read, {len(planned.live)} live configs listed, {base}"


def make(files: Files, target: Target, reader: Reader, clock: Clock, choice: Choice, base: BaseFiles | None) -> Planned:
    """Read live once and plan. Raises ``Problem`` for ids that no file and no live config has."""
    desired = desired_of(files.documents, files.settings)
    wanted = {one.id for one in desired if one.id not in choice.exclude and (not choice.only or one.id in choice.only)}
    live = caught_up(reader.list_configs(), base, wanted, reader, clock)
    selection = _selection(choice, {one.id for one in desired}, {str(one.get("id")) for one in live})
    plan = _make(files, target, desired, base, selection, live)
    return Planned(plan, files, target, desired, base, selection, tuple(live))


def caught_up(
    live: Sequence[Payload], base: BaseFiles | None, wanted: Collection[str], reader: Reader, clock: Clock
) -> Sequence[Payload]:
    """Live with what it showed too little of read again: a state below the one on record is a read that lags.

    ``wanted`` are the ids that the run is about.

    A config that is not listed is asked for by its id, once. A record of some minutes ago is not waited for. What stays
    behind is left to the plan, which warns of it.
    """
    if base is None:
        return live
    found = {str(one.get("id")): one for one in live}
    late = [one for one in base.base.behind(found) if one in wanted]
    is_recent = base.recorded_at is None or time.time() - base.recorded_at < _RECENT
    for pause in (0.0, *(CATCHING_UP if is_recent else ())):
        if not late or not clock.sleep(pause):
            break
        found |= _read_again(late, reader)
        late = [one for one in late if one in found and one in base.base.behind(found)]
    return list(found.values())


def _read_again(ids: Sequence[str], reader: Reader) -> dict[str, Payload]:
    if len(ids) > _FEW:
        return {str(one.get("id")): one for one in reader.list_configs()}
    read = {one: reader.get(one) for one in ids}
    return {one: payload for one, payload in read.items() if payload is not None}


def desired_of(documents: Iterable[Document], settings: Settings) -> tuple[Resource, ...]:
    """What checked documents ask for."""
    return tuple(normalize.desired(document, settings.unmanaged_fields) for document in documents)


def _make(
    files: Files,
    target: Target,
    desired: Sequence[Resource],
    base: BaseFiles | None,
    selection: planning.Selection,
    live: Iterable[Payload],
) -> Plan:
    listed, commit = list(live), head(files.configs)
    return planning.make(
        desired,
        listed,
        target,
        files.settings,
        base=None if base is None else base.base,
        selection=selection,
        commit=commit,
        diagnostics=[*files.diagnostics, *_about_base(files, base, target, commit, listed)],
    )


def head(configs: Path) -> str | None:
    """The commit that is checked out around the configs, None where that is not known."""
    try:
        return Repository.around(configs).head()
    except GitError:
        return None


def is_older(files: Files, record: Record, commit: str | None) -> bool:
    """Whether a commit comes before the one that a record was made from: what it says was changed since."""
    if record.source is None or commit is None:
        return False
    return Repository.around(files.configs).is_ancestor(commit, record.source)


def is_age_known(files: Files, record: Record, commit: str | None) -> bool:
    """Whether this clone has the commit that a record was made from; without it nobody can say which one is older."""
    source = record.source
    return source is None or source == commit or Repository.around(files.configs).has(source)


def _about_base(
    files: Files, base: BaseFiles | None, target: Target, commit: str | None, live: Sequence[Payload]
) -> Iterable[Diagnostic]:
    """What is odd about the base itself; about the project as a whole, so without a place."""
    if base is None:
        return
    known = base.base.record
    if not known.is_about(target.api):
        yield _warning(
            "base-of-another-target",
            f"the base was recorded for {known.api_url}, and this target is {target.api}: "
            "who changed what may be wrong",
            "name the record of this target with --base, or check the target",
        )
    if is_older(files, known, commit):
        yield _warning(
            "older-than-record",
            f"this checkout ({str(commit)[:12]}) is older than what was applied last ({str(known.source)[:12]}): "
            "applying it would take configs back",
            "update the checkout (git pull); to go back on purpose, revert the commits and merge that",
        )
    yield from _about_lag(known.versions, {str(one.get("id")): one for one in live})


def _about_lag(versions: Mapping[str, int], live: Mapping[str, Payload]) -> Iterable[Diagnostic]:
    """Configs that are live, and still below the version on record after reading again."""
    for config_id, seen in sorted(versions.items()):
        now = live.get(config_id)
        if now is not None and is_behind(now, seen):
            message = f"live shows version {version(now)} of it, and version {seen} was seen before"
            hint = "was it deleted and created again, or does Statsig lag? Look at its history in the console"
            yield Diagnostic(Severity.WARNING, "live-behind-record", message, Location(""), hint, config_id)


def _warning(code: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, message, Location(""), hint)


def _selection(choice: Choice, desired: Collection[str], live: Collection[str]) -> planning.Selection:
    known = {*desired, *live}
    for flag, ids in (("--only", choice.only), ("--exclude", choice.exclude), ("--overwrite", choice.overwrite)):
        for one in ids:
            if one not in known:
                near = get_close_matches(one, sorted(known), n=1)
                hint = f"did you mean {near[0]}?" if near else "see `reconciler plan` for the ids there are"
                raise Problem(
                    Exit.USAGE, "id-nobody-has", f'{flag}: no file and no live config has the id "{one}"', hint
                )
    return planning.Selection(frozenset(choice.only), frozenset(choice.exclude), frozenset(choice.overwrite))
