"""Interrupted anywhere, a run says what is known of every change; run again, it finishes the rest and repeats nothing.

Every wait here is for something that the live project has seen, and every slow answer is far slower than a test may
take: a run that waited for one would not end in time.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from harness import Done, Live, config

from .conftest import RECORD, Repository

_FAR_TOO_LONG = 300
_IN_TIME = 60
SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
NAMES = [f"config_{number:02}" for number in range(12)]


@pytest.fixture
def twelve(repository: Repository) -> Repository:
    """Twelve configs to be created."""
    repository.write(**{name: config() for name in NAMES})
    repository.merge()
    return repository


def slow(method: str, path: str = "*", *, after: bool = False, **cue: Any) -> dict[str, Any]:
    """An answer that nobody waits for. ``after``: it comes late, but what it answers was carried out at once."""
    fault = {"kind": "delay", "seconds": _FAR_TOO_LONG, "after": after}
    return {"method": method, "path": path, "fault": fault, **(cue or {"always": True})}


def interrupted(
    repository: Repository,
    live: Live,
    number: signal.Signals,
    *arguments: str,
    method: str,
    times: int = 1,
    path: str = "",
) -> Done:
    """Run, and send the signal once so many requests of a kind have come in."""
    arrived = threading.Semaphore(0)
    for _ in range(times):
        live.before(method, path, arrived.release)
    with repository.start(*arguments) as process:
        for _ in range(times):
            assert arrived.acquire(timeout=_IN_TIME)
        process.send_signal(number)
        out, err = process.communicate(timeout=_IN_TIME)
    assert "Traceback" not in err
    return Done(process.returncode, out, err)


APPLY = ("apply", "--yes", "--record", RECORD, "--format", "json")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_what_is_in_flight_is_classified_and_the_rest_is_not_begun(
    twelve: Repository, live: Live, number: signal.Signals, code: int
) -> None:
    live.fail(slow("POST"))
    done = interrupted(twelve, live, number, *APPLY, method="POST", times=8)
    assert done.code == code
    assert Counter(done.statuses.values()) == {"unknown": 8, "skipped": 4}
    assert done.json["errored"] is True
    assert sorted(done.statuses) == NAMES
    assert twelve.recorded == {}

    live.fail()
    again = twelve.apply()
    assert again.code == 0
    assert sorted(live.written) == NAMES
    assert len(twelve.recorded or {}) == 12


def test_what_was_written_without_an_answer_is_not_written_again(twelve: Repository, live: Live) -> None:
    live.fail(slow("POST", after=True))
    done = interrupted(twelve, live, signal.SIGINT, *APPLY, method="POST", times=8)
    assert done.code == 130
    unknown = {name for name, status in done.statuses.items() if status == "unknown"}
    assert len(unknown) == 8

    live.fail()
    again = twelve.apply()
    assert set(again.statuses) == set(NAMES) - unknown, "what is live as the file says is no change any more"
    assert sorted(live.written) == NAMES
    assert len(twelve.recorded or {}) == 12


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_a_run_that_only_reads_ends_at_once(twelve: Repository, live: Live, number: signal.Signals, code: int) -> None:
    live.fail(slow("GET"))
    for command in ("plan", "apply"):
        done = interrupted(twelve, live, number, command, "--format", "json", method="GET")
        assert done.code == code
        assert done.json["errored"] is True
        assert done.json["error"]["code"] == f"stopped-by-{number.name.lower()}"
    assert live.written == []


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_before_the_first_write_of_a_saved_plan(
    twelve: Repository, live: Live, number: signal.Signals, code: int
) -> None:
    assert twelve.call("plan", "--out", "plan.json").code == 0
    live.fail(slow("GET"))
    done = interrupted(twelve, live, number, "apply", "plan.json", "--record", RECORD, "--format", "json", method="GET")
    assert done.code == code
    assert set(done.statuses.values()) == {"skipped"}
    assert len(done.statuses) == 12
    assert twelve.recorded == {}
    assert live.written == []


def test_while_it_waits_for_the_rate_limit(twelve: Repository, live: Live) -> None:
    twelve.settings((twelve.path / "configs/reconciler.toml").read_text() + "[limits]\nmutations_per_10s = 3\n")
    done = interrupted(twelve, live, signal.SIGTERM, *APPLY, method="POST", times=3)
    assert done.code == 143
    assert Counter(done.statuses.values()) == {"verified": 3, "skipped": 9}
    assert len(twelve.recorded or {}) == 3
    assert set(live.written) == {name for name, status in done.statuses.items() if status == "verified"}


def test_while_it_reads_for_the_last_time(twelve: Repository, live: Live) -> None:
    live.fail(slow("GET", "*/dynamic_configs", nth=[2]))
    done = interrupted(twelve, live, signal.SIGTERM, *APPLY, method="GET", path="/dynamic_configs", times=2)
    assert done.code == 143
    assert set(done.statuses.values()) == {"verified"}
    assert len(twelve.recorded or {}) == 12


def test_people_are_told_what_remains(twelve: Repository, live: Live) -> None:
    live.fail(slow("POST"))
    done = interrupted(twelve, live, signal.SIGINT, "apply", "--yes", method="POST", times=8)
    assert done.code == 130
    outcome = done.stdout.partition("Applied to ")[2]
    for name in NAMES:
        assert name in outcome
    assert "8 unknown; 4 not started" in outcome
    assert "Run it again" in outcome


def test_a_second_signal_changes_nothing(twelve: Repository, live: Live) -> None:
    """GitHub cancels with SIGINT, and with SIGTERM seconds later."""
    live.fail(slow("POST"))
    arrived = threading.Semaphore(0)
    live.before("POST", "", arrived.release)
    with twelve.start(*APPLY) as process:
        assert arrived.acquire(timeout=_IN_TIME)
        process.send_signal(signal.SIGINT)
        while process.poll() is None:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.05)
        out, err = process.communicate(timeout=_IN_TIME)
    assert process.returncode == 130
    assert len(json.loads(out)["results"]) == 12
    assert "Traceback" not in err
    assert twelve.recorded == {}


KILLED: dict[str, Callable[[Live], object]] = {
    "before a write is carried out": lambda live: live.fail(slow("POST")),
    "after a write is carried out": lambda live: live.fail(slow("POST", after=True)),
    "among others that were done": lambda live: live.fail(slow("POST", nth=[5, 6, 7])),
}


@pytest.mark.parametrize("arrange", KILLED.values(), ids=KILLED.keys())
def test_after_a_kill_the_next_run_converges(twelve: Repository, live: Live, arrange: Callable[[Live], object]) -> None:
    arrange(live)
    done = interrupted(twelve, live, signal.SIGKILL, *APPLY, method="POST", times=8)
    assert done.code == -signal.SIGKILL
    assert done.stdout == ""
    assert twelve.recorded == {}, "nothing is known to be applied"
    assert sorted(twelve.notes["open"]) == NAMES, "and all of it may be"

    live.fail()
    again = twelve.apply()
    assert again.code == 0
    assert sorted(live.written) == NAMES, "each was created once"
    assert twelve.plan("--detailed-exitcode").code == 0
    assert len(twelve.recorded or {}) == 12


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_the_emulator_ends_by_a_signal(repository: Repository, number: signal.Signals, code: int) -> None:
    with repository.start("emulator", "--port", "0") as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Console API emulator on http://127.0.0.1:")
        process.send_signal(number)
        _, err = process.communicate(timeout=_IN_TIME)
    assert process.returncode == code
    assert "Traceback" not in err


@pytest.mark.parametrize("flags", [[], ["--expect", "sha256:0"]], ids=["after the writes", "after a refusal"])
def test_while_it_records(twelve: Repository, live: Live, flags: list[str]) -> None:
    """Its own git sends the signal, right when the last record is to be committed; the first one is of what begins."""
    git, last = shutil.which("git"), 1 if flags else 2
    stand_in = twelve.file(
        "bin/git",
        f"""#!/bin/sh
