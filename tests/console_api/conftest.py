"""A clock that tests turn, an emulator at a real socket, and a server that says exactly what a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.console_api import Connection, connect
from reconciler.emulator import Emulator, Options, serve
from reconciler.emulator.fault_plan import Fault, FaultPlan
from reconciler.files.settings import Target

CONFIGS = "/console/v1/dynamic_configs"
KEY = "console-s3cretKEY.with~Signs0123456789"


class VirtualClock:
    """Time that passes by sleeping alone. ``stop_at`` asks the run to stop once that moment is reached."""

    def __init__(self, stop_at: float = float("inf")) -> None:
        self._now = 1000.0
        self._stop_at = 1000.0 + stop_at
        self._lock = threading.Lock()
        self.stopping = False

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> bool:
        with self._lock:
            self._now += seconds
            self.stopping = self.stopping or self._now >= self._stop_at
            return not self.stopping

    @property
    def passed(self) -> float:
        return self._now - 1000.0


class Counting(FaultPlan):
    """A fault plan that counts the requests it is asked about."""

    def __init__(self, entries: list[Any]) -> None:
        super().__init__(entries)
        self._methods: list[str] = []

    def take(self, method: str, path: str) -> Fault | None:
        self._methods.append(method)
        return super().take(method, path)

    def seen(self, method: str) -> int:
        return self._methods.count(method)


class Served:
    """An emulator behind a socket, and a client of it."""

    def __init__(
        self, emulator: Emulator, url: str, connection: Connection, clock: VirtualClock, faults: Counting
    ) -> None:
        self.emulator = emulator
        self.url = url
        self.reader = connection.reader
        self.writer = connection.writer
        self.clock = clock
        self._faults = faults

    def seen(self, method: str) -> int:
        """How many requests of a method came in, whatever became of them."""
        return self._faults.seen(method)

    def written(self) -> list[tuple[str, str]]:
        """(method, path) of every write that the emulator accepted."""
        return [(entry["method"], entry["path"]) for entry in self.emulator.audit()]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def served(clock: VirtualClock) -> Iterator[Callable[..., Served]]:
    """Start an emulator that meets ``faults``, and connect to it."""
    endings: list[Callable[[], None]] = []

    def start(faults: list[Any] | None = None, configs: int = 0, options: Options | None = None, **more: Any) -> Served:
        emulator = Emulator(":memory:", options=options or Options())
        emulator.seed([live(f"config_{number}") for number in range(configs)])
        plan = Counting(faults or [])
        server = serve(emulator, port=0, faults=plan)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"http://127.0.0.1:{server.port}"
        connection = connect(Target(api=url), KEY, more.pop("clock", clock), **{"request_seconds": 5.0, **more})
        endings.extend([connection.close, server.shutdown, thread.join, server.server_close, emulator.close])
        return Served(emulator, url, connection, clock, plan)

    yield start
    for end in endings:
        end()


class Scripted:
    """Answers each request with the next of its texts, byte for byte, and then closes or keeps the connection."""

    def __init__(self, answers: list[bytes], keep_alive: bool) -> None:
        self._answers = iter(answers)
        self._keep_alive = keep_alive
        self.connections = 0
        self.closed = threading.Event()
        self.requests: list[bytes] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with peer:
                self._answer(peer)
            self.closed.set()

    def _answer(self, peer: socket.socket) -> None:
        while request := read_request(peer):
            self.requests.append(request)
            answer = next(self._answers, None)
            if answer is None:
                return
            peer.sendall(answer)
            if not self._keep_alive:
                return

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


def read_request(peer: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := peer.recv(65536)):
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += peer.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    running: list[Scripted] = []

    def start(*answers: bytes, keep_alive: bool = False) -> Scripted:
        running.append(Scripted(list(answers), keep_alive))
        return running[-1]

    yield start
    for server in running:
        server.close()


@pytest.fixture
def to(clock: VirtualClock) -> Iterator[Callable[..., Connection]]:
    """Connect to a URL, with the tests' key and clock."""
    opened: list[Connection] = []

    def open_connection(url: str, **more: Any) -> Connection:
        given = {"request_seconds": 5.0, **more}
        target = Target(api=url, respect_review_settings=given.pop("respect_review_settings", False))
        opened.append(connect(target, KEY, given.pop("clock", clock), **given))
        return opened[-1]

    yield open_connection
    for connection in opened:
        connection.close()


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """An HTTP answer with its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def live(config_id: str, **fields: Any) -> dict[str, Any]:
    """A live config as the API would send it."""
    return {
        "id": config_id,
        "name": config_id,
        "description": "",
        "isEnabled": True,
        "idType": "userID",
        "rules": [],
        "defaultValue": {},
        "tags": [],
        "version": 1,
        **fields,
    }


def full(**fields: Any) -> dict[str, Any]:
    """The body of a full update."""
    return {"isEnabled": True, "description": "changed", "rules": [], "defaultValue": {}, **fields}
