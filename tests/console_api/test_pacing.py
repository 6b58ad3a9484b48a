"""Neither rate window is exceeded at any moment, and no time is wasted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console_api.conftest import VirtualClock
from reconciler.console_api import DEFAULT_WINDOWS, plan_seconds
from reconciler.console_api.pacing import Pacer, Windows
from reconciler.console_api.rate_limit import Pause
from reconciler.console_api.waiting import Waits
from reconciler.ports import ApiError, Fate

DOCUMENTED = ((100, 10.0), (900, 900.0))


def pacer(windows: Windows, clock: VirtualClock, on_wait: Callable[[float, str], None] | None = None) -> Pacer:
    return Pacer(windows, Pause(Waits(clock, on_wait)))


def exceeded(arrivals: list[float], windows: Windows) -> list[tuple[float, float]]:
    """The pairs of arrivals that share a window with one more than it holds."""
    moments = sorted(arrivals)
    return [
        (first, last)
        for most, seconds in windows
        for first, last in zip(moments, moments[most:], strict=False)
        if last - first < seconds
    ]


@pytest.mark.parametrize(
    ("writes", "seconds"), [(0, 0), (1, 0), (100, 0), (101, 10), (500, 40), (900, 80), (901, 900), (2000, 1810)]
)
def test_the_time_that_writes_need(writes: int, seconds: float) -> None:
    assert plan_seconds(writes, DOCUMENTED) == seconds


def test_2000_writes_from_8_threads_keep_both_windows_and_waste_less_than_a_hundredth(clock: VirtualClock) -> None:
    sent: list[float] = []
    paced = pacer(DEFAULT_WINDOWS, clock)

    def write(_number: int) -> None:
        with paced.slot():
            sent.append(clock.monotonic())

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(2000)))
    assert len(sent) == 2000
    assert exceeded(sent, DEFAULT_WINDOWS) == []
    ideal = plan_seconds(2000, DEFAULT_WINDOWS)
    assert ideal <= clock.passed <= ideal * 1.01


@given(
    windows=st.lists(st.tuples(st.integers(1, 6), st.floats(0.5, 30)), min_size=1, max_size=3),
    writes=st.integers(1, 40),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=150, deadline=None)
def test_no_window_is_exceeded_wherever_between_sending_and_answer_a_write_arrives(
    windows: list[tuple[int, float]], writes: int, seed: int
) -> None:
    clock, rng, arrived = VirtualClock(), Random(seed), []
    paced = pacer(windows, clock)
    for _ in range(writes):
        with paced.slot():
            clock.sleep(rng.choice([0, 0.01, rng.uniform(0, 40)]))
            arrived.append(clock.monotonic())
            clock.sleep(rng.choice([0, 0.01, rng.uniform(0, 40)]))
    assert exceeded(arrived, windows) == []


def test_a_write_under_way_keeps_its_place_until_a_window_after_its_answer(clock: VirtualClock) -> None:
    paced = pacer(((1, 10.0),), clock)
    sent_second = threading.Event()
    first, release = paced.slot(), clock.monotonic()
    with first:
        release += 7
        clock.sleep(7)

    def second() -> None:
        with paced.slot():
            sent_second.set()

    second()
    assert sent_second.is_set()
    assert clock.monotonic() >= release + 10


def test_without_windows_nothing_waits(clock: VirtualClock) -> None:
    paced = pacer((), clock)
    for _ in range(1000):
        with paced.slot():
            pass
    assert (clock.passed, plan_seconds(1000, ())) == (0, 0)


def test_a_wait_is_counted_down_and_its_end_is_told(clock: VirtualClock) -> None:
    told: list[tuple[float, str]] = []
    paced = pacer(((1, 10.0),), clock, lambda left, why: told.append((left, why)))
    for _ in range(2):
        with paced.slot():
            pass
    assert [round(left) for left, _ in told[:3]] == [10, 9, 8]
    assert told[-1][0] == 0.0
    assert {why for _, why in told} == {"the 10-second window"}


def test_a_stop_ends_the_wait_of_every_thread_and_nothing_is_sent() -> None:
    clock = VirtualClock(stop_at=5)
    paced = pacer(((1, 900.0),), clock)
    with paced.slot():
        pass

    def write(_number: int) -> tuple[str, Fate] | None:
        try:
            with paced.slot():
                return None
        except ApiError as error:
            return error.code, error.fate

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, range(8))) == [("interrupted", Fate.NOT_SENT)] * 8
    assert clock.passed < 10
