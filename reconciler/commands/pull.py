"""``reconciler pull``: write files for live configs that have none. Overwrites nothing; sends GET requests only."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from reconciler import checks
from reconciler.core import adoption, normalize
from reconciler.core.diff import diff
from reconciler.diagnostics import Diagnostic, Severity
from reconciler.files import Document, parse
from reconciler.files.file_writing import json5_text, yaml_text
from reconciler.files.settings import Settings
from reconciler.model import Resource
from reconciler.ports import Clock, Payload
from reconciler.render import plan_document
from reconciler.session import connecting
from reconciler.session.command_error import Exit, Problem
from reconciler.session.reading import Files, read, shown_path
from reconciler.session.terminal import Terminal

_NOTHING_THERE_YET = frozenset({"configs-missing", "configs-empty"})  # what a first pull begins with


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of one live config: the file that was written, or why none was."""

    id: str
    file: str | None
    reason: str | None = None
    is_wrong: bool = False


def run(
    terminal: Terminal,
    clock: Clock,
    configs: Path,
    ids: Sequence[str],
    *,
    everything: bool = False,
    to: Path | None = None,
    with_ids: bool = False,
    target: str | None = None,
    api_url: str | None = None,
    output: str = "text",
) -> Exit:
    """Write one file a config into ``to`` (by default ``configs``), such that a plan has nothing to do for it.

    Below ``configs`` only what has no file yet is written; elsewhere anything is, to be compared.
    """
    if ids and everything:
        raise Problem(Exit.USAGE, "named-twice", "name the ids to pull, or pass --all, not both")
    if not ids and not everything:
        raise Problem(Exit.USAGE, "nothing-named", "name the ids to pull, or pass --all", "see reconciler pull --help")
    files = _existing(configs)
    chosen = connecting.choose(files.settings, target, api_url)
    with connecting.connected(chosen, files.settings, terminal, clock, files.root) as connection:
        live = {str(payload["id"]): payload for payload in connection.reader.list_configs()}
    folder = to or configs
    is_inside = folder.resolve().is_relative_to(configs.resolve())
    managed = {document.id: document.file for document in files.documents} if is_inside else {}
    wanted = sorted(live) if everything else _known(ids, live, managed)
    folder.mkdir(parents=True, exist_ok=True)
    pulled = [
        _pull(live[one], folder, files, terminal, is_inside=is_inside, with_ids=with_ids)
        if one not in managed
        else Pulled(one, None, f"{managed[one]} is its file already")
        for one in wanted
        if one not in managed or not everything
    ]
    terminal.result(_drawn(terminal.redactor.value(pulled), output, is_inside=is_inside))
    return Exit.FAILED if any(one.is_wrong for one in pulled) else Exit.DONE


def _existing(configs: Path) -> Files:
    """What is there; a folder that is not there yet, or is empty, is how adopting begins."""
    files = read(configs) if configs.exists() else read(configs, want_documents=False)
    errors = [one for one in files.diagnostics if one.severity is Severity.ERROR and one.code not in _NOTHING_THERE_YET]
    problem = files.problem()
    if errors and problem is not None:
        raise problem
    return files


def _known(ids: Sequence[str], live: Collection[str], managed: Collection[str]) -> list[str]:
    for one in ids:
        if one not in live:
            near = get_close_matches(one, sorted(live), n=1)
            hint = f"did you mean {near[0]}?" if near else None
            where = "has a file, but is not live" if one in managed else "is not live"
            raise Problem(Exit.USAGE, "id-not-live", f'the config "{one}" {where}', hint)
    return sorted(set(ids))


def _pull(
    payload: Payload, folder: Path, files: Files, terminal: Terminal, *, is_inside: bool, with_ids: bool
) -> Pulled:
    config_id = str(payload["id"])
    if payload.get("status") == "Archived":
        return Pulled(config_id, None, "it is archived")
    try:
        live = normalize.live(payload)
    except normalize.PayloadError as error:
        return Pulled(config_id, None, str(error), is_wrong=True)
    twins = adoption.commented(live)
    data = adoption.file_data(live, with_ids=with_ids)
    ending = ".json5" if twins else ".yaml"
    path = _free(folder, config_id, ending) if is_inside else folder / f"{config_id}{ending}"
    if path.exists():
        return Pulled(config_id, None, f"{path} is there already")
    if path.stem != config_id:
        data = {"id": config_id, **data}
    text = json5_text(data, twins) if twins else yaml_text(data)
    held = [str(path), data, text]
    if terminal.redactor.value(held) != held:
        return Pulled(config_id, None, "it holds the Console API key that it was read with", is_wrong=True)
    shown = shown_path(path, files.root)
    wrong = _check(shown, text, live, files.settings)
    if wrong is not None:
        return Pulled(config_id, None, wrong, is_wrong=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return Pulled(config_id, shown)


def _free(folder: Path, config_id: str, ending: str) -> Path:
    """A path that nothing has and that the loader reads; the id's own name wherever that is possible."""
    stem = config_id.lstrip("._") or "config"
    for name in _names(stem):
        if not any((folder / f"{name}{known}").exists() for known in (".yaml", ".yml", ".json", ".json5")):
            return folder / f"{name}{ending}"
    raise AssertionError("names do not end")


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _check(file: str, text: str, live: Resource, settings: Settings) -> str | None:
    """What keeps a text from being the config's file: it must pass the checks, and a plan must be empty."""
    document, found = parse(file, text, "json5" if file.endswith(".json5") else "yaml")
    found = [*found, *(checks.check([document], settings) if document else ())]
    errors = [one for one in found if one.severity is Severity.ERROR]
    if errors or document is None:
        return "live holds what a file may not: " + "; ".join(_said(one) for one in errors[:3])
    left = _differences(document, live, settings)
    return f"a file would differ from live in {', '.join(left)}" if left else None


def _differences(document: Document, live: Resource, settings: Settings) -> list[str]:
    return [one.path for one in diff(normalize.desired(document, settings.unmanaged_fields), live)]


def _said(one: Diagnostic) -> str:
    return f"{one.path or ''} {one.message} [{one.code}]".strip()


def _drawn(pulled: Sequence[Pulled], output: str, *, is_inside: bool) -> str:
    written = [one for one in pulled if one.file]
    if output == "json":
        from reconciler.render import json

        return json.dumps(
            {
                "format_version": plan_document.FORMAT_VERSION,
                "errored": any(one.is_wrong for one in pulled),
                "written": [{"id": one.id, "file": one.file} for one in written],
                "skipped": [{"id": one.id, "reason": one.reason} for one in pulled if not one.file],
            }
        )
    from reconciler.render import inert

    lines = [f"  {one.id}  {one.file or f'not written: {one.reason}'}" for one in pulled]
    then = "; look at them with: reconciler plan" if written and is_inside else ""
    last = f"{len(written)} of {len(pulled)} written{then}" if pulled else "nothing to pull"
    return inert.runner("\n".join([*map(inert.terminal, lines), last]) + "\n")
