"""Misbehaviour on cue, seen from the other end of a real socket."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator import Emulator, EmulatorError, Request
from reconciler.emulator.fault_plan import FaultPlan
from reconciler.emulator.misbehave import faulty_handle
from reconciler.emulator.server import Server

from .conftest import LIST, Client

KEY = {"STATSIG-API-KEY": "console-x"}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    opened = Emulator(":memory:")
    yield opened
    opened.close()


Send = Callable[..., tuple[http.client.HTTPResponse, bytes]]


@pytest.fixture
def send(emulator: Emulator, start: Callable[..., Server]) -> Callable[[dict[str, Any]], Send]:
    """``send(fault)`` starts a server whose first matching request meets it; the result sends requests."""

    def serve(fault: dict[str, Any], **entry: Any) -> Send:
        server = start(emulator, [{"count": 1, **entry, "fault": fault}])

        def request(method: str = "POST", target: str = LIST, body: Any = None) -> Any:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
            with contextlib.closing(connection):
                data = json.dumps({"name": "checkout"} if body is None else body)
                connection.request(method, target, data if method != "GET" else None, KEY)
                answer = connection.getresponse()
                return answer, answer.read()

        return request

    return serve


def _ids(emulator: Emulator) -> list[str]:
    return [config["id"] for config in emulator.configs()]


@pytest.mark.parametrize(
    ("fault", "status", "headers", "body"),
    [
        ({"kind": "status", "status": 503}, 503, {}, b'{"status":503,"message":"Injected fault"}'),
        ({"kind": "status", "status": 429, "headers": {"Retry-After": "-5"}}, 429, {"Retry-After": "-5"}, None),
        ({"kind": "status", "status": 500, "body": "oops"}, 500, {"Content-Length": "4"}, b"oops"),
        ({"kind": "html"}, 200, {"Content-Type": "text/html"}, None),
        ({"kind": "empty"}, 200, {"Content-Length": "0"}, b""),
        ({"kind": "raw", "body": '{"a":NaN}'}, 200, {}, b'{"a":NaN}'),
        ({"kind": "raw", "body": "é", "encoding": "latin-1"}, 200, {}, b"\xe9"),
        ({"kind": "redirect", "location": "http://evil.example/"}, 302, {"Location": "http://evil.example/"}, b""),
    ],
)
@pytest.mark.parametrize("commit", [False, True])
def test_answers(
    send: Callable[..., Send],
    emulator: Emulator,
    fault: dict[str, Any],
    status: int,
    headers: dict[str, str],
    body: bytes | None,
    commit: bool,
) -> None:
    request = send({**fault, "commit": commit})
    answer, found = request()
    assert answer.status == status
    assert {name: answer.getheader(name) for name in headers} == headers
    assert body is None or found == body
    assert _ids(emulator) == (["checkout"] if commit else [])
    assert request("GET")[0].status == 200


@pytest.mark.parametrize(("kind", "written"), [("reset_before", []), ("reset_after", ["checkout"])])
def test_resets(send: Callable[..., Send], emulator: Emulator, kind: str, written: list[str]) -> None:
    request = send({"kind": kind})
    with pytest.raises(ConnectionResetError) as caught:
        request()
    assert not isinstance(caught.value, http.client.RemoteDisconnected)  # that would be an orderly end
    assert _ids(emulator) == written
    assert request("GET")[0].status == 200


def test_a_cut_body(send: Callable[..., Send], emulator: Emulator) -> None:
    with pytest.raises(http.client.IncompleteRead) as caught:
        send({"kind": "cut_body"})()
    assert caught.value.partial.startswith(b'{"message":"Dynamic Config created')
    assert abs(len(caught.value.partial) - (caught.value.expected or 0)) <= 1  # half came, half is missing
    assert _ids(emulator) == ["checkout"]


@pytest.mark.parametrize("after", [False, True])
def test_a_delay_is_only_a_delay(send: Callable[..., Send], after: bool) -> None:
    assert send({"kind": "delay", "seconds": 0.01, "after": after})()[0].status == 201


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_trickle_arrives_whole_in_small_pieces(emulator: Emulator, start: Callable[..., Server], where: str) -> None:
    fault = {"kind": "trickle", "bytes": 40, "interval": 0.002, "where": where}
    server = start(emulator, [{"always": True, "fault": fault}])
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"GET {LIST} HTTP/1.1\r\nSTATSIG-API-KEY: console-x\r\n\r\n".encode())
        pieces = list(iter(lambda: connection.recv(65536), b""))
    assert len(pieces) > 2
    assert (b"\r\n\r\n" in pieces[0]) is (where == "body")
    assert json.loads(b"".join(pieces).partition(b"\r\n\r\n")[2])["data"] == []


def test_a_trickle_does_not_hold_up_the_end_of_the_server(emulator: Emulator, start: Callable[..., Server]) -> None:
    fault = {"kind": "trickle", "bytes": 1, "interval": 600}
    server = start(emulator, [{"always": True, "fault": fault}])
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"GET {LIST} HTTP/1.1\r\nSTATSIG-API-KEY: console-x\r\n\r\n".encode())
        connection.recv(65536)
        server.shutdown()
        assert list(iter(lambda: connection.recv(65536), b""))


def test_a_gzip_bomb_is_sound_gzip(send: Callable[..., Send]) -> None:
    answer, packed = send({"kind": "gzip_bomb", "size": 32 << 20})("GET")
    assert answer.getheader("Content-Encoding") == "gzip"
    assert len(packed) < 100_000
    assert zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(packed) == b" " * (32 << 20)
    assert len(gzip.decompress(packed)) == 32 << 20


@pytest.mark.parametrize(("when", "seen", "version"), [("before", "edited", 2), ("after", "", 1)])
def test_a_console_edit_comes_between(
    send: Callable[..., Send], emulator: Emulator, when: str, seen: str, version: int
) -> None:
    rules = [{"name": "r", "passPercentage": 10, "conditions": []}]
    Client(emulator).create(rules=rules)
    change = {"description": "edited", "rules.0.passPercentage": 30}
    request = send({"kind": "console_edit", "set": change, "when": when, "by": "Bob"})
    answer = json.loads(request("GET", f"{LIST}/checkout")[1])["data"]
    assert (answer["description"], answer["version"]) == (seen, version)
    [stored] = emulator.configs()
    assert (stored["description"], stored["version"], stored["lastModifierName"]) == ("edited", 2, "Bob")
    assert stored["rules"][0]["passPercentage"] == 30


def test_a_console_edit_of_nothing_is_no_fault(send: Callable[..., Send]) -> None:
    assert send({"kind": "console_edit", "set": {"description": "x"}})("GET", f"{LIST}/nobody")[0].status == 404
    assert send({"kind": "console_edit", "set": {"a.b.c": "x"}, "id": "x"})("GET", "/elsewhere")[0].status == 404


def _fired(entries: list[dict[str, Any]], requests: list[tuple[str, str]]) -> list[int | None]:
    plan = FaultPlan(entries)
    taken = [plan.take(method, path) for method, path in requests]
    return [None if fault is None else fault.fields["status"] for fault in taken]


def _entry(status: int, **entry: Any) -> dict[str, Any]:
    return {**entry, "fault": {"kind": "status", "status": status}}


def test_cues() -> None:
    gets = [("GET", LIST)] * 4
    assert _fired([_entry(501, nth=[1, 3])], gets) == [501, None, 501, None]
    assert _fired([_entry(501, count=2)], gets) == [501, 501, None, None]
    assert _fired([_entry(501, always=True)], gets) == [501] * 4
    assert _fired([_entry(501, always=False)], gets) == [None] * 4
    assert _fired([_entry(501, probability=1)], gets) == [501] * 4
    assert _fired([_entry(501, probability=0)], gets) == [None] * 4
    dice = [_entry(501, probability=0.5, seed=7)]
    assert _fired(dice, gets * 25) == _fired(dice, gets * 25)
    assert 20 < _fired(dice, gets * 25).count(501) < 80


def test_entries_match_by_method_and_path_and_the_first_decides() -> None:
    one = f"{LIST}/one"
    requests = [("GET", LIST), ("POST", LIST), ("POST", one), ("PATCH", one)]
    assert _fired([_entry(501, method="post", always=True)], requests) == [None, 501, 501, None]
    assert _fired([_entry(501, path=f"{LIST}/*", always=True)], requests) == [None, None, 501, 501]
    assert _fired([_entry(501, method="POST", nth=[2]), _entry(502, always=True)], requests) == [502, 502, 501, 502]


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"always": True}, "fault: Required"),
        ([], "Expected object, received array"),
        ({"fault": {"kind": "empty"}}, "exactly one of nth, count, always, probability"),
        ({"fault": {"kind": "empty"}, "nth": [1], "count": 1}, "exactly one of"),
        ({"fault": {"kind": "empty"}, "nth": 1}, "nth: Expected array, received number"),
        ({"fault": {"kind": "empty"}, "nth": [0]}, "nth.0: Number must be greater than or equal to 1"),
        ({"fault": {"kind": "empty"}, "count": 1, "seed": 1}, "seed goes with probability only"),
        ({"fault": {"kind": "empty"}, "count": 1, "when": 1}, "Unrecognized key(s) in object: 'when'"),
        ({"fault": {"kind": "crash"}, "count": 1}, "fault.kind: Invalid enum value. Expected 'status'"),
        ({"fault": {}, "count": 1}, "fault.kind"),
        ({"fault": {"kind": "status"}, "count": 1}, "fault.status: Required"),
        ({"fault": {"kind": "status", "status": 99}, "count": 1}, "fault.status: Number must be greater"),
        ({"fault": {"kind": "reset_before", "status": 1}, "count": 1}, "Unrecognized key(s) in object: 'status'"),
        ({"fault": {"kind": "redirect"}, "count": 1}, "fault.location: Required"),
        ({"fault": {"kind": "empty", "headers": {"X": "a\r\nb"}}, "count": 1}, "fault.headers.X"),
        ({"fault": {"kind": "raw", "body": "\u20ac", "encoding": "latin-1"}, "count": 1}, "fault.body"),
        ({"fault": {"kind": "trickle", "where": "nowhere"}, "count": 1}, "fault.where"),
        ({"fault": {"kind": "delay", "seconds": -1}, "count": 1}, "fault.seconds"),
    ],
)
def test_a_bad_entry_is_named(tmp_path: Path, entry: Any, told: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([_entry(503, count=1), entry]))
    with pytest.raises(EmulatorError) as caught:
        FaultPlan.load(file)
    assert str(caught.value).startswith("faults entry 1: ")
    assert told in str(caught.value)


@pytest.mark.parametrize("text", ["{", "{}", "\x00"])
def test_a_file_that_is_no_list(tmp_path: Path, text: str) -> None:
    file = tmp_path / "faults.json"
    file.write_text(text)
    with pytest.raises(EmulatorError, match=r"faults\.json"):
        FaultPlan.load(file)


def test_faults_without_a_socket(emulator: Emulator) -> None:
    edit = {"method": "GET", "nth": [2], "fault": {"kind": "console_edit", "set": {"description": "x"}}}
    plan = FaultPlan([_entry(503, method="POST", count=1), edit])
    handle = faulty_handle(emulator, plan)
    create = Request("POST", LIST, KEY, b'{"name":"checkout"}')
    read = Request("GET", f"{LIST}/checkout", KEY)
    assert [handle(create).status, handle(create).status] == [503, 201]
    assert [json.loads(handle(read).body)["data"]["description"] for _ in range(2)] == ["", "x"]


def test_a_fault_that_needs_a_socket_is_refused_without_one(emulator: Emulator) -> None:
    plan = FaultPlan([{"always": True, "fault": {"kind": "trickle"}}])
    with pytest.raises(EmulatorError, match="trickle needs a socket"):
        faulty_handle(emulator, plan)
