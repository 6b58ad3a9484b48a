"""A stop request ends every wait, from whichever thread or signal handler it comes."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from reconciler.console_api import RealClock

FAR = 3600.0


def test_a_wait_that_nothing_ends_lasts_its_time() -> None:
    clock = RealClock()
    before = clock.monotonic()
    assert clock.sleep(0.01) is True
    assert clock.monotonic() - before >= 0.01
    assert clock.sleep(-1) is True


def test_a_stop_ends_the_waits_of_all_threads_and_those_to_come() -> None:
    clock = RealClock()
    with ThreadPoolExecutor(8) as threads:
        waits = [threads.submit(clock.sleep, FAR) for _ in range(8)]
        assert not clock.stopping
        clock.stop()
        assert [wait.result(timeout=20) for wait in waits] == [False] * 8
    assert clock.stopping
    assert clock.sleep(FAR) is False
    assert clock.sleep(0) is False


def test_a_stop_may_come_from_a_signal_handler_in_the_midst_of_a_wait() -> None:
    clock = RealClock()
    before = signal.signal(signal.SIGUSR1, lambda *_: clock.stop())
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGUSR1))
    timer.start()
    try:
        assert clock.sleep(FAR) is False
    finally:
        timer.join()
        signal.signal(signal.SIGUSR1, before)
