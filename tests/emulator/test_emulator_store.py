"""The database file: it persists, is shared, survives a kill, and is never another program's."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from reconciler.emulator import Emulator, EmulatorError, Request

from .conftest import LIST, Client, rule

KEY = {"STATSIG-API-KEY": "console-x"}
SERVE = """
import sys
from reconciler.emulator import Emulator, serve
serve(Emulator(sys.argv[1]), port=0, ready=lambda port: print(port, flush=True)).serve_forever()
"""
WRITE = """
import json, sys
from reconciler.emulator import Emulator, Request
path, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
emulator = Emulator(path, require_key=False)
target = "/console/v1/dynamic_configs"
for n in range(count):
    body = json.dumps({"name": f"{name}-{n}"}).encode()
    assert emulator.handle(Request("POST", target, {}, body)).status == 201
    body = json.dumps({"description": f"{name} {n}"}).encode()
    assert emulator.handle(Request("PATCH", target + "/shared", {}, body)).status == 200
"""


def _post(port: int, target: str, body: Any) -> int:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{target}",
        json.dumps(body).encode(),
        {"STATSIG-API-KEY": "console-x", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return int(answer.status)


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    first = Emulator(tmp_path / "db")
    created = Client(first).create(rules=[rule()])
    first.close()
    second = Emulator(str(tmp_path / "db"))
    assert Client(second).get() == created
    assert [entry["id"] for entry in second.audit()] == ["checkout"]
    second.close()


def test_a_file_of_an_earlier_version_is_listed_page_by_page(tmp_path: Path) -> None:
    Emulator(tmp_path / "db").close()
    with sqlite3.connect(tmp_path / "db") as before:
        before.execute("DROP INDEX configs_in_order")  # earlier versions had none
    before.close()
    emulator = Emulator(tmp_path / "db")
    ids = [f"config_{number}" for number in range(7)]
    emulator.seed({"id": name} for name in ids)
    pages = [emulator.handle(Request("GET", f"{LIST}?limit=3&page={n}", KEY)).body for n in range(1, 5)]
    assert [one["id"] for page in pages for one in json.loads(page)["data"]] == ids
    emulator.close()


def test_every_answered_write_survives_a_kill(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SERVE, str(tmp_path / "db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        stop = threading.Event()
        answered: list[str] = []

        def write() -> None:
            for n in range(10_000):
                name = f"config-{n}"
                try:
                    _post(port, LIST, {"name": name})
                except OSError:
                    return
                answered.append(name)
                if n == 25:
                    stop.set()

        writer = threading.Thread(target=write)
        writer.start()
        assert stop.wait(60)
        process.send_signal(signal.SIGKILL)
        writer.join(60)
    emulator = Emulator(tmp_path / "db")
    stored = [config["id"] for config in emulator.configs()]
    assert stored[: len(answered)] == answered
    assert len(stored) - len(answered) <= 1
    assert [entry["id"] for entry in emulator.audit()] == stored
    Client(emulator).create(name="afterwards")
    emulator.close()


def test_threads_share_one_emulator(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path / "db")
    client = Client(emulator)
    client.create(name="shared")
    statuses: list[int] = []

    def work(worker: int) -> None:
        for n in range(10):
            statuses.append(client.call("POST", LIST, {"name": f"w{worker}-{n}"})[0])
            statuses.append(client.call("POST", LIST, {"name": f"contested-{n}"})[0])
            client.call("PATCH", f"{LIST}/shared", {"description": f"{worker} {n}"})
            assert client.call("GET", LIST)[0] == 200

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses.count(201) == 6 * 10 + 10  # one worker wins each contested name
    assert statuses.count(400) == 5 * 10
    assert client.get("shared")["version"] == 1 + 60
    emulator.close()


def test_processes_share_one_file_from_its_creation(tmp_path: Path) -> None:
    path = tmp_path / "db"
    seeded = Emulator(path)
    Client(seeded).create(name="shared")
    commands = [[sys.executable, "-c", WRITE, str(path), name, "15"] for name in ("left", "right")]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
    assert [process.communicate(timeout=60)[1] for process in processes] == [b"", b""]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(seeded.configs()) == 31
    assert Client(seeded).get("shared")["version"] == 31
    assert [entry["seq"] for entry in seeded.audit()] == list(range(1, 62))
    seeded.close()


def test_many_may_create_the_file_at_once(tmp_path: Path) -> None:
    failures: list[Exception] = []
    barrier = threading.Barrier(8)

    def open_it() -> None:
        barrier.wait()
        try:
            Emulator(tmp_path / "db").close()
        except EmulatorError as error:
            failures.append(error)

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but precious\n" * 100)
    with pytest.raises(EmulatorError, match=r"notes\.txt"):
        Emulator(path)
    assert path.read_text() == "not a database, but precious\n" * 100


def _left_alone(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file's content and time of change."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@pytest.mark.parametrize("application_id", [0, 0x0F055112], ids=["without an id", "with one of its own"])
@pytest.mark.parametrize("mode", ["delete", "wal", "wal, killed"])
def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path, mode: str, application_id: int) -> None:
    """Also where it keeps a log beside it, which SQLite would carry over at the mere sight of it."""
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute(f"PRAGMA journal_mode = {mode[:3]}")
    other.execute(f"PRAGMA application_id = {application_id}")
    other.execute("CREATE TABLE precious (x)")
    if mode == "wal, killed":  # what a process leaves that has no time to close
        kept = {file: file.read_bytes() for file in tmp_path.iterdir()}
        other.close()
        for file, content in kept.items():
            file.write_bytes(content)
    other.close()
    before = _left_alone(tmp_path)
    assert len(before) == (3 if mode == "wal, killed" else 1)
    with pytest.raises(EmulatorError, match="another program"):
        Emulator(path)
    assert _left_alone(tmp_path) == before


def test_a_database_that_is_ours_by_its_id_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "db"
    Emulator(path).close()
    with sqlite3.connect(path) as broken:
        broken.execute("DROP TABLE audit")
    broken.close()
    with pytest.raises(EmulatorError, match="cannot use the database"):
        Emulator(path)


def test_the_file_is_ours_by_itself_without_its_log(tmp_path: Path) -> None:
    """A process that is killed leaves a log beside the file; the next one knows the file all the same."""
    emulator = Emulator(tmp_path / "db")
    Client(emulator).create(name="kept")
    copied = tmp_path / "copied"
    copied.mkdir()
    for path in tmp_path.glob("db*"):
        (copied / path.name).write_bytes(path.read_bytes())
    emulator.close()
    survivor = Emulator(copied / "db")
    assert [config["id"] for config in survivor.configs()] == ["kept"]
    survivor.close()


@pytest.mark.parametrize("path", ["missing/db", ".", "pipe"])
def test_a_path_that_cannot_be_a_file(tmp_path: Path, path: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EmulatorError, match="cannot open the database"):
        Emulator(tmp_path / path)


def test_a_database_that_fails_is_an_answer_too(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path / "db")
    emulator.close()
    status, answer = Client(emulator).call("GET", LIST)
    assert (status, answer["status"]) == (503, 503)
