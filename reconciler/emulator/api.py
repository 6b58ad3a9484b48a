"""The Console API's dynamic config endpoints: who may call, what is called, and what is answered."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from reconciler.emulator import configs, listing
from reconciler.emulator import js_values as values
from reconciler.emulator.body_checks import Validator, conforms
from reconciler.emulator.errors import EmulatorError, Problem, Refusal, invalid
from reconciler.emulator.options import Options
from reconciler.emulator.rate_windows import RateWindows
from reconciler.emulator.routes import Call, Endpoint, route
from reconciler.emulator.rule_ids import base_of, unknown_rule
from reconciler.emulator.store import Config, Store
from reconciler.emulator.wire import Request, Response, json_response, refusal_response

MAX_PAYLOAD = 100 * 1024  # bytes: the documented limit on a JSON payload
_KEY_PREFIX = "console-"
_READ_ONLY_PREFIX = "console-readonly"
_UPDATED = "Dynamic config updated successfully."


class Emulator:
    """One project's dynamic configs in one SQLite file (``":memory:"`` allowed).

    Any number of threads may call ``handle``, and any number of emulators, in any process, may share
    the file. The directory of the file must exist. Raises ``EmulatorError`` where the file cannot be
    used. ``monotonic`` (seconds) drives the rate windows and ``wall`` (epoch seconds) the time stamps.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        require_key: bool = True,
        options: Options | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._options = options or Options()
        self._require_key = require_key
        self._store = Store(path)
        self._validator = Validator(self._options)
        self._windows = RateWindows(self._options.rate_limits, monotonic)
        self._wall = wall

    def close(self) -> None:
        self._store.close()

    def handle(self, request: Request) -> Response:
        """Answer one request; never raises."""
        try:
            call = route(request)
            self._admit(request, call)
            return _ENDPOINTS[call.endpoint](self, call)
        except Refusal as refusal:
            return refusal_response(refusal, with_errors=self._options.errors_key)
        except sqlite3.Error as error:
            return json_response(503, {"status": 503, "message": f"The emulator's database failed: {error}"})
        except Exception as error:  # noqa: BLE001 - a server answers 500 and lives on
            message = f"Internal server error ({type(error).__name__})"
            return json_response(500, {"status": 500, "message": message})

    def audit(self) -> list[dict[str, Any]]:
        """Every write that was accepted, no-ops included: seq, time, method, path, body, id, version."""
        return self._store.audit()

    def configs(self) -> list[Config]:
        """Every stored config, as it would be answered, in the order of creation."""
        return self._store.all()

    def seed(self, payloads: Iterable[Config]) -> None:
        """Store these configs exactly as given, over those of the same ids; all of them or none."""
        with self._store.writing():
            for position, payload in enumerate(payloads):
                if not isinstance(payload, dict) or not isinstance(payload.get("id"), str):
                    raise EmulatorError(f"entry {position} of the seed is not an object with an id")
                self._store.put(values.as_javascript(payload))

    def console_edit(self, config_id: str, mutate: Callable[[Config], None], by: str = "Jane Console") -> Config:
        """Edit a stored config as a person in the console would; ``KeyError`` where there is none.

        ``mutate`` changes a copy in place. Version, modifier, and the rule ids and twins that
        depend on what was changed follow, unless ``mutate`` set them itself.
        """
        with self._store.writing():
            stored, copy = self._store.get(config_id), self._store.get(config_id)
            if stored is None or copy is None:
                raise KeyError(config_id)
            mutate(copy)
            copy = values.as_javascript(copy)
            email = f"{by.lower().replace(' ', '.')}@example.com"
            config = configs.edited(stored, copy, configs.author(by, self._now(), "2peRSonInTheConsole000", email))
            self._store.put(config)
            return config

    def _now(self) -> int:
        return int(self._wall() * 1000)

    def _admit(self, request: Request, call: Call) -> None:
        """Key, rights, rate and review, in the order in which a gateway meets them."""
        key = request.header("STATSIG-API-KEY") or ""
        if self._require_key and not key.startswith(_KEY_PREFIX):
            # The real API echoes the key too; clients must not log this text.
            text = "This endpoint only accepts an active CONSOLE key, but an invalid key was sent. Key: "
            raise Refusal(401, text + key)
        if not call.is_write:
            return
        if key.startswith(_READ_ONLY_PREFIX):
            raise Refusal(403, "Forbidden resource")
        wait = self._windows.admit()
        if wait:
            headers = [("Retry-After", str(math.ceil(wait)))] if self._options.retry_after else []
            raise Refusal(429, "Too Many Requests", headers=headers)
        respects = (request.header("x-respect-review-settings") or "").lower() == "true"
        if respects and self._options.review_required:
            raise Refusal(403, "Forbidden resource")

    def _list(self, call: Call) -> Response:
        page = listing.read_page(call.query)
        with self._store.reading():
            if listing.has_filters(call.query):
                found = [config for config in self._store.all() if listing.matches(config, call.query)]
                total, items = len(found), found[page.offset :][: page.limit]
            else:
                total, items = self._store.count(), self._store.page(page.limit, page.offset)
        pages = listing.pagination(call.path, call.query, page, total)
        return _answer(200, "Dynamic Configs listed successfully.", data=items, pagination=pages)

    def _get(self, call: Call) -> Response:
        return _answer(200, "Dynamic config read successfully.", data=self._existing(call))

    def _rules(self, call: Call) -> Response:
        rules = self._existing(call).get("rules", [])
        return _answer(200, "Dynamic Config rules read successfully.", data=[{"rules": rules}])

    def _rule(self, call: Call) -> Response:
        for rule in self._existing(call).get("rules", []):
            if call.rule_id in (rule.get("id"), base_of(rule)):
                return _answer(200, "Dynamic Config rules read successfully.", data=rule)
        raise unknown_rule()

    def _create(self, call: Call) -> Response:
        body = _json_body(call.request)
        self._validator.create(body)
        with self._store.writing():
            config = configs.created(body, self._options, self._now())
            self._validator.derived_id(config["id"])
            if self._store.is_taken(config["id"]):
                raise Refusal(400, "Name is already in use")
            conforms(config, body)
            self._commit(call, body, config)
        return _answer(201, "Dynamic Config created successfully.", data=config)

    def _update(self, call: Call) -> Response:
        body = _json_body(call.request)
        self._validator.update(body)
        return self._change(call, body, lambda stored: configs.updated(stored, body, self._options, self._now()))

    def _patch(self, call: Call) -> Response:
        body = _json_body(call.request)
        self._validator.patch(body)
        return self._change(call, body, lambda stored: configs.patched(stored, body, self._options, self._now()))

    def _enable(self, call: Call) -> Response:
        return self._change(call, None, lambda stored: configs.switched(stored, self._now(), enabled=True))

    def _disable(self, call: Call) -> Response:
        return self._change(call, None, lambda stored: configs.switched(stored, self._now(), enabled=False))

    def _archive(self, call: Call) -> Response:
        body = _json_body(call.request)
        self._validator.archive(body)
        return self._change(call, body, lambda stored: configs.shelved(stored, self._now(), archived=True))

    def _unarchive(self, call: Call) -> Response:
        body = _json_body(call.request)
        self._validator.unarchive(body)
        return self._change(call, body, lambda stored: configs.shelved(stored, self._now(), archived=False))

    def _delete(self, call: Call) -> Response:
        with self._store.writing():
            stored = self._existing(call)
            self._store.delete(stored["id"])
            self._store.record(self._now(), call.request.method, call.path, None, stored)
        return _answer(200, "Dynamic Config deleted successfully.")

    def _existing(self, call: Call) -> Config:
        stored = self._store.get(call.config_id)
        if stored is None:
            raise Refusal(404, "Dynamic config not found.")
        return stored

    def _change(self, call: Call, body: Config | None, change: Callable[[Config], Config]) -> Response:
        with self._store.writing():
            config = change(self._existing(call))
            conforms(config, body or {})
            self._commit(call, body, config)
        return _answer(200, _UPDATED, data=config)

    def _commit(self, call: Call, body: Config | None, config: Config) -> None:
        """Store and record, unless the call is a dry run: then the config is only answered."""
        if not call.dry_run:
            self._store.put(config)
            self._store.record(self._now(), call.request.method, call.path, body, config)


