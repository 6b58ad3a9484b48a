"""A person who looks on sees how long it takes: before, in the plan, and while it waits, counted down."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import pty
import re
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from harness import CONFIGS, _environment

from faults.world import LIST, VirtualClock, World, at_virtual_time
from reconciler.cli import main

SLOW = "mutations_per_10s = 2\n"


def slow_world(updates: int, pace: str = SLOW) -> World:
    world = World(updates=updates, creates=0, same=0)
    settings = world.project.path / "configs/reconciler.toml"
    settings.write_text(settings.read_text() + pace)
    return world


def test_the_plan_says_how_long_its_apply_takes() -> None:
    with slow_world(updates=7) as world:
        assert "7 writes: about 30 s" in world.call("plan").stdout
    with World(updates=3, creates=0, same=0) as world:
        assert "3 writes: about 1 s" in world.call("plan").stdout


def test_apply_counts_down_on_a_terminal_while_it_waits_for_a_window() -> None:
    shown = on_a_terminal(slow_world(updates=4), "apply", "--yes")
    waits = [int(seconds) for seconds in re.findall(r"(\d+) s: the 10-second window", shown)]
    assert list(dict.fromkeys(waits))[:10] == list(range(10, 0, -1)), shown
    assert re.search(r"\d/4 written   done in about 10 s   waiting 10 s: the 10-second window", shown)
    assert "4/4 written" in shown


class Log(io.StringIO):
    """A log, and at which time of the run each of its lines came."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self.lines: list[tuple[float, str]] = []
        self._clock = clock

    def write(self, text: str) -> int:
        self.lines.append((self._clock.monotonic(), text.rstrip()))
        return super().write(text)

    def silences(self, began: float) -> list[float]:
        """Seconds from the beginning to the first line, from line to line, and from the last one to now."""
        moments = [began, *(moment for moment, _ in self.lines), self._clock.monotonic()]
        return [after - before for before, after in itertools.pairwise(moments)]


def in_a_log(world: World, *arguments: str, code: int = 0, into: Log | None = None) -> Log:
    """What a run writes to stderr where that is a file."""
    log = into or Log(world.clock)
    with at_virtual_time(world.clock, 10.0, 0), contextlib.chdir(world.project.path):
        streams = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(log)
        with _environment(world.project.environ()), streams[0], streams[1]:
            assert main(arguments) == code
    return log


def test_a_log_names_the_window_its_end_and_the_end_of_the_run_every_30_s() -> None:
    """Two windows of 15 minutes are waited for: a CI that hears nothing for ten minutes would have ended the run."""
    with slow_world(updates=5, pace="mutations_per_15min = 2\n") as world:
        began = world.clock.monotonic()
        log = in_a_log(world, "apply", "--yes")
        took = world.clock.monotonic() - began
    assert took >= 1800
    assert max(log.silences(began)) <= 30
    assert min(log.silences(began)[1:-1]) >= 20, "and not a line every second"
    shape = r"[0-4]/5 written(, waiting for the 15-minute window until \d\d:\d\d UTC)?(, done about \d\d:\d\d UTC)?"
    assert [line for _, line in log.lines if not re.fullmatch(shape, line)] == []
    waits = [line for _, line in log.lines if "window" in line]
    assert len(waits) > len(log.lines) / 2
    assert all(", done about " in line for line in waits)


def test_the_times_in_a_log_are_those_of_the_wait_and_of_the_run() -> None:
    with slow_world(updates=5, pace="mutations_per_15min = 2\n") as world:
        now = datetime.now(UTC)
        (_, first), *_ = in_a_log(world, "apply", "--yes").lines
    until, done = re.findall(r"(\d\d:\d\d) UTC", first)
    assert until in about(now + timedelta(minutes=15))
    assert done in about(now + timedelta(minutes=30))


def about(moment: datetime) -> list[str]:
    """The minute of a moment, and the next one: some real time goes by in a test."""
    return [f"{moment + timedelta(minutes=later):%H:%M}" for later in range(2)]


def test_a_quiet_run_leaves_the_lines_out() -> None:
    with slow_world(updates=6) as world:
        assert world.call("apply", "--yes", "-q").stderr == ""


