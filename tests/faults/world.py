"""A project and a live Statsig project at a real socket, in which time is virtual and the network is not.

Real: the whole command from ``main`` on, its threads, the sockets, every byte that travels, and the deadlines of a
request and of connecting, which are only made short. Virtual: the run's clock. Whatever sleeps (backoff, settling,
the rate windows, a pause after a 429) returns at once and moves the clock on, so that minutes of waiting take no time;
the live project can tell the time by the same clock, and so act late.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any

import pytest
from harness import CONFIGS, KEY, Done, Project, _Watched, config, payload

from reconciler import console_api
from reconciler.console_api import connect, transport
from reconciler.emulator import Emulator, Options, Response, serve
from reconciler.emulator.routes import Call
from reconciler.emulator.wire import Request

UNMANAGED = "legacy_banner"


class VirtualClock:
    """Time that passes by sleeping alone; ``each_time`` is called after every sleep."""

    def __init__(self) -> None:
        self._now = 1000.0
        self.standing = threading.Lock()
        """While it is held, no time passes."""
        self.stopping = False
        self.each_time: Callable[[], None] = lambda: None

    def monotonic(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> bool:
        with self.standing:
            self._now += seconds
            self.each_time()
        return not self.stopping

    def stop(self) -> None:
        self.stopping = True


class Late(Emulator):
    """A live project that may take its time: some writes are carried out long after their answer was given up."""

    def __init__(self, clock: VirtualClock, options: Options | None = None) -> None:
        super().__init__(":memory:", options=options, monotonic=clock.monotonic)
        self._clock = clock
        self._pending: list[tuple[float, Request]] = []
        self._delays: Iterator[float | None] = iter(())
        self._path = ""
        self._guard = threading.RLock()
        self.normalise: Callable[[dict[str, Any]], None] = lambda _config: None
        """What this project makes of every config that is written, before it is stored and answered."""

    def put_off(self, path: str, *delays: float | None) -> None:
        """Carry out the next POSTs to a path (or below it, if it ends in /) so many seconds late, and answer 504.

        None lets one pass.
        """
        self._path, self._delays = path, iter(delays)

    def handle(self, request: Request) -> Response:
        with self._guard:
            self.catch_up()
            if request.method == "POST" and self._path and _is_below(request.path, self._path):
                delay = next(self._delays, None)
                if delay is not None:
                    self._pending.append((self._clock.monotonic() + delay, request))
                    return Response(504, {"Content-Type": "text/html"}, b"<html>Gateway Time-out</html>")
        return super().handle(request)

    def _commit(self, call: Call, body: dict[str, Any] | None, config: dict[str, Any]) -> None:
        self.normalise(config)
        super()._commit(call, body, config)

    def catch_up(self, until: float | None = None) -> None:
        """Carry out what is due by now, or by ``until``."""
        with self._guard:
            now = self._clock.monotonic() if until is None else until
            due = [one for one in self._pending if one[0] <= now]
            self._pending = [one for one in self._pending if one[0] > now]
            for _, request in sorted(due, key=lambda one: one[0]):
                super().handle(request)


def _is_below(path: str, wanted: str) -> bool:
    return path == wanted if not wanted.endswith("/") else path.startswith(wanted)


class World:
    """Files that ask for changes, and the live project that they are for.

    ``updates`` are live with value 1 and have 2 in their files; ``creates`` are in the files alone; ``same`` are equal;
    one more config is live without a file.
    """

    def __init__(
        self,
        *,
        updates: int = 3,
        creates: int = 2,
        same: int = 1,
        seed: int = 0,
        options: Options | None = None,
        live: Callable[[VirtualClock], Late] | None = None,
    ) -> None:
        self.seed = seed
        self.clock = VirtualClock()
        self.live = Late(self.clock, options) if live is None else live(self.clock)
        self.requests: list[tuple[str, str]] = []
        self.has_broken_down = False
        self._full = ExitStack()
        self.before: Callable[[str, str], None] = lambda _method, _path: None
        self._folder = Path(tempfile.mkdtemp())
        self.project = Project(self._folder)
        rng = Random(seed)
        names = rng.sample([f"config_{number}" for number in range(updates + creates + same)], updates + creates + same)
        self.updates, self.creates = sorted(names[:updates]), sorted(names[updates : updates + creates])
        self.same = sorted(names[updates + creates :])
        self._serve(port=0)
        self.url = f"http://127.0.0.1:{self.port}"
        self._lay_out()

    def __enter__(self) -> World:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_serving()
        self._full.close()
        self.live.close()
        shutil.rmtree(self._folder)

    # ── the live project ──────────────────────────────────────────────────────────────────────────────────────────

    def fail(self, *faults: dict[str, Any]) -> None:
        """Misbehave from now on as the faults say; none: behave again."""
        self._faults = _Watched(list(faults), self._meet)
        self._server.faults = self._faults

    def be_gone_after_this(self) -> None:
        """No request after the one that is being answered gets through, until ``fail`` says otherwise."""
        self._server.faults = _Watched([{"always": True, "fault": {"kind": "reset_before"}}], self._meet)

    def break_down(self, seconds: float, *, hang: bool = False) -> None:
        """Take no connection for so long: they are refused, or ``hang``. Call it while a request is being answered."""
        self.has_broken_down = True
        with self.clock.standing:
            if hang:
                self.let_connecting_hang()
            else:
                self.stop_serving()
            ends = self.clock.monotonic() + seconds

            def return_in_time() -> None:
                if self.clock.monotonic() >= ends:
                    self.clock.each_time = lambda: None
                    self._full.close()
                    self._serve(self.port)

            self.clock.each_time = return_in_time

    def let_connecting_hang(self) -> None:
        """Serve no more, and listen with no room for one more: what connects gets no answer, and gives up soon."""
        self._full.enter_context(pytest.MonkeyPatch.context()).setattr(transport, "CONNECT_SECONDS", 0.02)
        self.stop_serving()  # which takes longer than a connect that began with more time
        listener = self._full.enter_context(socket.create_server(("127.0.0.1", self.port), backlog=0))
        for _ in range(8):
            waiting = self._full.enter_context(socket.socket())
            waiting.settimeout(0.01)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                return
        raise AssertionError("the listener took all that came")

    def one_request_a_connection(self) -> None:
        """Keep no connection alive, so that each request has to connect."""
        handler = self._server.RequestHandlerClass
        self._server.RequestHandlerClass = type("OneShot", (handler,), {"protocol_version": "HTTP/1.0"})

    def state_no_lengths(self) -> None:
        """No Content-Length from now on: what ends an answer is the end of its connection."""
        handler: Any = self._server.RequestHandlerClass

        def head(connection: Any, response: Response, length: int) -> bytes:
            connection.close_connection = True
            whole = handler.head(connection, response, length)
            before, stated, after = whole.partition(b"Content-Length: %d\r\n" % length)
            assert stated
            return bytes(before + after)

        self._server.RequestHandlerClass = type("Lengthless", (handler,), {"head": head})

    def edit(self, config_id: str, **fields: Any) -> None:
        """Somebody edits a config in the console."""
        self.live.console_edit(config_id, lambda config: config.update(fields))

    def somebody_creates(self, config_id: str) -> None:
        """Somebody creates a config in the console; its value is 99."""
        self.live.seed([payload(config_id, defaultValue={"value": 99})])

    def somebody_deletes(self, config_id: str) -> None:
        """Somebody deletes a config in the console."""
        self.live.handle(Request("DELETE", f"{CONFIGS}/{config_id}", {"STATSIG-API-KEY": KEY}))

    def __getitem__(self, config_id: str) -> dict[str, Any]:
        [found] = [config for config in self.live.configs() if config["id"] == config_id]
        return found

    def value(self, config_id: str) -> Any:
        """What a live config's value is; None where there is no such config."""
        return next((one["defaultValue"]["value"] for one in self.live.configs() if one["id"] == config_id), None)

    def written(self, config_id: str) -> int:
        """How many writes of a config were accepted."""
        return sum(entry["id"] == config_id for entry in self.live.audit())

    def stop_serving(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, port: int) -> None:
        previous = getattr(self, "_server", None)
        self._server = serve(self.live, port=port, faults=None)
        if previous is None:
            self.fail()
        else:
            self._server.faults = self._faults
            self._server.RequestHandlerClass = previous.RequestHandlerClass
        self.port = self._server.port
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def _meet(self, method: str, path: str) -> None:
        self.requests.append((method, path))
        self.before(method, path)

    # ── the files, and the command ────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        self.live.seed([payload(name, defaultValue={"value": 1}) for name in [*self.updates, UNMANAGED]])
        self.live.seed([payload(name, defaultValue={"value": 2}) for name in self.same])
        settings = f'default_target = "production"\n[targets.production]\napi = "{self.url}"\n'
        self.project.settings(settings + "[limits]\nmax_changed_percent = 100\n")
        self.project.write(**{name: config(2) for name in [*self.updates, *self.creates, *self.same]})

    def call(self, *arguments: str, request_seconds: float = 10.0, env: dict[str, str] | None = None) -> Done:
        """Run the command in this process, at virtual time."""
        with at_virtual_time(self.clock, request_seconds, self.seed):
            return self.project.call(*arguments, env=env)

    def git(self, *arguments: str) -> None:
        """One git command in the project's folder."""
        subprocess.run(
            ["git", "-c", "user.name=dev", "-c", "user.email=dev@example.com", *arguments],
            cwd=self._folder,
            check=True,
            capture_output=True,
        )

    def merge(self) -> None:
        """Commit all files to the repository that the folder then is."""
        if not (self._folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch", "main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "change")

    def apply(self, *arguments: str, request_seconds: float = 10.0) -> Done:
        return self.call("apply", "--yes", "--format", "json", *arguments, request_seconds=request_seconds)


