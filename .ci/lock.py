#!/usr/bin/env python3
"""Writes the files that pin what gets installed: .github/requirements/*.txt and .github/requirements-lowest.txt.

    .ci/lock.py              keep the versions that are pinned, as far as pyproject.toml allows
    .ci/lock.py --upgrade    take the newest versions that are at least a week old

Run it after changing a dependency in pyproject.toml, and where a new version that Dependabot proposes needs a package
that is not pinned yet. uv, which resolves for all Pythons and platforms at once, comes with the pinned tools.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import tomllib
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
PYPROJECT = TOP / "pyproject.toml"
LOWEST = TOP / ".github" / "requirements-lowest.txt"  # not beside the others: Dependabot would raise these versions
LAYERS: list[
    tuple[str, list[str], str]
] = [  # each has its own pins only, and names the one before; so every package is pinned in one place
    ("run", [], "What the command needs, and hatchling, which installs it."),
    ("test", ["--extra", "test"], "What the tests need beyond that."),
    ("dev", ["--extra", "dev"], "What development needs beyond that."),
]
EDITABLES = "editables>=0.5"  # hatchling asks for it where the install is an editable one
COOLDOWN = "7 days"  # a malicious or broken release is usually withdrawn by then

Pins = dict[str, str]
"""A package → its lines: the version, for some a marker, and the hashes of its files."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the files that pin what gets installed.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are a week old")
    upgrade = parser.parse_args().upgrade
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        subprocess.run([TOP / ".ci" / "venv", "dev", scratch / "venv"], check=True)
        write_layers(scratch, upgrade=upgrade)
        write_lowest(scratch)


def write_layers(scratch: Path, *, upgrade: bool) -> None:
    """The tested versions, for every Python and platform, in layers."""
    pinned = scratch / "pinned.txt"
    pinned.write_text("" if upgrade else "".join("".join(pins(layer_file(name)).values()) for name, *_ in LAYERS))
    resolve(scratch, "--universal", "--generate-hashes", "--extra", "dev", "--output-file", pinned)
    left = pins(pinned)
    below = None
    for name, extra, about in LAYERS:
        own = resolve(scratch, "--universal", "--constraints", pinned, *extra)
        lines = [left.pop(package) for package in own if package in left]
        layer_file(name).write_text(header(about) + (f"-r {below}.txt\n" if below else "") + "".join(lines))
        below = name
    assert not left, f"in no layer: {', '.join(left)}"


def write_lowest(scratch: Path) -> None:
    """The lowest versions that pyproject.toml names, and for what these need themselves the newest."""
    lowest = resolve(scratch, "--resolution", "lowest-direct", "--generate-hashes", "--extra", "test")
    about = "The lowest versions that pyproject.toml allows, and the newest of what these need."
    LOWEST.write_text(header(about) + "".join(lowest.values()))


def resolve(scratch: Path, *arguments: str | Path) -> Pins:
    """What uv makes of pyproject.toml's dependencies, and of what builds the package."""
    build = scratch / "build.in"
    requires = tomllib.loads(PYPROJECT.read_text("utf-8"))["build-system"]["requires"]
    build.write_text("\n".join([*requires, EDITABLES]))
    output = scratch / "resolved.txt"
    output.unlink(missing_ok=True)
    command: list[str | Path] = [
        scratch / "venv" / "bin" / "uv",
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
    ]
    command += ["--python-version", "3.11", "--exclude-newer", COOLDOWN, PYPROJECT, build]
    if "--output-file" not in arguments:
        arguments = (*arguments, "--output-file", output)
    subprocess.run([*command, *arguments], cwd=TOP, check=True)
    return pins(output) if output.exists() else {}


def pins(file: Path) -> Pins:
    """The pins in a file; a package may have several, with markers that exclude each other."""
    found: Pins = {}
    name = ""
    for line in file.read_text("utf-8").splitlines(keepends=True) if file.exists() else []:
        if line.startswith(("#", "-r ")):
            continue
        if not line[0].isspace():
            name = line.partition("==")[0]
        found[name] = found.get(name, "") + line
    return found


def layer_file(name: str) -> Path:
    return TOP / ".github" / "requirements" / f"{name}.txt"


def header(about: str) -> str:
    return f"# {about}\n# Written by .ci/lock.py; what installs it is .ci/venv.\n"


if __name__ == "__main__":
    main()
