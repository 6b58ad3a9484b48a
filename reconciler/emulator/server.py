"""The emulator on a loopback socket: HTTP/1.1 with keep-alive, and the faults that need a socket."""

from __future__ import annotations

import ipaddress
import socket
import struct
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from reconciler.emulator import misbehave
from reconciler.emulator.api import Emulator
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.fault_plan import FaultPlan
from reconciler.emulator.wire import Request, Response, json_response

MAX_BODY = 8 * 1024 * 1024
_IDLE_SECONDS = 60.0
_DRAIN_SECONDS = 2.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing resets the connection


class Server(ThreadingHTTPServer):
    """``serve_forever`` until ``shutdown`` is called from another thread, then ``server_close``."""

    daemon_threads = True
    block_on_close = False  # an idle keep-alive connection must not hold up the end
    request_queue_size = 128
    allow_reuse_address = True

    def __init__(self, emulator: Emulator, host: str, port: int, faults: FaultPlan | None) -> None:
        try:
            loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
        except ValueError:
            loopback = False
        if not loopback or ":" in host:
            raise EmulatorError(f"the emulator serves 127.0.0.1 only, not {host}")
        self.emulator = emulator
        self.faults = faults
        self.stopping = threading.Event()
        super().__init__((host, port), _Handler)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_bind(self) -> None:
        """Without the reverse look-up of the host's name, which the base class does and nothing needs."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def shutdown(self) -> None:
        self.stopping.set()
        super().shutdown()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is the client's affair; nothing is printed."""


class BadRequestError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Quiet: what was written is in the audit list."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - the base class's signature
        """What the base class refuses by itself (a bad request line, too many headers), as JSON."""
        self.close_connection = True
        told = message or HTTPStatus(code).phrase
        self.send(json_response(code, {"status": code, "message": told}))
        self._drain()

    def _drain(self) -> None:
        """Read what is still coming: closing over unread input resets the connection and the answer with it."""
        self.connection.shutdown(socket.SHUT_WR)
        self.connection.settimeout(_DRAIN_SECONDS)
        left = MAX_BODY
        while left > 0 and (unread := self.connection.recv(65536)):
            left -= len(unread)

    def handle_one_request(self) -> None:
        """As the base class, but for one method that serves every HTTP method."""
        self.raw_requestline = self.rfile.readline(65537)
        if len(self.raw_requestline) > 65536:
            self.requestline = self.request_version = self.command = ""
            self.send_error(414)
        elif not self.raw_requestline:
            self.close_connection = True
        elif self.parse_request():
            self._answer()

    def _answer(self) -> None:
        try:
            body = self._read_body()
        except BadRequestError as error:
            self.send_error(error.status, error.message)
            return
        request = Request(self.command, self.path, dict(self.headers.items()), body)
        faults = self.server.faults
        fault = faults.take(request.method, request.path) if faults else None
        if fault is None:
            self.send(self.server.emulator.handle(request))
        else:
            misbehave.carry_out(fault, request, self.server.emulator, self)

    def _read_body(self) -> bytes:
        encoding = self.headers.get("Transfer-Encoding")
        lengths = self.headers.get_all("Content-Length", [])
        if encoding is not None:
            if encoding.lower() != "chunked" or lengths:
                raise BadRequestError(400, "Unsupported Transfer-Encoding")
            return self._read_chunks()
        if not lengths:
            return b""
        if len(set(lengths)) > 1 or not (lengths[0].isascii() and lengths[0].isdigit()):
            raise BadRequestError(400, "Malformed Content-Length")
        if len(lengths[0]) > 12 or int(lengths[0]) > MAX_BODY:
            raise BadRequestError(413, "request entity too large")
        return self._read(int(lengths[0]))

    def _read_chunks(self) -> bytes:
        body = b""
        while True:
            line = self.rfile.readline(1024).partition(b";")[0].strip()
            if not line or len(line) > 8 or line.strip(b"0123456789abcdefABCDEF"):
                raise BadRequestError(400, "Malformed chunk")
            size = int(line, 16)
            if len(body) + size > MAX_BODY:
                raise BadRequestError(413, "request entity too large")
            if size == 0:
                break
            body += self._read(size)
            if self._read(2) != b"\r\n":
                raise BadRequestError(400, "Malformed chunk")
        while self.rfile.readline(65537).strip():
            pass  # trailers
        return body

    def _read(self, size: int) -> bytes:
        data = self.rfile.read(size)
        if len(data) < size:
            raise BadRequestError(400, "The request body ended early")
        return data

    def send(self, response: Response) -> None:
        """Head and body in one segment, so that keep-alive is not slowed by delayed acknowledgements."""
        self.send_bytes(self.head(response, len(response.body)) + response.body)

    def head(self, response: Response, length: int) -> bytes:
        try:
            phrase = HTTPStatus(response.status).phrase
        except ValueError:
            phrase = "Unknown"
        headers = {**response.headers, "Content-Length": str(length)}
        if self.close_connection:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode("utf-8")

    def send_bytes(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        self.server.stopping.wait(seconds)

    def reset(self) -> None:
        """Break the connection so that the client sees a reset and not an end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        socket.close(self.connection.detach())