@contextmanager
def at_virtual_time(clock: VirtualClock, request_seconds: float, seed: int) -> Iterator[None]:
    """The clock, the deadline and the dice of every connection that is made within."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(console_api, "RealClock", lambda: clock)
        patch.setattr(console_api, "connect", partial(connect, request_seconds=request_seconds, rng=Random(seed)))
        yield


LIST = {"method": "GET", "path": CONFIGS}
GET = {"method": "GET", "path": f"{CONFIGS}/*"}
CREATE = {"method": "POST", "path": CONFIGS}
UPDATE = {"method": "POST", "path": f"{CONFIGS}/*"}


class Lagging(Late):
    """A live project whose reads show what was some seconds ago. ``list_only``: a config by its id is up to date.

    ``answers`` is what a write is answered with: the new state (``new``), or no more than the id (``id``).
    """

    def __init__(self, clock: VirtualClock, seconds: float, *, list_only: bool = False, answers: str = "new") -> None:
        super().__init__(clock)
        self._seconds = seconds
        self._list_only = list_only
        self._answers = answers
        self._states: list[tuple[float, list[dict[str, Any]]]] = []

    def handle(self, request: Request) -> Response:
        with self._guard:
            if request.method == "GET":
                return self._as_it_was(request)
            if not self._states:
                self._states = [(0.0, self.configs())]
            response = super().handle(request)
            self._states.append((self._clock.monotonic(), self.configs()))
            if response.status not in (200, 201) or self._answers == "new":
                return response
            config_id = json.loads(response.body)["data"]["id"]
            return replace(response, body=json.dumps({"message": "Done.", "data": {"id": config_id}}).encode())

    def _as_it_was(self, request: Request) -> Response:
        if self._list_only and request.path != CONFIGS:
            return super().handle(request)
        seen = [state for at, state in self._states if at <= self._clock.monotonic() - self._seconds]
        replica = Emulator(":memory:")
        try:
            replica.seed(seen[-1] if seen else self.configs())
            return replica.handle(request)
        finally:
            replica.close()
