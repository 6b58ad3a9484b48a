"""Carrying out a fault: on a connection, or on an emulator that is embedded without one."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Protocol

from reconciler.emulator.api import Emulator
from reconciler.emulator.errors import EmulatorError, Refusal
from reconciler.emulator.fault_plan import Fault, FaultPlan, Fields
from reconciler.emulator.routes import route
from reconciler.emulator.store import Config
from reconciler.emulator.wire import Request, Response, json_response

_JSON = {"Content-Type": "application/json; charset=utf-8"}

_WITHOUT_SOCKET = frozenset({"status", "html", "empty", "raw", "redirect", "console_edit"})


class Connection(Protocol):
    """What the server's connection lets a fault do."""

    close_connection: bool

    def send(self, response: Response) -> None: ...
    def send_bytes(self, data: bytes) -> None: ...
    def head(self, response: Response, length: int) -> bytes: ...
    def pause(self, seconds: float) -> None: ...
    def reset(self) -> None: ...


def faulty_handle(emulator: Emulator, plan: FaultPlan) -> Callable[[Request], Response]:
    """``emulator.handle`` with the faults that need no socket; ``EmulatorError`` for the others."""
    for kind in sorted(plan.kinds() - _WITHOUT_SOCKET):
        raise EmulatorError(f"the fault {kind} needs a socket; an embedded emulator cannot show it")

    def handle(request: Request) -> Response:
        fault = plan.take(request.method, request.path)
        if fault is None:
            return emulator.handle(request)
        if fault.kind == "console_edit":
            return _between(fault.fields, request, emulator)
        if fault.fields["commit"]:
            emulator.handle(request)
        return answer(fault)

    return handle


def carry_out(fault: Fault, request: Request, emulator: Emulator, connection: Connection) -> None:
    fields = fault.fields
    match fault.kind:
        case "reset_before":
            connection.reset()
        case "reset_after":
            emulator.handle(request)
            connection.reset()
        case "cut_body":
            _cut(emulator.handle(request), fields["keep"], connection)
        case "trickle":
            _trickle(emulator.handle(request), fields, connection)
        case "delay":
            connection.pause(0 if fields["after"] else fields["seconds"])
            response = emulator.handle(request)
            connection.pause(fields["seconds"] if fields["after"] else 0)
            connection.send(response)
        case "console_edit":
            connection.send(_between(fields, request, emulator))
        case _:
            if fields["commit"]:
                emulator.handle(request)
            if fault.kind == "gzip_bomb":
                _bomb(int(fields["size"]), connection)
            else:
                connection.send(answer(fault))


def answer(fault: Fault) -> Response:
    """The response of the kinds that are an answer."""
    fields = fault.fields
    status = int(fields["status"])
    if fields["body"] is None:
        return json_response(status, {"status": status, "message": "Injected fault"}, fields["headers"])
    kind = {"Content-Type": "text/html"} if fault.kind == "html" else _JSON
    location = {"Location": fields["location"]} if fault.kind == "redirect" else {}
    return Response(status, {**kind, **location, **fields["headers"]}, fields["body"].encode(fields["encoding"]))


def _cut(response: Response, keep: float, connection: Connection) -> None:
    connection.close_connection = True
    kept = response.body[: int(len(response.body) * keep)]
    connection.send_bytes(connection.head(response, len(response.body)) + kept)


def _trickle(response: Response, fields: Fields, connection: Connection) -> None:
    connection.close_connection = True
    slow = connection.head(response, len(response.body)) + response.body
    if fields["where"] == "body":
        connection.send_bytes(slow[: -len(response.body)])
        slow = response.body
    step = max(1, int(fields["bytes"]))
    for start in range(0, len(slow), step):
        connection.send_bytes(slow[start : start + step])
        connection.pause(fields["interval"])


def _bomb(size: int, connection: Connection) -> None:
    """A gzip stream of ``size`` blanks. Its blocks are alike, so that one is compressed and sent often."""
    connection.close_connection = True
    block = b" " * (1 << 20)
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    blocks = max(1, size // len(block))
    checksum = 0
    for _ in range(blocks):
        checksum = zlib.crc32(block, checksum)
    head = b"\x1f\x8b\x08\0\0\0\0\0\2\xff"
    tail = packer.flush() + checksum.to_bytes(4, "little") + (blocks << 20 & 0xFFFFFFFF).to_bytes(4, "little")
    response = Response(200, {**_JSON, "Content-Encoding": "gzip"}, b"")
    connection.send_bytes(connection.head(response, len(head) + blocks * len(packed) + len(tail)) + head)
    for _ in range(blocks):
        connection.send_bytes(packed)
    connection.send_bytes(tail)


def _between(fields: Fields, request: Request, emulator: Emulator) -> Response:
    config_id = fields["id"] or _named(request)
    if fields["when"] == "before":
        _edit(emulator, config_id, fields)
    response = emulator.handle(request)
    if fields["when"] == "after":
        _edit(emulator, config_id, fields)
    return response


def _named(request: Request) -> str:
    """The id in the path; "" where the request is no call of an endpoint."""
    try:
        return route(request).config_id
    except Refusal:
        return ""


def _edit(emulator: Emulator, config_id: str, fields: Fields) -> None:
    def mutate(config: Config) -> None:
        for path, value in fields["set"].items():
            _set(config, path.split("."), value)

    try:
        emulator.console_edit(config_id, mutate, fields["by"])
    except (LookupError, TypeError, ValueError):
        return  # nobody can edit what is not there


def _set(target: Any, path: list[str], value: Any) -> None:
    key: Any = int(path[0]) if isinstance(target, list) else path[0]
    if len(path) == 1:
        target[key] = value
    else:
        _set(target[key], path[1:], value)
