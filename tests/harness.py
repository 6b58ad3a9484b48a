"""The command as people run it: a project folder, a live project to talk to, and what came out.

``Project.run`` starts a process; ``Project.call`` runs the same ``main`` in this one, for the many cases where only
the result counts. Both see an environment that holds nothing of the machine's own settings.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cli import main
from reconciler.emulator import Emulator, Options, Request, serve
from reconciler.emulator.fault_plan import Fault, FaultPlan

TOP = Path(__file__).parent.parent
KEY = "console-s3cretKEY.with~Signs0123456789"
CONFIGS = "/console/v1/dynamic_configs"
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


@dataclass(frozen=True)
class Done:
    """What a run left: its exit code and its two streams."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """stdout as the one JSON document that it must be."""
        return json.loads(self.stdout)

    @property
    def statuses(self) -> dict[str, str]:
        """Of an ``apply --format json``: id → status."""
        return {one["id"]: one["status"] for one in self.json["results"]}

    @property
    def held(self) -> dict[str, str]:
        """Of a ``plan --format json``: id → why it is held."""
        return {one["id"]: one["held"]["code"] for one in self.json["changes"] if one["held"]}

    @property
    def origins(self) -> dict[str, set[str]]:
        """Of a ``plan --format json``: id → the origins of its fields."""
        return {one["id"]: {each["origin"] for each in one["fields"]} for one in self.json["changes"]}


@dataclass
class Project:
    """A folder with ``configs/``, and how the command is run in it."""

    path: Path
    env: dict[str, str] = field(default_factory=dict)

    def write(self, **files: str) -> None:
        """Write ``configs/<name>.yaml`` files."""
        for name, text in files.items():
            self.file(f"configs/{name}.yaml", text)

    def file(self, name: str, text: str) -> Path:
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def settings(self, text: str) -> None:
        self.file("configs/reconciler.toml", text)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.path / f"configs/{name}.yaml").unlink()

    def environ(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a run sees: this machine's paths, the tests' key, and what the test adds."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, "PYTHONPATH": str(TOP), "STATSIG_CONSOLE_KEY": KEY, **self.env, **(env or {})}

    def run(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        stdin: str = "",
        stdout: Any = subprocess.PIPE,
        program: str | None = None,
        via: str | None = None,
    ) -> Done:
        """Run the command as a process of its own. ``stdin`` is its input, which is no terminal.

        ``program`` is Python to run in its place, ``via`` a shell line that runs it as ``"$@"``.
        """
        line = [sys.executable, "-c", program, *arguments] if program is not None else command(arguments)
        done = subprocess.run(
            line if via is None else ["sh", "-c", via, "sh", *line],
            cwd=self.path,
            env=self.environ(env),
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout or "", done.stderr)

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, stdout: int = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start the command and let it run."""
        return subprocess.Popen(
            command(arguments),
            cwd=self.path,
            env=self.environ(env),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def call(self, *arguments: str, env: Mapping[str, str] | None = None) -> Done:
        """Run the command in this process, with nobody at the terminal."""
        out, err = _stream(), _stream()
        here = contextlib.chdir(self.path), _environment(self.environ(env)), _stdin_at_its_end()
        with here[0], here[1], here[2], contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(arguments)
        return Done(code, _text(out), _text(err))


def command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "reconciler", *arguments]


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), "utf-8")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8")


@contextlib.contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _stdin_at_its_end() -> Iterator[None]:
    before, sys.stdin = sys.stdin, io.StringIO()
    try:
        yield
    finally:
        sys.stdin = before


class _Watched(FaultPlan):
    """The faults of a live project, and a list of every request that came in."""

    def __init__(self, entries: list[Any], meet: Callable[[str, str], None]) -> None:
        super().__init__(entries)
        self._meet = meet

    def take(self, method: str, path: str) -> Fault | None:
        self._meet(method, path)
        return super().take(method, path)


class Live:
    """A live Statsig project: the emulator behind a socket."""

    def __init__(self, options: Options | None = None) -> None:
        self.emulator = Emulator(":memory:", options=options or Options())
        self.requests: list[tuple[str, str]] = []
        self._lock = threading.Lock()
        self._on: list[tuple[str, str, Callable[[], None]]] = []
        self._server = serve(self.emulator, port=0, faults=_Watched([], self._meet))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def fail(self, *faults: dict[str, Any]) -> None:
        """Misbehave from now on as the faults say; none: behave again."""
        self._server.faults = _Watched(list(faults), self._meet)

    def before(self, method: str, path: str, act: Callable[[], None]) -> None:
        """Do something once, right before the next request of this method whose path ends so is answered."""
        self._on.append((method, path, act))

    def forget(self) -> None:
        """Do nothing more of what ``before`` asked for."""
        with self._lock:
            self._on.clear()

    def create(self, config_id: str, **fields: Any) -> None:
        """Somebody creates a config in the console."""
        self.emulator.seed([payload(config_id, **fields)])

    def edit(self, config_id: str, by: str = "Jane Console", **fields: Any) -> None:
        """Somebody edits a config in the console."""
        self.emulator.console_edit(config_id, lambda config: config.update(fields), by)

    def delete(self, config_id: str) -> None:
        """Somebody deletes a config in the console."""
        self.emulator.handle(Request("DELETE", f"{CONFIGS}/{config_id}", {"STATSIG-API-KEY": KEY}, b""))

    def __getitem__(self, config_id: str) -> dict[str, Any]:
        [found] = [config for config in self.emulator.configs() if config["id"] == config_id]
        return found

    def __contains__(self, config_id: str) -> bool:
        return any(config["id"] == config_id for config in self.emulator.configs())

    @property
    def ids(self) -> list[str]:
        return sorted(config["id"] for config in self.emulator.configs())

    @property
    def written(self) -> list[str]:
        """The id of every create and update that was accepted, in order."""
        return [entry["id"] for entry in self.emulator.audit() if entry["method"] == "POST"]

    @property
    def methods(self) -> set[str]:
        return {method for method, _ in self.requests}

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.emulator.close()

    def _meet(self, method: str, path: str) -> None:
        self.requests.append((method, path))
        with self._lock:
            met = next((one for one in self._on if one[0] == method and path.partition("?")[0].endswith(one[1])), None)
            if met is not None:
                self._on.remove(met)
        if met is not None:
            met[2]()


def payload(config_id: str, **fields: Any) -> dict[str, Any]:
    """A live config as the API would send it."""
    return {
        "id": config_id,
        "name": config_id,
        "description": "",
        "idType": "userID",
        "isEnabled": True,
        "status": "Enabled",
        "rules": [],
        "defaultValue": {},
        "tags": [],
        "lastModifierName": "Jane Console",
        "lastModifiedTime": 1707344887865,
        "version": 1,
        **fields,
    }


def config(value: Any = 1, **fields: Any) -> str:
    """A config file's text: YAML, written as JSON line by line."""
    given = {"defaultValue": {"value": value}, **fields}
    return "".join(f"{key}: {json.dumps(content)}\n" for key, content in given.items())
