"""How long the commands take, as ratios within one run: ``python tests/benchmarks/speed.py``.

Whole processes are timed, start-up included, and the shortest of several runs counts. The floor is a bare loop of
PyYAML's libyaml loader over the same texts in memory. Beside the ratio of wall times stands that of processor times,
which says more on a busy machine, and less of a command that works in several processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RUNS = 5
LONG_RUNS = 3  # of commands that take many seconds

FLOOR = """
import sys, time
from pathlib import Path
import yaml
texts = [path.read_text() for path in sorted(Path(sys.argv[1]).rglob("*.yaml"))]
wall, processor = time.perf_counter(), time.process_time()
for text in texts:
    yaml.load(text, yaml.CSafeLoader)
print(time.perf_counter() - wall, time.process_time() - processor)
"""

GENERATE = Path(__file__).with_name("generated.py")


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processors, children included, and the megabytes of the largest process."""

    wall: float
    processor: float
    megabytes: float = 0

    def less(self, other: Cost) -> Cost:
        return Cost(self.wall - other.wall, self.processor - other.processor)


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, how much it may be, how much it is, and that of processor time."""

    name: str
    most: float
    measured: float
    processor: float | None = None


def ratio(name: str, most: float, cost: Cost, of: Cost) -> Row:
    return Row(name, most, cost.wall / of.wall, cost.processor / of.processor)


def cheapest(*command: str, cwd: Path | None = None, prints: str = "", runs: int = RUNS) -> Cost:
    """The least of several runs: of each measure by itself, since what disturbs one need not disturb the other."""
    costs = [_once(command, cwd, prints) for _ in range(runs)]
    return Cost(
        *(min(one) for one in zip(*((cost.wall, cost.processor, cost.megabytes) for cost in costs), strict=True))
    )


def _once(command: tuple[str, ...], cwd: Path | None, prints: str) -> Cost:
    with tempfile.TemporaryFile("w+") as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, cwd=cwd)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read()
        assert process.returncode == 0, command
        assert prints in said, said[-1000:]
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def floor(folder: Path) -> Cost:
    runs = [
        subprocess.run([sys.executable, "-c", FLOOR, folder], capture_output=True, check=True).stdout.split()
        for _ in range(RUNS)
    ]
    wall, processor = (min(map(float, one)) for one in zip(*runs, strict=True))
    return Cost(wall, processor)


def applied(here: Path, files: int) -> Cost:
    """An apply that creates so many configs in an emulator that is empty each time."""
    folder = here / f"apply-{files}"
    subprocess.run([sys.executable, GENERATE, folder, str(files), "yaml"], check=True)
    anew = ("sh", "-c", 'rm -rf .reconciler && exec "$@"', "sh")
    apply = (sys.executable, "-m", "reconciler", "apply", "--yes", "--configs", "yaml", "--target", "local")
    return cheapest(*anew, *apply, cwd=folder, prints=f"{files:,} verified", runs=LONG_RUNS)


def measure(files: int, here: Path) -> Iterator[Row]:
    """Every row, in the order of the table."""
    reconciler = (sys.executable, "-m", "reconciler")
    validate = (*reconciler, "validate", "--configs")
    # In a process of its own: what this one has in memory would count as its children's.
    subprocess.run([sys.executable, GENERATE, here, str(files)], check=True)
    sizes = [path.stat().st_size for path in (here / "yaml").rglob("*.yaml")]
    print(f"{files} configs, {sum(sizes) / len(sizes):.0f} bytes each as YAML")

    bare_loop = floor(here / "yaml")
    in_yaml = cheapest(*validate, "yaml", cwd=here)
    in_json5 = cheapest(*validate, "json5", cwd=here)
    start_up = cheapest(*validate, "one", cwd=here)
    a_tenth = cheapest(*validate, "tenth", cwd=here)
    plan = cheapest(
        *reconciler, "plan", "--configs", "yaml", "--target", "local", cwd=here, prints=f"{files:,} unchanged"
    )
    apply, apply_of_a_quarter = applied(here, files), applied(here, files // 4)
    python = cheapest(sys.executable, "-c", "pass")
    version = cheapest(*reconciler, "--version")
    print(
        f"seconds: floor {bare_loop.wall:.2f}, YAML {in_yaml.wall:.2f}, JSON5 {in_json5.wall:.2f}, "
        f"plan {plan.wall:.2f}, one file {start_up.wall:.2f}, apply {apply.wall:.2f}\n"
    )
    yield ratio("validate YAML : bare loop of CSafeLoader", 1.0, in_yaml, bare_loop)
    yield ratio("validate JSON5 with comments : YAML", 1.0, in_json5, in_yaml)
    yield ratio("10 × the files : the files, start-up aside", 11, in_yaml.less(start_up), a_tenth.less(start_up))
    yield ratio("plan, nothing to do : validate", 2.5, plan, in_yaml)
    yield ratio("4 × the configs : the configs, applied", 4.4, apply, apply_of_a_quarter)
    yield ratio("--version : python -c pass", 5, version, python)
    yield Row("peak memory of validate, MB", 60 + 0.05 * files, in_yaml.megabytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=4000, help="how many configs (default 4000)")
    files = parser.parse_args().files
    with tempfile.TemporaryDirectory() as temporary:
        rows = list(measure(files, Path(temporary)))
    print(f"{'':44}{'at most':>9}{'measured':>10}{'processor':>11}")
    for row in rows:
        processor = "" if row.processor is None else f"{row.processor:.2f}"
        verdict = "" if row.measured <= row.most else "  too much"
        print(f"{row.name:44}{row.most:9.2f}{row.measured:10.2f}{processor:>11}{verdict}")


if __name__ == "__main__":
    main()
