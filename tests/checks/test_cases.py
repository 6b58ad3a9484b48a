"""Every check fires on a bad file, at the right place, and is silent on the nearest good one.

A case is a folder in ``cases/``, named by the code it is for (and perhaps what it is about). It holds ``bad.yaml`` and
``good.yaml`` (or ``.json``, ``.json5``), or folders ``bad/`` and ``good/`` of several files; ``reconciler.toml`` where
settings matter; and ``expected``: every finding of the bad side as ``file:line:column code: text at that place``.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from reconciler import checks
from reconciler.checks import CHECKS
from reconciler.diagnostics import Diagnostic
from reconciler.files import TreeSource
from reconciler.session.reading import read_settings

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
SOURCES = sorted(Path(checks.__file__).parent.glob("*.py"))


def findings(case: Path, side: str) -> list[str]:
    """What examining one side of a case finds, as ``expected`` writes it."""
    files = {path.relative_to(case).as_posix(): path.read_bytes() for path in _files(case, side)}
    chosen, wrong = read_settings(case)
    assert not wrong
    examined = checks.examine(TreeSource(files), chosen)
    texts = {name: content.decode() for name, content in files.items()}
    return [_line(one, texts[one.location.file]) for one in examined.diagnostics]


def _files(case: Path, side: str) -> list[Path]:
    folder = case / side
    return sorted(path for path in (folder.rglob("*") if folder.is_dir() else case.glob(f"{side}.*")) if path.is_file())


def _line(one: Diagnostic, text: str) -> str:
    place = one.location
    line = text.splitlines()[place.line - 1]
    end = place.end_column - 1 if place.end_line == place.line else len(line)
    return f"{place.file}:{place.line}:{place.column} {one.code}: {line[place.column - 1 : end]}"[:140]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_is_found_where_it_stands(case: Path) -> None:
    expected = (case / "expected").read_text().splitlines()
    assert findings(case, "bad") == expected
    assert any(f" {code}: " in line for line in expected for code in _codes() if case.name.startswith(code))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_nearest_good_one_is_clean(case: Path) -> None:
    assert _files(case, "good")
    assert findings(case, "good") == []


def test_every_code_has_a_case_and_occurs_once() -> None:
    codes = _codes()
    expected = "".join((case / "expected").read_text() for case in CASES)
    covered = set(re.findall(r":\d+:\d+ ([a-z0-9-]+): ", expected))
    assert sorted(codes) == sorted(set(codes)), "a code is a literal that occurs once"
    assert sorted(set(codes) - covered) == []


def test_every_check_is_listed_once() -> None:
    assert len(set(CHECKS)) == len(CHECKS)


def _codes() -> list[str]:
    """Every code that the checks of files make, from the calls that make findings."""
    found = []
    for source in SOURCES:
        if source.name in ("findings.py", "changes.py"):
            continue
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                position = {"error": 2, "warning": 2, "Diagnostic": 1}.get(node.func.id)
                if position is not None:
                    code = node.args[position]
                    assert isinstance(code, ast.Constant), f"{source.name}:{code.lineno}: the code is a literal"
                    found.append(code.value)
    return found
