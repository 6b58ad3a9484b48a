"""A run that is asked to stop, or is killed: it says what it knows, and the next run finishes the rest.

At virtual time a stop comes at an exact request; as a real process the command gets real signals while a request
hangs, and is killed for good at random moments.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from harness import CONFIGS, KEY, payload

from faults.test_pacing import a_plan
from faults.world import CREATE, GET, UPDATE, World
from reconciler.apply import execution as applying
from reconciler.ports import Payload

ENOUGH = 3600.0


def stop_at(world: World, method: str, below: str, nth: int = 1) -> None:
    """Ask the run to stop right before the nth such request is answered."""
    seen = Counter[str]()

    def meet(its_method: str, path: str) -> None:
        if its_method == method and path.startswith(below):
            seen[method] += 1
            if seen[method] == nth:
                world.clock.stop()

    world.before = meet


def finishes_the_rest(world: World) -> None:
    world.clock.stopping = False
    world.before = lambda _method, _path: None
    world.fail()
    so_far = {name: world.written(name) for name in [*world.updates, *world.creates]}
    assert world.apply().code == 0
    for name, writes in so_far.items():
        assert world.value(name) == 2
        assert world.written(name) == max(writes, 1), f"{name} was written again"


def test_a_stop_before_the_first_write_skips_everything() -> None:
    with World(updates=20, creates=20) as world:
        stop_at(world, "GET", f"{CONFIGS}/")
        done = world.apply()
        assert set(done.statuses.values()) == {"skipped"}
        assert (done.code, world.live.audit()) == (1, [])
        finishes_the_rest(world)


@pytest.mark.parametrize("nth", [1, 5, 12])
def test_a_stop_between_writes_finishes_what_is_in_flight_and_skips_the_remainder(nth: int) -> None:
    with World(updates=20, creates=20) as world:
        stop_at(world, "POST", CONFIGS, nth)
        done = world.apply()
        counts = Counter(done.statuses.values())
        assert set(counts) == {"verified", "skipped"}
        assert nth <= counts["verified"] == len(world.live.audit()) <= nth + 8
        assert done.code == 6
        finishes_the_rest(world)


def test_a_stop_while_waiting_for_the_rate_window_skips_what_waits() -> None:
    with World(updates=6, creates=0) as world:
        settings = world.project.path / "configs/reconciler.toml"
        settings.write_text(settings.read_text() + "mutations_per_10s = 2\n")
        world.clock.each_time = world.clock.stop
        counts = Counter(world.apply().statuses.values())
        assert counts["verified"] + counts["skipped"] == 6
        assert counts["verified"] == len(world.live.audit()) <= 2
        world.clock.each_time = lambda: None
        finishes_the_rest(world)


@pytest.mark.parametrize("operation", [CREATE, UPDATE], ids=["create", "update"])
@pytest.mark.parametrize(("kind", "status"), [("reset_before", "unknown"), ("reset_after", "verified")])
def test_a_stop_while_a_lost_answer_settles_looks_once_more(operation: dict[str, str], kind: str, status: str) -> None:
    counts = {"updates": 1, "creates": 0} if operation is UPDATE else {"updates": 0, "creates": 1}
    with World(**counts) as world:
        world.fail({**operation, "nth": [1], "fault": {"kind": kind}})
        stop_at(world, "POST", CONFIGS)
        assert list(world.apply().statuses.values()) == [status]
        [name] = [*world.updates, *world.creates]
        assert world.requests.count(("GET", f"{CONFIGS}/{name}")) == 2, "before the write, and once after it"
        finishes_the_rest(world)


def test_a_stop_before_a_second_sending_leaves_the_first_in_doubt() -> None:
    with World(updates=1, creates=0) as world:
        world.fail({**UPDATE, "nth": [1], "fault": {"kind": "reset_before"}})
        stop_at(world, "GET", f"{CONFIGS}/", 5)  # the look of the second sending
        assert list(world.apply().statuses.values()) == ["unknown"]
        finishes_the_rest(world)


def test_a_read_that_is_cut_off_by_a_stop_skips_its_change() -> None:
    with World(updates=1, creates=0) as world:
        world.fail({**GET, "always": True, "fault": {"kind": "reset_before"}})
        stop_at(world, "GET", f"{CONFIGS}/")
        assert list(world.apply().statuses.values()) == ["skipped"]
        finishes_the_rest(world)


class Hanging:
    """An API behind the ports whose calls hang for good, and a clock on which each glance takes a second."""

    def __init__(self, hangs: str) -> None:
        self.hangs = hangs
        self.has_hung = threading.Event()
        self.released = threading.Event()
        self._now = 0.0

    def get(self, config_id: str) -> Payload:
        self._hang("get")
        return payload(config_id)

    def update(self, config_id: str, body: object, look: Callable[[], None] | None = None) -> None:
        assert look is not None
        look()
        self._hang("update")

    def _hang(self, what: str) -> None:
        if what == self.hangs:
            self.has_hung.set()
            self.released.wait(60)

    @property
    def stopping(self) -> bool:
        return self.has_hung.is_set()

    def monotonic(self) -> float:
        self._now += 1.0
        return self._now


@pytest.mark.parametrize(("hangs", "first"), [("get", "skipped"), ("update", "unknown")])
def test_what_does_not_end_in_time_after_a_stop_is_classified_by_whether_it_had_begun(hangs: str, first: str) -> None:
    api: Any = Hanging(hangs)
    try:
        outcomes = list(applying.apply(a_plan(5), api, api, api, workers=1))
    finally:
        api.released.set()
    assert [one.status.value for one in outcomes] == [first, *["skipped"] * 4]


# ── real processes, real signals, real time ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_requests_hang_ends_the_process_in_time_and_everything_is_classified(
    number: signal.Signals, code: int
) -> None:
    with World(updates=30, creates=0) as world:
        world.fail({**UPDATE, "nth": list(range(9, 100)), "fault": {"kind": "delay", "seconds": ENOUGH, "after": True}})
        hanging = threading.Event()
        stop = Counter[str]()

        def meet(method: str, _path: str) -> None:
            stop[method] += 1
            if stop["POST"] == 9:
                hanging.set()

        world.before = meet
        process = world.project.start("apply", "--yes", "--format", "json")
        assert hanging.wait(30)
        process.send_signal(number)
        out, err = process.communicate(timeout=7)  # 5 s, and a little for a busy machine
        statuses = Counter(one["status"] for one in json.loads(out)["results"])
        assert process.returncode == code
        assert statuses["verified"] == 8
        assert 1 <= statuses["unknown"] <= 8
        assert statuses["skipped"] == 30 - 8 - statuses["unknown"]
        assert "Traceback" not in err
        assert KEY not in out + err
        finishes_the_rest(world)


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_process_is_followed_by_one_that_finishes_and_repeats_nothing(seed: int) -> None:
    rng = Random(seed)
    with World(updates=20, creates=20, seed=seed) as world:
        nth, seen, reached = rng.randint(1, 40), Counter[str](), threading.Event()
        process = world.project.start("apply", "--yes")

        def meet(method: str, _path: str) -> None:
            seen[method] += 1
            if seen["POST"] == nth and not reached.is_set():
                process.kill()
                reached.set()

        world.before = meet
        process.communicate(timeout=60)
        assert reached.is_set()
        assert process.returncode == -signal.SIGKILL
        _until_quiet(world)
        finishes_the_rest(world)


def _until_quiet(world: World) -> None:
    """What was on its way when the process died may still arrive."""
    deadline, before = time.monotonic() + 5, -1
    while before != len(world.live.audit()) and time.monotonic() < deadline:
        before = len(world.live.audit())
        threading.Event().wait(0.1)


FAULTS = {
    "reset before": ({"kind": "reset_before"}, 0),
    "503, carried out": ({"kind": "status", "status": 503, "commit": True}, 0),
    "429": ({"kind": "status", "status": 429, "headers": {"Retry-After": "1"}}, 0),
    "403": ({"kind": "status", "status": 403}, 6),
    "gzip bomb": ({"kind": "gzip_bomb", "commit": True}, 0),
}


@pytest.mark.parametrize(("fault", "code"), FAULTS.values(), ids=FAULTS)
def test_some_of_the_matrix_as_a_real_process_at_real_time(fault: dict[str, object], code: int) -> None:
    with World() as world:
        world.fail({**UPDATE, "nth": [1], "fault": fault})
        done = world.project.run("apply", "--yes", "--format", "json")
        assert done.code == code, done.stdout + done.stderr
        assert KEY not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        finishes_the_rest(world)
