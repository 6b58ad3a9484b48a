"""The fault matrix: every fault × {list, get, create, update} × 20 seeds, through the whole command.

A seed decides how many configs there are and in which order they come, which of the requests the fault meets and how
many in a row, and whether the plan was saved before. Network and server are real, waiting is not: see ``world``.
What must come of each fault is written down in ``FAULTS``; what must come of every run is in ``hold_always``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase
from random import Random
from typing import Any

import pytest
from harness import KEY, Done

from faults.world import CREATE, GET, LIST, UNMANAGED, UPDATE, World

SEEDS = range(20)
OPERATIONS = {"list": LIST, "get": GET, "create": CREATE, "update": UPDATE}


@dataclass(frozen=True)
class Fault:
    """A fault, and what comes of the change that meets it, for each operation.

    ``retried``: all is well in the end. ``ends``: the run ends there. Else a status: so many changes end with it as
    there were hits, all others verified. ``most``: hits in a row. ``slow``: ends by the deadline, which is made short.
    ``unsized``: no answer of that server states its length. Without an ``entry`` the server breaks down for a while,
    and connecting is refused, or ``hangs``.
    """

    entry: dict[str, Any]
    of_list: str = "retried"
    of_get: str = "retried"
    of_create: str = "unknown"
    of_update: str = "retried"
    most: int = 2
    slow: bool = False
    unsized: bool = False
    hangs: bool = False

    def fate(self, operation: str) -> str:
        return {"list": self.of_list, "get": self.of_get, "create": self.of_create, "update": self.of_update}[operation]


def before(**entry: Any) -> Fault:
    """The answer is lost, and the request was never carried out."""
    return Fault(entry)


def after(slow: bool = False, unsized: bool = False, **entry: Any) -> Fault:
    """The answer is lost, and the request was carried out."""
    return Fault(entry, of_create="retried", slow=slow, unsized=unsized)


def raw(body: str, **more: Any) -> Fault:
    """A 2xx answer that cannot be read; a write was carried out."""
    return after(kind="raw", body=body, commit=True, **more)


def slow_down(**headers: str) -> Fault:
    """A 429: certainly not carried out."""
    return Fault({"kind": "status", "status": 429, "headers": headers}, of_create="retried", most=4)


def refused(**entry: Any) -> Fault:
    """An answer that says no: asking again will not help."""
    return Fault(entry, of_list="ends", of_get="failed", of_create="failed", of_update="failed")


FAULTS: dict[str, Fault] = {
    "reset before": before(kind="reset_before"),
    "500": before(kind="status", status=500),
    "502 of a proxy": before(kind="html", status=502),
    "503": before(kind="status", status=503, headers={"Retry-After": "1"}),
    "408": before(kind="status", status=408),
    "html 200": before(kind="html"),
    "empty 200": before(kind="empty"),
    "time-out before": Fault({"kind": "delay", "seconds": 3600}, slow=True, most=1),
    "reset after": after(kind="reset_after"),
    "503, yet carried out": after(kind="status", status=503, commit=True),
    "html 200, carried out": after(kind="html", commit=True),
    "empty 200, carried out": after(kind="empty", commit=True),
    "cut body": after(kind="cut_body", keep=0.6),
    "cut off at once": after(kind="cut_body", keep=0.000001),
    "no length, whole": after(kind="cut_body", keep=1, unsized=True),
    "no length, cut body": after(kind="cut_body", keep=0.6, unsized=True),
    "time-out after": Fault({"kind": "delay", "seconds": 3600, "after": True}, of_create="retried", slow=True, most=1),
    "trickled body": Fault({"kind": "trickle", "bytes": 1, "interval": 0.1}, of_create="retried", slow=True, most=1),
    "trickled headers": Fault(
        {"kind": "trickle", "bytes": 1, "interval": 0.1, "where": "headers"}, of_create="retried", slow=True, most=1
    ),
    "gzip bomb": Fault(
        {"kind": "gzip_bomb", "size": 1 << 24, "commit": True},
        of_get="failed",  # asking again would bring as much again
        of_create="retried",
        most=1,
    ),
    "null": raw("null"),
    "NaN": raw('{"message": "ok", "data": NaN}'),
    "a number out of range": raw('{"message": "ok", "data": 1e999}'),
    "duplicate keys": raw('{"data": {"id": "a", "id": "b"}}'),
    "latin-1": raw('{"data": "caf\u00e9"}', encoding="latin-1"),
    "[ x 100k": raw("[" * 100_000),
    "other data": raw('{"data": 7}'),
    "429, Retry-After 2": slow_down(**{"Retry-After": "2"}),
    "429, Retry-After -5": slow_down(**{"Retry-After": "-5"}),
    "429, Retry-After 1_0": slow_down(**{"Retry-After": "1_0"}),
    "429, Retry-After of thirty nines": slow_down(**{"Retry-After": "9" * 30}),
    "429, a date without zone": slow_down(**{"Retry-After": "Wed, 21 Oct 2015 07:28:00"}),
    "429, a date in the year 9999": slow_down(**{"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}),
    "429 without Retry-After": slow_down(),
    "400": refused(kind="status", status=400),
    "401 that echoes the key": refused(kind="status", status=401, body=f'{{"status":401,"message":"Key: {KEY}"}}'),
    "403": refused(kind="status", status=403),
    "302 to another host": refused(kind="redirect", location="http://127.0.0.1:1/x"),
    "307 to another host": refused(kind="redirect", status=307, location="http://127.0.0.1:1/x"),
    "308 to another host": refused(kind="redirect", status=308, location="//127.0.0.1:1/x"),
    "404": Fault(
        {"kind": "status", "status": 404}, of_list="ends", of_get="gone", of_create="failed", of_update="failed"
    ),
    "refused connections": Fault({}, of_create="retried"),  # those on their way there meanwhile are reset
    "connect time-out": Fault({}, of_create="retried", hangs=True),
}
CELLS = [(name, operation) for name in FAULTS for operation in OPERATIONS]


@pytest.mark.parametrize(("name", "operation"), CELLS, ids=[f"{name}-{operation}" for name, operation in CELLS])
def test_a_fault_and_all_that_must_come_of_it(name: str, operation: str) -> None:
    for seed in SEEDS:
        rng = Random(f"{name} {operation} {seed}")
        with World(
            updates=rng.randint(2, 4), creates=rng.randint(2, 3), same=rng.randint(0, 2), seed=rng.randrange(1 << 30)
        ) as world:
            try:
                _run(world, FAULTS[name], operation, rng)
            except AssertionError as error:
                raise AssertionError(f"{name}, {operation}, seed {seed}: {error}") from error


def _run(world: World, fault: Fault, operation: str, rng: Random) -> None:
    saved = rng.random() < 0.4
    if saved:
        assert world.call("plan", "--out", "plan.json").code == 0
    hits = rng.randint(1, fault.most)
    first = _meets(world, fault, operation, rng, hits)
    everything = {one["id"]: one for one in world.live.configs()}
    done = world.apply(*(["plan.json"] if saved else []), request_seconds=0.25 if fault.slow else 10.0)
    world.fail()
    hold_always(world, done, everything)
    _tells_the_truth(world, done)
    _came_of_it(world, fault.fate(operation), done, hits, first)
    _converges(world, done)


def _meets(world: World, fault: Fault, operation: str, rng: Random, hits: int) -> int:
    """Arm the fault, and return which of the requests it meets first."""
    most = {
        "list": 2,
        "get": len(world.updates) + len(world.creates),
        "create": len(world.creates),
        "update": len(world.updates),
    }[operation]
    first = rng.randint(1, max(1, most - hits + 1))
    matching = OPERATIONS[operation]
    if fault.unsized:
        world.state_no_lengths()
    if fault.entry:
        world.fail({**matching, "nth": list(range(first, first + hits)), "fault": fault.entry})
        return first
    world.one_request_a_connection()
    world.fail()
    seen = Counter[str]()

    def break_down(method: str, path: str) -> None:
        seen[operation] += _is_of(operation, method, path)
        if seen[operation] == first:
            seen[operation] += 1
            world.break_down(rng.uniform(0.01, 0.15), hang=fault.hangs)

    world.before = break_down
    return first


def _is_of(operation: str, method: str, path: str) -> bool:
    matching = OPERATIONS[operation]
    return method == matching["method"] and fnmatchcase(path, matching["path"])


def hold_always(world: World, done: Done, live_before: dict[str, Any]) -> None:
    """What no fault may break: the promises of one run, judged by what the server has and what was printed."""
    said = done.stdout + done.stderr
    assert KEY not in said, "the key was printed"
    assert "console-s3cret" not in said, "a part of the key was printed"
    assert "Traceback" not in said
    assert "internal" not in said
    for name in [UNMANAGED, *world.same]:
        assert world[name] == live_before[name], f"{name} was touched"
    for name in world.creates:
        assert world.written(name) <= 1, f"{name} was created {world.written(name)} times"
    results = done.json.get("results") or []
    for one in results:
        assert (one["error"] is None) == (one["status"] == "verified")
        if one["status"] == "verified":
            assert world.value(one["id"]) == 2, f"{one['id']} is called verified, and live has {world.value(one['id'])}"
    ended_early = "error" in done.json
    assert done.code == (1 if ended_early else _exit_code(Counter(one["status"] for one in results)))


def _tells_the_truth(world: World, done: Done) -> None:
    """What is called neither verified nor unknown was not written, and every change is spoken of."""
    results = done.json.get("results")
    if not results:
        assert (done.json["errored"], world.live.audit()) == (True, [])
        return
    assert [one["id"] for one in results] == sorted([*world.updates, *world.creates])
    for one in results:
        if one["status"] not in ("verified", "unknown"):
            assert world.written(one["id"]) == 0, f"{one['id']} is called {one['status']}, and was written"


def _exit_code(statuses: Counter[str]) -> int:
    """The contract's exit codes, for runs in which nothing is held and no signal came."""
    if statuses["unknown"] or (statuses["verified"] and statuses.total() > statuses["verified"]):
        return 6
    if statuses["stale"]:
        return 5
    return 1 if statuses["failed"] or statuses["skipped"] else 0