[ "$3" = commit-tree ] && echo >> $COMMITS && [ "$(wc -l < $COMMITS)" = {last} ] && kill -TERM $PPID
exec {git} "$@"
""",
    )
    stand_in.chmod(0o755)
    where = {"PATH": f"{stand_in.parent}:{os.environ['PATH']}", "COMMITS": str(twelve.path / "commits")}
    done = twelve.run(*APPLY, *flags, env=where)
    assert done.code == 143
    assert "Traceback" not in done.stderr
    assert len(twelve.recorded or {}) == len(live.written) == (0 if flags else 12)
    assert Counter(done.statuses.values()) == ({} if flags else {"verified": 12})
    assert twelve.recorded is not None


def test_while_it_says_that_it_was_interrupted(twelve: Repository, live: Live) -> None:
    """Its output waits in a pipe that is full, so every further signal meets it there."""
    live.fail(slow("GET"))
    arrived = threading.Semaphore(0)
    live.before("GET", "", arrived.release)
    ours, theirs = os.pipe()
    filled = _fill(theirs)
    with twelve.start("plan", "--format", "json", stdout=theirs) as process, os.fdopen(ours, "rb") as pipe:
        os.close(theirs)
        assert arrived.acquire(timeout=_IN_TIME)
        process.send_signal(signal.SIGINT)
        for _ in range(10):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            process.send_signal(signal.SIGTERM)
        printed = pipe.read()[filled:]
        _, err = process.communicate(timeout=_IN_TIME)
    assert process.returncode == 130
    assert json.loads(printed)["errored"] is True
    assert "Traceback" not in err


def _fill(pipe: int) -> int:
    """Fill a pipe; returns how many bytes it took."""
    os.set_blocking(pipe, False)
    taken = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            taken += os.write(pipe, b" " * 4096)
    os.set_blocking(pipe, True)
    return taken
