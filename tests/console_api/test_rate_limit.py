"""429: everyone slows down, whatever Retry-After says, and not for ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console_api.conftest import CONFIGS, Served, VirtualClock, full
from reconciler.console_api import connect
from reconciler.console_api.rate_limit import LONGEST_PAUSE, PATIENCE, Pause, Refusals, retry_after_seconds
from reconciler.console_api.transport import HandleRequest
from reconciler.console_api.waiting import Waits
from reconciler.emulator import Response
from reconciler.files.settings import Target
from reconciler.ports import ApiError, Fate

NOW = "Sun, 22 Nov 2026 06:00:00 GMT"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("2", 2),
        (" 7 ", 7),
        ("0", 0),
        ("121", 120),
        ("9" * 30, 120),
        ("9" * 9000, 120),
        ("-5", None),
        ("1_0", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        ("soon", None),
        ("2, 2", None),
        ("Sun, 22 Nov 2026 06:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 06:00:30", 30),
        ("Sun, 22 Nov 2026 07:00:30 +0100", 30),
        ("Sun, 22 Nov 2026 05:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 120),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 120),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Sun, 99 Nov 2026 06:00:30 GMT", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    assert retry_after_seconds(header, NOW) == seconds


def test_a_date_is_only_read_against_the_servers_own_clock() -> None:
    assert retry_after_seconds("Sun, 22 Nov 2026 06:00:30 GMT", None) is None


@given(st.one_of(st.text(max_size=60), st.from_regex(r"\A[A-Z][a-z]{2}, \d+ Nov \d+ \d+:\d+:\d+( \S+)?\Z")), st.text())
@settings(max_examples=150, deadline=None)
def test_no_header_makes_it_crash_or_wait_for_ever(header: str, date: str) -> None:
    for against in (date, NOW):
        seconds = retry_after_seconds(header, against)
        assert seconds is None or 0 <= seconds <= LONGEST_PAUSE


class Limited:
    """Refuses requests with 429 until a moment, then takes them; notes when each one came."""

    def __init__(self, clock: VirtualClock, until: float, only: str = "", **headers: str) -> None:
        self.clock = clock
        self.until = until
        self.only = only
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.came: list[float] = []

    def __call__(self, request: HandleRequest) -> Response:
        self.came.append(self.clock.passed)
        if self.clock.passed < self.until and self.only in ("", request.method):
            return Response(429, self.headers, b'{"status":429,"message":"Too Many Requests"}')
        return Response(200, {}, json.dumps({"data": {"id": "checkout"}}).encode())


def connected(limited: Limited, seed: int = 1, **more: Any) -> Any:
    return connect(Target(api="emulator"), None, limited.clock, handle=limited, rng=Random(seed), **more)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_a_header_waits_grow_until_the_long_window_has_passed(seed: int, method: str) -> None:
    limited = Limited(VirtualClock(), until=900)
    told: list[str] = []
    connection = connected(limited, seed, on_wait=lambda _left, why: told.append(why))
    send = connection.reader.get if method == "GET" else lambda name: connection.writer.update(name, full())
    assert send("checkout") == {"id": "checkout"}
    gaps = [later - sooner for sooner, later in zip(limited.came, limited.came[1:], strict=False)]
    assert all(gap <= min(60, 2**number) + 0.01 for number, gap in enumerate(gaps))
    assert "15-minute window" in told[-1]
    assert len(limited.came) < 100


def test_patience_with_writes_ends_although_reads_are_let_through() -> None:
    limited = Limited(VirtualClock(), until=5 * PATIENCE, only="POST")

    def read_between(left: float, _why: str) -> None:
        if left == 0:
            connection.reader.get("checkout")

    connection = connected(limited, on_wait=read_between)
    with pytest.raises(ApiError) as caught:
        connection.writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate, caught.value.status) == ("rate-limited", Fate.NOT_SENT, 429)
    assert PATIENCE < limited.clock.passed < PATIENCE + LONGEST_PAUSE


def test_patience_with_reads_ends() -> None:
    limited = Limited(VirtualClock(), until=5 * PATIENCE)
    with pytest.raises(ApiError) as caught:
        connected(limited).reader.get("checkout")
    assert caught.value.code == "rate-limited"


def test_429s_of_requests_under_way_together_count_once() -> None:
    clock, told = VirtualClock(), set()
    pause = Pause(Waits(clock, lambda left, _why: told.add(left)))
    refusals = Refusals(pause, Random(3))
    sent_at = clock.monotonic()
    for _ in range(8):
        clock.sleep(0.001)
        refusals.refused("POST /x", sent_at, None, None)
    pause.wait()
    assert max(told) <= 1, "the first guess of a row is at most a second"


def test_an_answer_to_a_request_from_before_the_429_does_not_end_the_row() -> None:
    clock = VirtualClock()
    refusals = Refusals(Pause(Waits(clock)), Random(3))

    def refused_while_older_requests_succeed() -> None:
        while clock.passed < 2 * PATIENCE:
            sent_at = clock.monotonic()
            clock.sleep(30)
            refusals.refused("POST /x", sent_at, None, None)
            refusals.accepted(sent_at)

    with pytest.raises(ApiError, match="still over the project's rate limit"):
        refused_while_older_requests_succeed()


@pytest.mark.parametrize(("header", "least"), [("7", 7), ("9" * 30, 120), ("100", 100)])
def test_the_greater_of_header_and_backoff_is_waited(header: str, least: float) -> None:
    limited = Limited(VirtualClock(), until=1e-9, retry_after=header)
    connected(limited).writer.update("checkout", full())
    assert limited.came == [0, pytest.approx(least, abs=0.01)]


def test_a_429_holds_up_reads_and_writes_alike() -> None:
    limited = Limited(VirtualClock(), until=1e-9, retry_after="30")
    connection = connected(limited)
    connection.reader.get("checkout")
    assert limited.came == [0, pytest.approx(30, abs=0.01)]
    limited.until = limited.clock.passed + 1e-9
    connection.writer.update("checkout", full())
    connection.reader.get("checkout")
    assert limited.came[3:] == [pytest.approx(60, abs=0.01)] * 2


def test_a_stop_ends_the_pause_and_the_write_was_not_sent() -> None:
    limited = Limited(VirtualClock(stop_at=10), until=float("inf"), retry_after="60")
    with pytest.raises(ApiError) as caught:
        connected(limited).writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("interrupted", Fate.NOT_SENT)
    assert len(limited.came) == 1


@pytest.mark.parametrize(
    "header", ["-5", "1_0", "9" * 30, "Sun, 22 Nov 2026 06:00:30", "Fri, 31 Dec 9999 23:59:59 GMT", "\xe9", None]
)
def test_at_a_socket_every_header_leads_to_one_write(served: Callable[..., Served], header: str | None) -> None:
    headers = {} if header is None else {"Retry-After": header}
    fault = {"kind": "status", "status": 429, "headers": headers}
    api = served([{"method": "POST", "count": 2, "fault": fault}], configs=1)
    assert api.writer.update("config_0", full())["description"] == "changed"
    assert api.written() == [("POST", f"{CONFIGS}/config_0")]
    assert api.clock.passed <= 2 * LONGEST_PAUSE + 1
