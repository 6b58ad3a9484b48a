"""A client of the emulator that says what was answered, and nothing more."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reconciler.emulator import Emulator, Options, Request, Response, serve
from reconciler.emulator.fault_plan import FaultPlan
from reconciler.emulator.server import Server

LIST = "/console/v1/dynamic_configs"


class Client:
    """Calls ``handle`` with a good key; ``call`` returns the status and the parsed body."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.key = "console-test"

    def send(self, method: str, target: str, body: Any = None, **headers: str) -> Response:
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.emulator.handle(Request(method, target, {"statsig-api-key": self.key} | named, data))

    def call(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        response = self.send(method, target, body, **headers)
        return response.status, json.loads(response.body)

    def create(self, **fields: Any) -> dict[str, Any]:
        status, answer = self.call("POST", LIST, {"name": "checkout", **fields})
        assert status == 201, answer
        return answer["data"]

    def update(self, config_id: str = "checkout", **fields: Any) -> dict[str, Any]:
        body = {"isEnabled": True, "description": "", "rules": [], **fields}
        status, answer = self.call("POST", f"{LIST}/{config_id}", body)
        assert status == 200, answer
        return answer["data"]

    def get(self, config_id: str = "checkout") -> dict[str, Any]:
        status, answer = self.call("GET", f"{LIST}/{config_id}")
        assert status == 200, answer
        return answer["data"]

    def problems(self, method: str, target: str, body: Any) -> list[tuple[str, str]]:
        status, answer = self.call(method, target, body)
        assert status == 400, answer
        return [(error["property"], error["errorMessage"]) for error in answer["errors"]]


def rule(name: str = "everyone", **fields: Any) -> dict[str, Any]:
    return {"name": name, "passPercentage": 100, "conditions": [{"type": "public"}], **fields}


@pytest.fixture
def make() -> Iterator[Callable[..., Client]]:
    """Clients of emulators in memory, with the options that are given."""
    opened: list[Emulator] = []

    def build(**options: Any) -> Client:
        emulator = Emulator(":memory:", options=Options(**options))
        opened.append(emulator)
        return Client(emulator)

    yield build
    for emulator in opened:
        emulator.close()


@pytest.fixture
def client(make: Callable[..., Client]) -> Client:
    return make()


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Served emulators on free ports, stopped at the end of the test."""
    running: list[tuple[Server, threading.Thread]] = []

    def run(emulator: Emulator, faults: list[Any] | None = None) -> Server:
        server = serve(emulator, port=0, faults=None if faults is None else FaultPlan(faults))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        running.append((server, thread))
        return server

    yield run
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()
