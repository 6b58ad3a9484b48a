"""How long ``reconciler validate`` takes, as ratios within one run: ``python tests/benchmarks/validate.py``.

Generated configs of about 1.7 kB, three rules each, in 40 folders. Whole processes are timed, start-up included, and
the shortest of several runs counts; the floor is a bare loop of PyYAML's libyaml loader over the same texts in memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

FOLDERS = 40
WORDS = [
    *("checkout", "payment", "gateway", "region", "retry", "limit", "banner", "model", "token"),
    *("window", "cache", "tenant", "queue", "shard", "budget"),
]

FLOOR = """
import sys, time
from pathlib import Path
import yaml
texts = [path.read_text() for path in sorted(Path(sys.argv[1]).rglob("*.yaml"))]
start = time.perf_counter()
for text in texts:
    yaml.load(text, yaml.CSafeLoader)
print(time.perf_counter() - start)
"""


def config(number: int) -> dict[str, Any]:
    """One config, the same for the same number."""
    chance = random.Random(number)

    def words(count: int) -> str:
        return " ".join(chance.choice(WORDS) for _ in range(count))

    def value() -> dict[str, Any]:
        return {
            "timeout_ms": chance.randrange(100, 10_000),
            "ratio": round(chance.random(), 3),
            "enabled": chance.random() < 0.5,
            "label": words(3),
            "hosts": [f"{chance.choice(WORDS)}-{n}.example.com" for n in range(2)],
        }

    conditions = [
        {"type": "country", "operator": "any", "targetValue": ["US", "CA", "DE"]},
        {"type": "custom_field", "field": "plan", "operator": "any", "targetValue": ["pro", "team"]},
        {"type": "app_version", "operator": "version_gte", "targetValue": f"{number % 9}.2.0"},
    ]
    rules = [
        {
            "name": f"{words(2)} {n}",
            "passPercentage": chance.choice([1, 10, 12.5, 50, 100]),
            "conditions": [
                condition,
                {"type": "email", "operator": "str_contains_any", "targetValue": ["@example.com"]},
            ],
            "returnValue": value(),
        }
        for n, condition in enumerate(conditions)
    ]
    return {
        "id": f"config_{number:05}",
        "description": f"What the {words(6)} uses. {words(8)}.",
        "isEnabled": True,
        "idType": "userID",
        "tags": ["benchmark", chance.choice(WORDS)],
        "rules": rules,
        "defaultValue": value(),
    }


def write(folder: Path, files: int, text: Callable[[dict[str, Any]], str], ending: str) -> None:
    """``files`` configs below a folder."""
    for number in range(files):
        team = folder / f"team_{number % FOLDERS:02}"
        team.mkdir(parents=True, exist_ok=True)
        (team / f"config_{number:05}.{ending}").write_text(text(config(number)))


def as_yaml(data: dict[str, Any]) -> str:
    return yaml.dump(data, Dumper=yaml.CSafeDumper, sort_keys=False)


def as_json5(data: dict[str, Any]) -> str:
    """JSON with comments where a team would write them."""
    lines = json.dumps(data, indent=2).split("\n")
    return "\n".join(line + (f"  // {line.strip()[:20]}" if '"timeout_ms"' in line else "") for line in lines)


def seconds(*command: str) -> float:
    """The shortest of several whole runs."""
    return min(_once(command)[0] for _ in range(3))


def peak_megabytes(*command: str) -> float:
    """The largest resident size of a process and its children, whichever of them was largest."""
    return _once(command)[1]


def _once(command: tuple[str, ...]) -> tuple[float, float]:
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def measure(files: int) -> Iterator[tuple[str, float, float]]:
    """What is measured: its name, the ratio, and the most that it may be."""
    python = sys.executable
    validate = (python, "-m", "reconciler", "validate", "--configs")
    with tempfile.TemporaryDirectory() as temporary:
        folders = {name: Path(temporary, name) for name in ("yaml", "json5", "tenth")}
        write(folders["yaml"], files, as_yaml, "yaml")
        write(folders["json5"], files, as_json5, "json5")
        write(folders["tenth"], files // 10, as_yaml, "yaml")
        sizes = [path.stat().st_size for path in folders["yaml"].rglob("*.yaml")]
        print(f"{files} configs, {sum(sizes) / len(sizes):.0f} bytes each as YAML\n")

        floor = min(
            float(subprocess.run([python, "-c", FLOOR, folders["yaml"]], capture_output=True, check=True).stdout)
            for _ in range(3)
        )
        in_yaml = seconds(*validate, str(folders["yaml"]))
        in_json5 = seconds(*validate, str(folders["json5"]))
        a_tenth = seconds(*validate, str(folders["tenth"]))
        bare = seconds(python, "-c", "pass")
        version = seconds(python, "-m", "reconciler", "--version")
        start_up = _start_up(validate, Path(temporary, "one"))
        peak = peak_megabytes(*validate, str(folders["yaml"]))

    print(f"floor {floor:.2f} s, YAML {in_yaml:.2f} s, JSON5 {in_json5:.2f} s, one file {start_up:.2f} s\n")
    yield "YAML : bare loop of CSafeLoader", in_yaml / floor, 1.0
    yield "JSON5 with comments : YAML", in_json5 / in_yaml, 1.0
    yield "10 × the files : the files, start-up aside", (in_yaml - start_up) / (a_tenth - start_up), 11
    yield "--version : python -c pass", version / bare, 5
    yield "peak memory, MB", peak, 60 + 0.05 * files


def _start_up(validate: tuple[str, ...], folder: Path) -> float:
    write(folder, 1, as_yaml, "yaml")
    return seconds(*validate, str(folder))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4000, help="how many configs (default 4000)")
    files = parser.parse_args().files
    rows = list(measure(files))
    print(f"{'':46}{'measured':>10}{'at most':>10}")
    for name, measured, most in rows:
        print(f"{name:46}{measured:10.2f}{most:10.2f}{'' if measured <= most else '   too much'}")


if __name__ == "__main__":
    main()
