"""``reconciler init``: a repository's workflows, settings and first config. Asks nothing, overwrites nothing."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

from reconciler.files import git, top_level
from reconciler.files.git import Repository
from reconciler.session.command_error import Exit
from reconciler.session.pinning import Pin, pin
from reconciler.session.reading import shown_path
from reconciler.session.terminal import Terminal

_PACKAGED = Path(__file__).parent.parent / "github"  # where an installed package has them (pyproject.toml)
_CHECKED_OUT = Path(__file__).parent.parent.parent / ".github"  # where a checkout has them
_REQUIREMENTS = Path(".github", "scripts", "requirements.txt")
_DEPENDENCIES = _REQUIREMENTS.with_name("dependencies.txt")  # what install.sh installs by its hashes, before all else
_TARGET = "production"

_SETTINGS = f"""\
# Where the configs below go. Flags and RECONCILER_* variables win over this file.

default_target = "local"

# An emulator inside the command: no server, no account, no key.
[targets.local]
api = "emulator"

# Your Statsig project; the workflows apply to it. The key comes from the environment variable that key_env names.
[targets.{_TARGET}]
api = "https://statsigapi.net"
key_env = "STATSIG_CONSOLE_KEY"
# After the first apply, what was applied separates your changes from edits in the console:
# base = "refs/reconciler/{_TARGET}"
"""

_FIRST_CONFIG = """\
# One file is one dynamic config; its name is the config's id. Everybody gets defaultValue, unless a rule matches.
description: A first config. Change it, look at `reconciler plan`, and delete it when you have one of your own.

defaultValue:
  greeting: Hello

rules:
  - name: French speakers
    conditions:
      - {type: locale, operator: any, targetValue: [fr]}
    passPercentage: 100
    returnValue:
      greeting: Bonjour
"""

_NEXT = f"""\
Next:
  reconciler plan                        see the first config planned against the local emulator
  reconciler pull --all --target {_TARGET}
                                         write files for what is live; needs STATSIG_CONSOLE_KEY
  On GitHub: environments "plan" and "{_TARGET}", with the secrets STATSIG_CONSOLE_KEY_READ_ONLY and
  STATSIG_CONSOLE_KEY; then commit, push, and open a pull request.
"""

_UNPINNED = """\
Not yet pinned: the workflows do not know which reconciler to install, since the copy that ran here
{why}.
Until {file} names one, they fail with this reason.
"""


def run(terminal: Terminal, configs: Path) -> Exit:
    """Write what is missing, and say what was there already."""
    root = top_level(configs)
    branch = _default_branch(root)
    pinned = pin()
    lines = []
    warnings = []
    for path, text, executable in _files(configs, root, branch, pinned):
        written = _write(path, text, executable=executable)
        lines.append(f"  {'written' if written else 'kept   '}  {shown_path(path, root)}")
        if written and pinned.problem and path == root / _REQUIREMENTS:
            warnings = [_UNPINNED.format(why=pinned.problem, file=_REQUIREMENTS)]
    terminal.result("\n".join([*lines, "", *warnings, _NEXT]))
    return Exit.DONE


def _files(configs: Path, root: Path, branch: str, pinned: Pin) -> Iterator[tuple[Path, str, bool]]:
    """(path, text, executable) of everything that a repository needs."""
    yield configs / "reconciler.toml", _SETTINGS, False
    if not any(configs.rglob("*.y*ml")) and not any(configs.rglob("*.json*")):
        yield configs / "hello_world.yaml", _FIRST_CONFIG, False
    github = _PACKAGED if _PACKAGED.is_dir() else _CHECKED_OUT
    for name in ("plan", "apply", "drift"):
        text = (github / "workflows" / f"{name}.yml").read_text("utf-8")
        text = text.replace("|| 'local'", f"|| '{_TARGET}'").replace(
            "branches: [main]", f"branches: [{json.dumps(branch)}]"
        )
        text = text.replace("|| 'configs'", f"|| '{shown_path(configs, root)}'")
        yield root / ".github" / "workflows" / f"{name}.yml", text, False
    for folder in ("actions", "scripts"):
        for path in sorted((github / folder).rglob("*")):
            if path.is_file() and path.suffix in (".yml", ".sh", ".py"):
                executable = bool(path.stat().st_mode & stat.S_IXUSR)
                yield root / ".github" / path.relative_to(github), path.read_text("utf-8"), executable
    yield root / _DEPENDENCIES, (github / "requirements" / "run.txt").read_text("utf-8"), False
    yield root / _REQUIREMENTS, pinned.text, False


def _write(path: Path, text: str, *, executable: bool) -> bool:
    """Write a new file; False where there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return False
    if executable:
        path.chmod(0o755)
    return True


def _default_branch(root: Path) -> str:
    """What the remote calls its default branch, or else the branch that is checked out, or else main."""
    return (Repository(root).default_branch() if git.top_level(root) else None) or "main"
