"""The pace of a whole apply: never over a window, and no time wasted."""

from __future__ import annotations

import time

from console_api.test_pacing import exceeded
from harness import CONFIGS, Live, Project, config, payload

from faults.world import VirtualClock
from reconciler.apply import execution as applying
from reconciler.console_api import DEFAULT_WINDOWS, connect, plan_seconds
from reconciler.core.fingerprint import fingerprint
from reconciler.core.normalize import live as normalized
from reconciler.emulator import Emulator, Options
from reconciler.emulator.options import STATSIG_RATE_LIMITS
from reconciler.emulator.wire import Request, Response
from reconciler.files.settings import Target
from reconciler.model import Action, Change, LiveVersion, Plan, Status, TargetRef
from reconciler.model import Request as Write

WRITES = 2000


def a_plan(writes: int) -> Plan:
    """So many updates, each of a config that is as the emulator was seeded."""
    changes = []
    for number in range(writes):
        name = f"config_{number}"
        seen = LiveVersion(fingerprint(normalized(payload(name))))
        body = {"isEnabled": True, "description": "changed", "rules": [], "defaultValue": {}, "idType": "userID"}
        write = Write("POST", f"{CONFIGS}/{name}", body)
        changes.append(Change(name, Action.UPDATE, f"configs/{name}.yaml", (), None, write, seen))
    return Plan(TargetRef("t", "emulator"), None, None, tuple(changes), 0, (), (), (), "", "")


def test_2000_writes_of_8_workers_keep_both_windows_and_waste_less_than_a_hundredth() -> None:
    """An emulator in this process refuses with 429 what is over Statsig's own windows, by the same virtual clock."""
    clock = VirtualClock()
    emulator = Emulator(":memory:", options=Options(rate_limits=STATSIG_RATE_LIMITS), monotonic=clock.monotonic)
    emulator.seed(payload(f"config_{number}") for number in range(WRITES))
    arrived: list[float] = []

    def handle(request: Request) -> Response:
        if request.method == "POST":
            arrived.append(clock.monotonic())
        return emulator.handle(Request(request.method, request.target, {"STATSIG-API-KEY": "console-x"}, request.body))

    began = clock.monotonic()
    with connect(Target(api="emulator"), None, clock, handle=handle) as connection:
        outcomes = list(applying.apply(a_plan(WRITES), connection.reader, connection.writer, clock))
    assert {one.status for one in outcomes} == {Status.VERIFIED}
    assert len(arrived) == len(emulator.audit()) == WRITES, "no write was sent twice, none met a 429"
    assert exceeded(arrived, DEFAULT_WINDOWS) == []
    ideal = plan_seconds(WRITES, DEFAULT_WINDOWS)
    assert ideal <= clock.monotonic() - began <= ideal * 1.01
    emulator.close()


def test_130_updates_keep_the_real_windows_in_real_time(project: Project) -> None:
    """The one test that waits: no 429, and no more than twice the 10 s that 130 updates take at best."""
    live = Live(Options(rate_limits=STATSIG_RATE_LIMITS))
    refused: list[int] = []
    try:
        handle = live.emulator.handle
        live.emulator.handle = lambda request: _noting(handle(request), refused)  # type: ignore[method-assign]
        names = [f"config_{number}" for number in range(130)]
        live.emulator.seed(payload(name) for name in names)
        project.write(**{name: config(2) for name in names})
        began = time.monotonic()
        done = project.call("apply", "--yes", "--format", "json", "--allow-changes", "130", "--api-url", live.url)
        took = time.monotonic() - began
    finally:
        live.close()
    assert (done.code, done.json["summary"]["verified"]) == (0, 130)
    assert 429 not in refused
    assert 10 <= took <= 20


def _noting(response: Response, statuses: list[int]) -> Response:
    statuses.append(response.status)
    return response
