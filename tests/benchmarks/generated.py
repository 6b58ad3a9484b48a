"""The configs that are measured: about 1.7 kB of YAML and three rules each, in 40 folders, the same in every run."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from reconciler.emulator import Emulator, Options, Request

FOLDERS = 40
WORDS = [
    *("checkout", "payment", "gateway", "region", "retry", "limit", "banner", "model", "token"),
    *("window", "cache", "tenant", "queue", "shard", "budget"),
]


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
            "label": words(6),
            "hosts": [f"{chance.choice(WORDS)}-{n}.example.com" for n in range(3)],
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


def only_yaml(here: Path, files: int) -> None:
    """Configs, and a target ``local``."""
    write(here / "yaml", files, as_yaml, "yaml")
    (here / "yaml" / "reconciler.toml").write_text('[targets.local]\napi = "emulator"\n')


def everything(here: Path, files: int) -> None:
    """Folders of configs, and a target ``local`` where those of ``yaml`` are live already."""
    only_yaml(here, files)
    write(here / "json5", files, as_json5, "json5")
    write(here / "tenth", files // 10, as_yaml, "yaml")
    write(here / "one", 1, as_yaml, "yaml")
    make_live(here / ".reconciler" / "local.db", files)


def make_live(database: Path, files: int) -> None:
    """The same configs as an emulator's live ones, in its SQLite file."""
    in_memory = Emulator(":memory:", options=Options(), require_key=False)
    for number in range(files):
        body = {"name": f"config_{number:05}", **config(number)}
        answer = in_memory.handle(
            Request(
                "POST", "/console/v1/dynamic_configs", {"Content-Type": "application/json"}, json.dumps(body).encode()
            )
        )
        assert answer.status == 201, answer
    database.parent.mkdir(parents=True, exist_ok=True)
    on_disk = Emulator(database, require_key=False)
    on_disk.seed(in_memory.configs())
    on_disk.close()
    in_memory.close()


if __name__ == "__main__":
    what = only_yaml if sys.argv[3:] == ["yaml"] else everything
    what(Path(sys.argv[1]), int(sys.argv[2]))