def test_a_log_names_the_first_wait_for_a_reason_at_once_and_does_not_count_down() -> None:
    with slow_world(updates=4) as world:
        log = in_a_log(world, "apply", "--yes")
    assert re.match(r"\d/4 written, waiting for the 10-second window until ", log.lines[0][1])
    assert min(log.silences(0)[1:-1], default=20) >= 20


def test_a_run_that_has_nothing_to_wait_for_writes_nothing_to_a_log() -> None:
    with World(updates=3, creates=0, same=0) as world:
        assert in_a_log(world, "apply", "--yes").lines == []


class Unread(Log):
    """A log that nobody reads any more."""

    def write(self, text: str) -> int:
        super().write(text)
        raise BrokenPipeError


def test_a_log_that_nobody_reads_any_more_does_not_end_the_run() -> None:
    with slow_world(updates=6) as world:
        assert in_a_log(world, "apply", "--yes", into=Unread(world.clock)).lines != []
        assert [world.value(name) for name in world.updates] == [2] * 6


def test_a_log_has_a_line_every_30_s_while_answers_are_lost_and_live_is_looked_at_again() -> None:
    with World(updates=3, creates=0, same=0) as world:
        world.live.put_off(f"{CONFIGS}/", *[3600.0] * 30)
        began = world.clock.monotonic()
        log = in_a_log(world, "apply", "--yes", code=6)
        assert world.clock.monotonic() - began >= 60
        assert max(log.silences(began)) <= 30
    assert re.match("0/3 written", log.lines[0][1])


@pytest.mark.parametrize(
    ("method", "nth", "shown"), [("POST", 1, "0/1 written"), ("GET", 3, "1/1 written, reading live configs again")]
)
def test_a_log_has_a_line_every_30_s_while_one_answer_takes_minutes(method: str, nth: int, shown: str) -> None:
    """The requests of this run: GET the list, GET the config, POST it, GET the list again."""
    with World(updates=1, creates=0, same=0) as world:
        log = Log(world.clock)
        said: list[str] = []

        def be_slow(now: str, _path: str) -> None:
            if (now, [met for met, _ in world.requests].count(method)) == (method, nth):
                for minutes in range(1, 4):
                    world.clock.sleep(30)
                    said.append(next_line(log, minutes))

        world.before = be_slow
        in_a_log(world, "apply", "--yes", into=log)
    assert [line.partition(", done")[0] for line in said] == [shown] * 3


def next_line(log: Log, number: int) -> str:
    """The line of that number, which another thread is about to write; empty where it does not come."""
    gives_up = time.monotonic() + 5
    while len(log.lines) < number and time.monotonic() < gives_up:
        time.sleep(0.01)
    return log.lines[number - 1][1] if len(log.lines) >= number else ""


def test_a_log_has_a_line_every_30_s_while_live_is_read_under_a_429() -> None:
    with World(updates=1, creates=0, same=0) as world:
        refusal = {"kind": "status", "status": 429, "headers": {"Retry-After": "100"}}
        world.fail({**LIST, "count": 3, "fault": refusal})
        began = world.clock.monotonic()
        log = in_a_log(world, "plan")
        assert world.clock.monotonic() - began >= 300
        assert max(log.silences(began)) <= 30
    assert log.lines[0][1].startswith("reading live configs, waiting for the API, which asks to slow down (429) until ")


def on_a_terminal(world: World, *arguments: str) -> str:
    """What a run writes to stderr where that is a terminal; time is virtual."""
    ours, theirs = pty.openpty()
    heard: list[bytes] = []

    def listen() -> None:
        with contextlib.suppress(OSError):
            while data := os.read(ours, 65536):
                heard.append(data)

    listener = threading.Thread(target=listen)
    listener.start()
    with world, os.fdopen(theirs, "w", encoding="utf-8") as terminal, at_virtual_time(world.clock, 10.0, 0):
        here = contextlib.chdir(world.project.path), _environment(world.project.environ())
        with here[0], here[1], contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(terminal):
            assert main(arguments) == 0
    listener.join()
    os.close(ours)
    return b"".join(heard).decode("utf-8")
