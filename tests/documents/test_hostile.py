"""Hostile files: refused at their place, or read as what they say, in little memory and time and without a crash.

Each is read in a process of its own: a crash of the C parser, or memory without end, must fail one test and no more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MEMORY = 64 * 1024 * 1024
SECONDS = 30  # the limit that is promised is 3; a busy machine must not fail the tests

CHILD = """
import json, resource, sys
from pathlib import Path
from reconciler.files import DirectorySource, load

Path("warm.yaml").write_text("a: 1")
load(DirectorySource(Path(".")))
Path("warm.yaml").unlink()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
documents, findings = load(DirectorySource(Path(sys.argv[1])))
print(json.dumps({
    "findings": [[one.code, one.location.file, one.location.line, one.location.column] for one in findings],
    "data": [one.data for one in documents],
    "growth": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024,
}))
"""


def read(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder)],
        cwd=folder.parent,
        capture_output=True,
        timeout=SECONDS,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["growth"] < MEMORY
    return told


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "configs").mkdir()
    return tmp_path / "configs"


def lols() -> str:
    lines = [f"a{i}: &a{i} [" + ", ".join([f"*a{i - 1}"] * 9) + "]" for i in range(1, 10)]
    return "\n".join(['a0: &a0 ["lol"]', *lines])


def merges() -> str:
    return "\n".join(["a0: &a0 {k: v}", *(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}" for i in range(1, 26))])


def long_alias() -> str:
    return f"a: &a {'x' * 500_000}\nb: [" + "*a, " * 100_000 + "]"


REFUSED = [
    ("A1", "yaml", lols(), "alias-growth", 6, 50),
    ("A2", "yaml", merges(), "alias-growth", 15, 23),
    ("A3", "yaml", "&a [*a]", "alias-recursive", 1, 5),
    ("A5", "yaml", "[" * 100_000 + "]" * 100_000, "too-deep", 1, 101),
    ("A5-json", "json", "[" * 100_000 + "]" * 100_000, "too-deep", 1, 101),
    ("A5-mappings", "yaml", "{a: " * 100_000, "too-deep", 1, 401),
    ("A6", "yaml", "- " * 1000 + "x", "too-deep", 1, 201),
    ("A8", "yaml", "a: 0x" + "f" * 200_000, "integer-too-long", 1, 4),
    ("A9", "yaml", "a: " + "9" * 5000, "integer-too-long", 1, 4),
    ("A10", "yaml", "{" + ", ".join(f"k{i}: 1" for i in range(30_000)) + "}", "too-many-keys", 1, 208_892),
    ("aliases-of-a-long-string", "yaml", long_alias(), "alias-growth", 2, 13),
    ("too-many", "yaml", "[" + "1, " * 300_000 + "]", "too-many-nodes", 1, 599_999),
    ("B1", "yaml", 'a: !!python/object/apply:os.system ["id"]', "yaml-tag", 1, 4),
    ("B2", "yaml", "a: !include /etc/passwd", "yaml-tag", 1, 4),
    ("B3", "yaml", "a: !!binary aGk=", "yaml-tag", 1, 4),
    ("B4", "yaml", "a: 1\na: 2", "duplicate-key", 2, 1),
    ("B5", "yaml", "caf\u00e9: 1\ncafe\u0301: 2", "key-look-alike", 2, 1),
    ("B7", "yaml", "1: a", "key-not-string", 1, 1),
    ("B8", "yaml", "~: a", "key-not-string", 1, 1),
    ("B9", "yaml", "? [a]\n: b", "key-not-string", 1, 3),
    ("B18", "yaml", "a: .nan", "value-not-finite", 1, 4),
    ("B19", "yaml", "a: 1.0e+400", "value-not-finite", 1, 4),
    ("B22", "yaml", "a: 1\n---\nb: 2", "yaml-documents", 2, 1),
    ("B25", "yaml", 'a: "\\uD800"', "yaml-syntax", 1, 7),
    ("B27", "yaml", b"a: \xe9", "not-utf8", 1, 4),
    ("B28", "yaml", "a: 1".encode("utf-16"), "not-utf8", 1, 1),
    ("B29", "yaml", "", "empty-file", 1, 1),
    ("C1", "json5", "[NaN]", "value-not-finite", 1, 2),
    ("C2", "json5", "{a:Infinity}", "value-not-finite", 1, 4),
    ("C3", "json5", "[1e400]", "value-not-finite", 1, 2),
    ("C4", "json5", "{a:1,a:2}", "duplicate-key", 1, 6),
    ("C5", "json5", '{"a":1,"\\u0061":2}', "duplicate-key", 1, 8),
    ("C8", "json5", "[" * 100_000, "too-deep", 1, 101),
    ("C9", "json5", "[0x" + "f" * 200_000 + "]", "integer-too-long", 1, 2),
    ("C10", "json5", "/*" + " *" * 1000, "json5-syntax", 1, 1),
    ("C10-long", "json5", "/*" + " *" * 500_000, "json5-syntax", 1, 1),
    ("C11", "json5", '["\\ud800"]', "lone-surrogate", 1, 2),
    ("C12", "json5", "1 2", "json5-syntax", 1, 3),
    ("C13", "json5", "[1,,2]", "json5-syntax", 1, 4),
    ("unclosed-strings", "json5", "['" * 300_000, "json5-syntax", 1, 5),
    ("backslashes", "json5", "['" + "\\" * 900_001, "json5-syntax", 1, 2),
    ("digits", "json5", "[" + "1" * 900_000 + "x]", "json5-syntax", 1, 2),
]


@pytest.mark.parametrize(("name", "ending", "content", "code", "line", "column"), REFUSED, ids=lambda it: str(it)[:20])
def test_refused(folder: Path, name: str, ending: str, content: str | bytes, code: str, line: int, column: int) -> None:
    (folder / f"{name}.{ending}").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert [code, f"configs/{name}.{ending}", line, column] in read(folder)["findings"]


READ = [
    ("A7", "yaml", "a: 1" + ":1" * 300_000, "1" + ":1" * 300_000),
    ("A11", "yaml", "a: " + "x" * 300_000, "x" * 300_000),
    ("B14", "yaml", "a: 0777", 777),
    ("B15", "yaml", "a: 08", 8),
    ("ten", "yaml", "a: 010", 10),
    ("B16", "yaml", "a: 1_000", "1_000"),
    ("B21", "yaml", "a: 9007199254740993", 9007199254740993),
    ("B23", "yaml", 'a: "\\e[31m"', "\x1b[31m"),
    ("B24", "yaml", 'a: "\\0"', "\x00"),
    ("B26", "yaml", 'a: "\\u202e"', "\u202e"),
    ("C6", "json5", "{a:" + "[" * 60 + "]" * 60 + "}", json.loads("[" * 60 + "]" * 60)),
    ("words", "yaml", "a: [NO, on, 1:30, 2024-01-01, 12:30, yes]", ["NO", "on", "1:30", "2024-01-01", "12:30", "yes"]),
    ("booleans", "yaml", "a: [true, True, TRUE, false, False, FALSE]", [True, True, True, False, False, False]),
    ("numbers", "yaml", "a: [0o17, 0x1F, +1, -.5, 1., 1e3, 1.5E-3]", [15, 31, 1, -0.5, 1.0, 1000.0, 0.0015]),
    ("keys", "yaml", "a:\n" + "".join(f"  é{i}: 1\n" for i in range(20_000)), {f"é{i}": 1 for i in range(20_000)}),
    ("a-person's", "yaml", "a:" + "".join("\n" + " " * i + "b:" for i in range(1, 30)) + " " + "x" * 250_000, None),
]


@pytest.mark.parametrize(("name", "ending", "content", "value"), READ, ids=lambda it: str(it)[:20])
def test_read_as_it_says(folder: Path, name: str, ending: str, content: str, value: Any) -> None:
    (folder / f"{name}.{ending}").write_text(content)
    told = read(folder)
    assert [code for code, *_ in told["findings"] if not code.startswith("yaml-11-")] == []
    if value is not None:
        assert told["data"] == [{"a": value}]


@pytest.mark.parametrize("target", ["/proc/self/environ", "/dev/zero", "../../secret"])
def test_links_out_are_refused(folder: Path, target: str) -> None:
    (folder / "x.yaml").symlink_to(target)
    assert read(folder)["findings"] == [["symlink-outside", "configs/x.yaml", 0, 0]]
