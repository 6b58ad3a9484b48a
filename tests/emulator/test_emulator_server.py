"""The emulator at a real socket, spoken to in raw HTTP."""

from __future__ import annotations

import http.client
import json
import re
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest

from reconciler.emulator import Emulator, EmulatorError, serve
from reconciler.emulator.server import Server

from .conftest import LIST

KEY = {"STATSIG-API-KEY": "console-x"}
HEAD = "STATSIG-API-KEY: console-x\r\n"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    opened = Emulator(":memory:")
    yield opened
    opened.close()


@pytest.fixture
def server(emulator: Emulator, start: Callable[..., Server]) -> Server:
    return start(emulator)


def _talk(port: int, data: bytes) -> bytes:
    """Send these bytes, end the sending side, and read all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_one_connection_serves_many_requests(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    statuses, sockets = [], set()
    for n in range(5):
        connection.request("POST", LIST, json.dumps({"name": f"config-{n}"}), KEY)
        answer = connection.getresponse()
        assert json.loads(answer.read())["data"]["id"] == f"config-{n}"
        statuses.append(answer.status)
        sockets.add(connection.sock)
    assert statuses == [201] * 5
    assert len(sockets) == 1
    connection.close()


def test_chunked_bodies(server: Server, emulator: Emulator) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("POST", LIST, iter([b'{"name":', b'"checkout"}']), KEY, encode_chunked=True)
    assert connection.getresponse().status == 201
    connection.close()
    assert [config["id"] for config in emulator.configs()] == ["checkout"]


@pytest.mark.parametrize(
    "request_",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Content-Length: ten\r\n\r\n".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Content-Length: -5\r\n\r\n".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Content-Length: 99\r\n\r\n{{}}".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Transfer-Encoding: gzip\r\n\r\n".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{{}}".encode(),
        f"POST {LIST} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{{}}".encode(),
        f"GET {LIST} HTTP/1.1\r\n{HEAD}{'X: y' * 20000}\r\n\r\n".encode(),
        f"GET {LIST} HTTP/1.1\r\n{HEAD}{''.join(f'X{n}: y' + chr(13) + chr(10) for n in range(200))}\r\n".encode(),
        f"GET /{'x' * 70000} HTTP/1.1\r\n{HEAD}\r\n".encode(),
    ],
)
def test_what_is_no_http_is_refused_with_json_and_the_server_lives(server: Server, request_: bytes) -> None:
    answer = _talk(server.port, request_)
    assert _status(answer) in (400, 414, 431, 505)
    body = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert body["status"] == _status(answer)
    assert b"Traceback" not in answer
    assert _status(_talk(server.port, f"GET {LIST} HTTP/1.1\r\n{HEAD}\r\n".encode())) == 200


def test_a_huge_body_is_refused_before_it_is_read(server: Server) -> None:
    head = f"POST {LIST} HTTP/1.1\r\n{HEAD}Content-Length: 8388609\r\n\r\n"
    assert _status(_talk(server.port, head.encode())) == 413
    head = f"POST {LIST} HTTP/1.1\r\n{HEAD}Transfer-Encoding: chunked\r\n\r\nfffffff\r\n"
    assert _status(_talk(server.port, head.encode())) == 413


def test_an_unknown_method_is_no_endpoint(server: Server) -> None:
    answer = _talk(server.port, f"BREW {LIST} HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert (_status(answer), b"Cannot BREW" in answer) == (404, True)


def test_it_says_nothing_on_the_terminal(server: Server, capfd: pytest.CaptureFixture[str]) -> None:
    _talk(server.port, b"NONSENSE\r\n\r\n")
    _talk(server.port, f"GET {LIST} HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert capfd.readouterr() == ("", "")


def test_a_taken_port(emulator: Emulator, server: Server) -> None:
    with pytest.raises(OSError, match="in use"):
        serve(emulator, port=server.port)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "example.com", "192.168.1.1", "::"])
def test_only_loopback_is_served(emulator: Emulator, host: str) -> None:
    with pytest.raises(EmulatorError, match=r"127\.0\.0\.1 only"):
        serve(emulator, host=host, port=0)


def test_it_tells_when_it_is_ready(emulator: Emulator) -> None:
    told: list[int] = []
    server = serve(emulator, port=0, ready=told.append)
    assert told == [server.port]
    socket.create_connection(("127.0.0.1", server.port), timeout=20).close()
    server.server_close()


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_gets_what_the_reference_pages_show(server: Server) -> None:
    def curl(target: str, body: str) -> tuple[str, str]:
        url = f"http://127.0.0.1:{server.port}{target}"
        headers = ["--header", "Content-Type: application/json", "--header", "STATSIG-API-KEY: console-x"]
        command = ["curl", "-sS", "-w", "\n%{http_code}", "--request", "POST", "--url", url, *headers, "--data", body]
        out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
        answer, _, status = out.rpartition("\n")
        return status, answer

    status, answer = curl(LIST, '{"name": "a dynamic config", "isEnabled": true}')
    assert status == "201"
    assert re.match(r'\{"message":"Dynamic Config created successfully.","data":\{"id":"a_dynamic_config"', answer)
    status, answer = curl(f"{LIST}/a_dynamic_config", '{"isEnabled": true, "description": "é", "rules": []}')
    assert status == "200"
    assert re.match(r'\{"message":"Dynamic config updated successfully.","data":\{"id":"a_dynamic_config"', answer)
    assert '"description":"é"' in answer