def _came_of_it(world: World, fate: str, done: Done, hits: int, first: int) -> None:
    if fate == "ends":
        if first == 1:
            assert (done.code, done.json["errored"]) == (1, True)
        else:  # the closing list: each write was verified by itself before
            assert (done.code, done.json["summary"]["verified"]) == (0, len(world.updates) + len(world.creates))
            assert "the closing read failed" in done.stderr
        return
    statuses = Counter(one["status"] for one in done.json["results"])
    others = {status: count for status, count in statuses.items() if status != "verified"}
    if fate == "gone":  # 404: a create finds what it hopes for, an update finds its config deleted
        assert set(others) <= {"stale"}
        assert others.get("stale", 0) <= hits
    elif world.has_broken_down:
        created = [one for one in done.json["results"] if one["action"] == "create"]
        assert others.get("unknown", 0) == sum(one["status"] == "unknown" for one in created)
        assert set(others) <= {"unknown"}
    else:
        assert others == ({} if fate == "retried" else {fate: hits}), done.stdout


def _converges(world: World, done: Done) -> None:
    """The next run finishes the rest and repeats nothing; after it there is nothing to do."""
    left = [one["id"] for one in done.json.get("results", []) if one["status"] == "verified"]
    so_far = {name: world.written(name) for name in left}
    if done.code != 0:
        again = world.apply()
        assert again.code == 0, again.stdout + again.stderr
    for name, count in so_far.items():
        assert world.written(name) == count, f"{name} was written again"
    for name in [*world.creates, *world.updates]:
        assert world.value(name) == 2
    for name in world.creates:
        assert world.written(name) == 1
    assert world.call("plan", "--detailed-exitcode").code == 0
