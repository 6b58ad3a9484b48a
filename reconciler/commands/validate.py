"""``reconciler validate``: parse and check the files. Offline; needs no key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from reconciler.diagnostics import Diagnostic, has_errors
from reconciler.files.settings import FILE_NAME
from reconciler.session.command_error import Exit, Problem
from reconciler.session.connecting import choose
from reconciler.session.reading import Files, read, shown_path, texts
from reconciler.session.terminal import Terminal


def run(
    terminal: Terminal, configs: Path, *, output: str = "text", files: Sequence[Path] = (), target: str | None = None
) -> Exit:
    """Show every finding. With ``files``, all are still checked together, and only findings in those are shown.

    A ``target`` that the settings do not name is wrong usage.
    """
    checked = read(configs, want_documents=False)
    if target is not None and not any(PurePath(one.location.file).name == FILE_NAME for one in checked.diagnostics):
        choose(checked.settings, target, None)
    found = list(terminal.redactor.value(checked.diagnostics))
    if files:
        chosen = [_chosen(path, configs, checked.root) for path in files]
        found = [one for one in found if any(_is_below(one.location.file, path) for path in chosen)]
    terminal.result(_drawn(found, checked, output, terminal))
    return Exit.INVALID if has_errors(found) else Exit.DONE


def _chosen(path: Path, configs: Path, root: Path) -> str:
    """A file or folder as findings name it; raises ``Problem`` for one that was not looked at."""
    if not path.exists():
        raise Problem(Exit.USAGE, "file-missing", f"there is no file {path}", "name files as seen from this directory")
    if not path.resolve().is_relative_to(configs.resolve()):
        raise Problem(Exit.USAGE, "file-elsewhere", f"{path} is not below {configs}", "name the folder with --configs")
    return shown_path(path, root)


def _is_below(file: str, path: str) -> bool:
    return file == path or path == "." or file.startswith(f"{path}/")


def _drawn(found: Sequence[Diagnostic], checked: Files, output: str, terminal: Terminal) -> str:
    if output == "json":
        from reconciler.render import json

        return json.dumps(json.findings(found, checked.count))
    sources = texts({one.location.file for one in found}, checked.root, terminal)
    if output == "github":
        from reconciler.render import github

        return github.findings(found, sources, checked.count)
    from reconciler.render import text

    return text.findings(found, sources, checked.count, color=terminal.color, width=terminal.width)
