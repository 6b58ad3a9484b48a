"""The SQLite file: every config as the JSON it is answered with, and the audit list of accepted writes.

One connection behind one lock serves all threads; other processes on the same file are held off by
``BEGIN IMMEDIATE`` and a busy time-out. Write-ahead logging lets the file survive a killed process.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator.errors import EmulatorError

Config = dict[str, Any]

_APPLICATION_ID = 0x5374_4743  # says that this file is ours, so that no other database is written into
_MAGIC = b"SQLite format 3\0"
_ANOTHER_PROGRAM = "it is the database of another program"
_BUSY_SECONDS = 30.0
_TABLES = """
CREATE TABLE IF NOT EXISTS configs (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, dto TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS configs_folded ON configs (lower(id));
CREATE TABLE IF NOT EXISTS audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, method TEXT NOT NULL,
    path TEXT NOT NULL, body TEXT, id TEXT NOT NULL, version INTEGER);
"""
_IN_ORDER = "CREATE INDEX IF NOT EXISTS configs_in_order ON configs (position)"
"""To count off the configs before a page without reading them: in the table they lie between their payloads."""


class Store:
    """Opens or creates the file; raises ``EmulatorError`` where it cannot, or is not the emulator's."""

    def __init__(self, path: str | Path) -> None:
        self._lock = threading.RLock()
        _refuse_another_programs(path)
        try:
            self._db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        except (sqlite3.Error, OSError, ValueError) as error:
            raise EmulatorError(f"cannot open the database {path}: {error}") from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise EmulatorError(f"cannot use the database {path}: {error}") from error

    def _prepare(self) -> None:
        if self._scalar("PRAGMA application_id") != _APPLICATION_ID:
            self._adopt()
        # Only now that the application id is in the file itself: a log beside it is not read before opening.
        with suppress(sqlite3.OperationalError):  # another connection is in the way: the next one to open changes it
            self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        for table in ("configs", "audit"):
            self._db.execute(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 - our own names
        with self.writing():  # a file that cannot be written is found here and not by the first client
            self._db.execute(_IN_ORDER)  # here, since files of earlier versions lack it

    def _adopt(self) -> None:
        with self.writing():
            ours = self._scalar("PRAGMA application_id") == _APPLICATION_ID
            if not ours and self._scalar("SELECT count(*) FROM sqlite_master"):  # it came meanwhile
                raise sqlite3.DatabaseError(_ANOTHER_PROGRAM)
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA application_id = {_APPLICATION_ID}")

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """One consistent view over several reads."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Nobody else writes between the reads and the writes inside; an exception undoes them."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock:
            self._db.execute(begin)
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def get(self, config_id: str) -> Config | None:
        row = self._row("SELECT dto FROM configs WHERE id = ?", config_id)
        return None if row is None else json.loads(row[0])

    def is_taken(self, config_id: str) -> bool:
        """Ids that differ in case only are one name to the API, which makes them of lower-case names."""
        return self._row("SELECT 1 FROM configs WHERE lower(id) = lower(?)", config_id) is not None

    def put(self, config: Config) -> None:
        """Insert or replace; a replaced config keeps its place in the list."""
        self._db.execute(
            "INSERT INTO configs (id, dto) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET dto = excluded.dto",
            (config["id"], values.dump(config)),
        )

    def delete(self, config_id: str) -> None:
        self._db.execute("DELETE FROM configs WHERE id = ?", (config_id,))

    def all(self) -> list[Config]:
        return self.page(-1, 0)

    def page(self, limit: int, offset: int) -> list[Config]:
        """In the order of creation; a ``limit`` of -1 means all."""
        first = "SELECT position FROM configs INDEXED BY configs_in_order ORDER BY position LIMIT 1 OFFSET ?"
        with self._lock:
            rows = self._db.execute(
                f"SELECT dto FROM configs WHERE position >= ({first}) ORDER BY position LIMIT ?",  # noqa: S608 - our own text
                (offset, limit),
            ).fetchall()
        return [json.loads(dto) for (dto,) in rows]

    def count(self) -> int:
        return int(self._scalar("SELECT count(*) FROM configs"))

    def record(self, time: int, method: str, path: str, body: Any, config: Config) -> None:
        """Add one accepted write to the audit list; ``config`` as it stands after the write."""
        text = None if body is None else values.dump(body)
        self._db.execute(
            "INSERT INTO audit (time, method, path, body, id, version) VALUES (?, ?, ?, ?, ?, ?)",
            (time, method, path, text, config["id"], config.get("version")),
        )

    def audit(self) -> list[dict[str, Any]]:
        columns = ("seq", "time", "method", "path", "body", "id", "version")
        with self._lock:
            rows = self._db.execute(f"SELECT {', '.join(columns)} FROM audit ORDER BY seq").fetchall()  # noqa: S608 - our own names
        entries = [dict(zip(columns, row, strict=True)) for row in rows]
        return [entry | {"body": json.loads(entry["body"] or "null")} for entry in entries]

    def _row(self, sql: str, *parameters: str) -> Any:
        with self._lock:
            return self._db.execute(sql, parameters).fetchone()

    def _scalar(self, sql: str) -> Any:
        return self._row(sql)[0]


def _refuse_another_programs(path: str | Path) -> None:
    """Raises ``EmulatorError`` for a file that is not ours, without opening it as a database.

    SQLite already writes where it only looks: it carries over another program's log, or makes one.
    """
    try:
        if not Path(path).exists():
            return
        if not Path(path).is_file():
            raise EmulatorError(f"cannot open the database {path}: it is not a regular file")
        with Path(path).open("rb") as file:
            header = file.read(100)
    except OSError as error:
        raise EmulatorError(f"cannot open the database {path}: {error.strerror or error}") from error
    if header[:16] != _MAGIC and header:
        raise EmulatorError(f"cannot open the database {path}: it is not a SQLite database")
    if header and int.from_bytes(header[68:72], "big") != _APPLICATION_ID:
        raise EmulatorError(f"cannot use the database {path}: {_ANOTHER_PROGRAM}")


def load_seed(path: str | Path) -> list[Config]:
    """The configs in a seed file: a JSON list of payloads, or the API's own ``{"data": [...]}``."""
    try:
        loaded = values.parse(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise EmulatorError(f"cannot read the seed file {path}: {error}") from error
    configs = loaded.get("data") if isinstance(loaded, dict) else loaded
    if not isinstance(configs, list):
        raise EmulatorError(f'{path}: a seed is a JSON list of configs, or {{"data": [...]}}')
    return configs
