"""``reconciler validate``: parse and check the files. Offline; needs no key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.commands.files import Files, read, shown_path
from reconciler.commands.problems import Exit
from reconciler.commands.terminal import Terminal
from reconciler.diagnostics import Diagnostic, has_errors


def run(terminal: Terminal, configs: Path, *, output: str = "text", files: Sequence[Path] = ()) -> Exit:
    """Show every finding. With ``files``, all are still checked together, and only findings in those are shown."""
    checked = read(configs, want_documents=False)
    found = list(checked.diagnostics)
    if files:
        chosen = {shown_path(path, checked.root) for path in files}
        found = [one for one in found if one.location.file in chosen]
    terminal.result(_drawn(found, checked, output, terminal))
    return Exit.INVALID if has_errors(found) else Exit.DONE


def _drawn(found: Sequence[Diagnostic], checked: Files, output: str, terminal: Terminal) -> str:
    if output == "json":
        from reconciler.render import json

        return json.dumps(json.findings(found, checked.count))
    sources = texts({one.location.file for one in found}, checked.root)
    if output == "github":
        from reconciler.render import github

        return github.findings(found, sources, checked.count)
    from reconciler.render import text

    return text.findings(found, sources, checked.count, color=terminal.color, width=terminal.width)


def texts(files: set[str], root: Path) -> dict[str, str]:
    """The texts of files that findings speak of, as far as they can be read."""
    found = {}
    for file in files:
        path = root / file
        try:
            if file and path.is_file() and not path.is_symlink():
                found[file] = path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
    return found
