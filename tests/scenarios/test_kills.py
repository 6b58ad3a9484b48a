"""Killed at any moment, and then other edits of the same files: nothing that the tool wrote itself is ever held.

Each seed is a world of its own: what is killed when, what the files say afterwards, and whether somebody edits a
config in the console meanwhile, which alone must then be held. ``KILLS=200`` tries two hundred of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from queue import SimpleQueue
from random import Random

import pytest
from harness import Live, config

from .conftest import RECORD, Repository

SEEDS = range(int(os.environ.get("KILLS", "10")))
_IN_TIME = 60
APPLY = ("apply", "--yes", "--record", RECORD)
NAMES = [f"config_{number}" for number in range(6)]


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_kill_nothing_of_our_own_is_held(repository: Repository, live: Live, seed: int) -> None:
    rng = Random(seed)
    wanted = dict.fromkeys(NAMES[:4], 1)
    _merge(repository, wanted)
    if rng.random() < 0.9:
        assert repository.apply().code == 0
    wanted |= dict.fromkeys(rng.sample(NAMES, 5), 2)
    _merge(repository, wanted)
    _kill(repository, live, rng)

    edited = rng.choice(sorted(one for one in wanted if one in live)) if live.ids and rng.random() < 0.4 else None
    if edited is not None:
        live.edit(edited, description="hers")
    wanted |= dict.fromkeys(rng.sample(sorted(wanted), rng.randint(0, 4)), 3)
    _merge(repository, wanted)

    has_record = repository.recorded is not None
    assert repository.plan().held.keys() == ({edited} if edited and has_record else set())
    repository.apply()
    for name, value in wanted.items():
        if name != edited:
            assert live[name]["defaultValue"] == {"value": value}
    if edited and has_record:
        assert live[edited]["description"] == "hers"
    creates = [entry["id"] for entry in live.emulator.audit() if entry["path"].endswith("dynamic_configs")]
    assert len(creates) == len(set(creates)), "none was created twice"


def _merge(repository: Repository, wanted: dict[str, int]) -> None:
    repository.write(**{name: config(value) for name, value in wanted.items()})
    repository.file("merges", repository.git("rev-parse", "HEAD"))  # there is always something to commit
    repository.merge()


def _kill(repository: Repository, live: Live, rng: Random) -> None:
    """An apply that is killed by SIGKILL: as one of its requests arrives, or as it calls git."""
    if rng.random() < 0.7:
        _kill_at_request(repository, live, rng.choice(["GET", "POST"]), rng.randint(1, 9))
    else:
        _kill_at_git(repository, rng.choice(["commit-tree", "update-ref", "cat-file"]), rng.randint(1, 3))


def _kill_at_request(repository: Repository, live: Live, method: str, nth: int) -> None:
    started: SimpleQueue[subprocess.Popen[str]] = SimpleQueue()

    def kill() -> None:
        process = started.get(timeout=_IN_TIME)
        os.kill(process.pid, signal.SIGKILL)

    acts: list[Callable[[], None]] = [lambda: None] * (nth - 1) + [kill]
    for act in acts:
        live.before(method, "", act)
    with repository.start(*APPLY, stdout=subprocess.DEVNULL) as process:
        started.put(process)
        process.communicate(timeout=_IN_TIME)
    live.forget()


def _kill_at_git(repository: Repository, verb: str, nth: int) -> None:
    """Its own git kills it, at the nth call of a verb; the call itself is carried out."""
    count = repository.path / ".git" / "calls"
    script = f'[ "$3" = {verb} ] && echo >> {count} && [ "$(wc -l < {count})" = {nth} ] && kill -KILL $PPID'
    stand_in = repository.file(".git/bin/git", f'#!/bin/sh\n{script}\nexec {shutil.which("git")} "$@"\n')
    stand_in.chmod(0o755)
    repository.run(*APPLY, env={"PATH": f"{stand_in.parent}:{os.environ['PATH']}"})
    count.unlink(missing_ok=True)
