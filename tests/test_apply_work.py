"""How much work the thread that collects outcomes does: so much for each change, however many there are."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from faults.test_pacing import a_plan
from faults.world import VirtualClock
from harness import payload

from reconciler.apply import execution as applying
from reconciler.console_api import connect
from reconciler.emulator import Emulator
from reconciler.files.settings import Target


def calls(writes: int) -> int:
    """How many functions the collecting thread calls while a plan of so many updates is carried out."""
    emulator = Emulator(":memory:", require_key=False)
    emulator.seed(payload(f"config_{number}") for number in range(writes))
    plan = a_plan(writes)
    counted = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    with connect(Target(api="emulator"), None, VirtualClock(), handle=emulator.handle, windows=()) as connection:
        sys.setprofile(count)
        try:
            outcomes = list(applying.apply(plan, connection.reader, connection.writer, VirtualClock()))
        finally:
            sys.setprofile(None)
    emulator.close()
    assert len(outcomes) == writes
    return counted


def test_four_times_the_changes_are_four_times_the_work() -> None:
    assert calls(800) <= 4.4 * calls(200)