_ENDPOINTS: dict[Endpoint, Callable[[Emulator, Call], Response]] = {
    Endpoint.LIST: Emulator._list,
    Endpoint.CREATE: Emulator._create,
    Endpoint.GET: Emulator._get,
    Endpoint.UPDATE: Emulator._update,
    Endpoint.PATCH: Emulator._patch,
    Endpoint.DELETE: Emulator._delete,
    Endpoint.ENABLE: Emulator._enable,
    Endpoint.DISABLE: Emulator._disable,
    Endpoint.ARCHIVE: Emulator._archive,
    Endpoint.UNARCHIVE: Emulator._unarchive,
    Endpoint.RULES: Emulator._rules,
    Endpoint.RULE: Emulator._rule,
}


def _answer(status: int, message: str, **rest: Any) -> Response:
    return json_response(status, {"message": message, **rest})


def _json_body(request: Request) -> Config:
    """The body as an object; an empty one is ``{}``, as for any JSON server."""
    kind = (request.header("Content-Type") or "application/json").partition(";")[0].strip().lower()
    if request.body and kind != "application/json":
        raise Refusal(415, "Unsupported Media Type")
    if len(request.body) > MAX_PAYLOAD:
        raise Refusal(413, "request entity too large")
    try:
        body = values.parse(request.body or b"{}")
    except ValueError as error:
        raise Refusal(400, f"Invalid JSON in the request body: {error}") from error
    if not isinstance(body, dict):
        raise invalid([Problem("", f"Expected object, received {values.type_name(body)}")])
    return body
