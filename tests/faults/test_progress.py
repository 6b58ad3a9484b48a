"""A person who looks on sees how long it takes: before, in the plan, and while it waits, counted down."""

from __future__ import annotations

import contextlib
import io
import os
import pty
import re
import threading

from harness import _environment

from faults.world import World, at_virtual_time
from reconciler.cli import main

SLOW = "mutations_per_10s = 2\n"


def slow_world(updates: int) -> World:
    world = World(updates=updates, creates=0, same=0)
    settings = world.project.path / "configs/reconciler.toml"
    settings.write_text(settings.read_text() + SLOW)
    return world


def test_the_plan_says_how_long_its_apply_takes() -> None:
    with slow_world(updates=7) as world:
        assert "7 writes: about 30 s" in world.call("plan").stdout
    with World(updates=3, creates=0, same=0) as world:
        assert "3 writes: about 1 s" in world.call("plan").stdout


def test_apply_counts_down_on_a_terminal_while_it_waits_for_a_window() -> None:
    shown = on_a_terminal(slow_world(updates=4), "apply", "--yes")
    waits = [int(seconds) for seconds in re.findall(r"(\d+) s: the project's rate limit", shown)]
    assert waits[:10] == list(range(10, 0, -1)), shown
    assert re.search(r"\d/4   done in about 10 s   waiting 10 s: the project's rate limit", shown)
    assert "4/4" in shown


def test_a_log_gets_one_line_for_each_reason_to_wait_and_no_countdown() -> None:
    with slow_world(updates=6) as world:
        assert world.call("apply", "--yes").stderr.count("rate limit") == 1
        assert "rate limit" not in world.call("apply", "--yes", "-q").stderr


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
