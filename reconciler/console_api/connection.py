"""``connect``: a target and a key become a ``Reader`` and a ``Writer``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from types import TracebackType
from typing import TYPE_CHECKING, Any

from reconciler import __version__
from reconciler.console_api import failures
from reconciler.console_api.answer import Answer, Page, config_of, page_of
from reconciler.console_api.pacing import DEFAULT_WINDOWS, Pacer, Windows
from reconciler.console_api.paging import PAGE_SIZE, SMALL_PAGE_SIZE, consistent_list
from reconciler.console_api.rate_limit import Pause
from reconciler.console_api.response import understood
from reconciler.console_api.retrying import Retries
from reconciler.console_api.waiting import OnWait, Waits
from reconciler.files.settings import Target
from reconciler.ports import ApiError, Clock, Look, Payload
from reconciler.redactor import Redactor

if TYPE_CHECKING:  # httpx takes longer to import than many commands take to run
    import httpx

    from reconciler.console_api.transport import Handle

CONFIGS = "/console/v1/dynamic_configs"
API_VERSION = "20240601"
REQUEST_SECONDS = 30.0

_NOT_FOUND = 404
_EMBEDDED_URL = "http://emulator"

Get = Callable[[str, str], Answer]
Post = Callable[[str, Mapping[str, Any]], Answer]


def connect(
    target: Target,
    key: str | None,
    clock: Clock,
    *,
    handle: Handle | None = None,
    windows: Windows = DEFAULT_WINDOWS,
    on_wait: OnWait | None = None,
    request_seconds: float = REQUEST_SECONDS,
    rng: Random | None = None,
) -> Connection:
    """Open a connection; nothing is sent yet. Close it, or use it in a ``with``.

    ``key`` comes from ``checked_key``; with ``handle``, which answers in this process, none is sent. ``on_wait`` is
    told of every wait (seconds that remain, why), in the thread that waits. ``request_seconds`` limits each request,
    from connecting to the last byte of its answer. Threads may share the connection: they share its pace, its pauses
    and its retries.
    """
    from reconciler.console_api.exchange import Exchange, encoded

    client = _client(target, key, clock, handle)
    exchange = Exchange(client, Redactor(key or ""), request_seconds)
    rng = rng or Random()  # noqa: S311 - jitter, no secret
    waits = Waits(clock, on_wait)
    pause = Pause(waits)
    retries = Retries(pause, Pacer(windows, pause), rng)

    def get(path: str, query: str) -> Answer:
        return exchange.send("GET", path, query)

    def post(path: str, body: Mapping[str, Any]) -> Answer:
        return exchange.send("POST", path, content=encoded(body))

    def put(path: str, body: Mapping[str, Any]) -> Answer:
        return exchange.send("PUT", path, content=encoded(body))

    return Connection(ApiReader(get, retries, waits), ApiWriter(post, put, retries), client.close)


class Connection:
    """What planning needs (``reader``) and what only applying needs (``writer``), apart from each other."""

    def __init__(self, reader: ApiReader, writer: ApiWriter, close: Callable[[], None]) -> None:
        self.reader = reader
        self.writer = writer
        self.close = close

    def __enter__(self) -> Connection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class ApiReader:
    """``ports.Reader`` over GET requests."""

    def __init__(self, get: Get, retries: Retries, waits: Waits) -> None:
        self._get = get
        self._retries = retries
        self._waits = waits

    def list_configs(self) -> list[Payload]:
        """Every config, archived ones included; pages are asked for by number, one after the other."""
        try:
            return self._list(PAGE_SIZE)
        except ApiError as error:
            if error.code != failures.TOO_LARGE:
                raise
            return self._list(SMALL_PAGE_SIZE)

    def get(self, config_id: str) -> Payload | None:
        """One config, or None for a 404."""
        send = partial(self._get, _path(config_id), "")
        return self._retries.read(send, lambda answer: _found(answer, config_id))

    def _list(self, size: int) -> list[Payload]:
        def page(number: int) -> Page:
            send = partial(self._get, CONFIGS, f"?limit={size}&page={number}")
            return self._retries.read(send, lambda answer: understood(answer, page_of))

        return consistent_list(page, self._waits, f"GET {CONFIGS}")


class ApiWriter:
    """``ports.Writer`` over POST and PUT, at the pace that the API allows. Every answer it returns was read."""

    def __init__(self, post: Post, put: Post, retries: Retries) -> None:
        self._post = post
        self._put = put
        self._retries = retries

    def create(self, body: Mapping[str, Any], look: Look | None = None) -> Payload:
        """Create a config; ``look`` makes sure that there is none of this id."""
        return self._send(self._post, CONFIGS, body, look)

    def update(self, config_id: str, body: Mapping[str, Any], look: Look | None = None) -> Payload:
        """Full update: ``body`` replaces the whole config; ``look`` makes sure that it is still the planned one."""
        return self._send(self._post, _path(config_id), body, look)

    def unarchive(self, config_id: str, look: Look | None = None) -> Payload:
        """Make an archived config one like any other; ``look`` makes sure that it is still the planned one."""
        return self._send(self._put, f"{_path(config_id)}/unarchive", {}, look)

    def _send(self, write: Post, path: str, body: Mapping[str, Any], look: Look | None) -> Payload:
        send = partial(write, path, body)
        return self._retries.write(send, lambda answer: understood(answer, config_of), look)


def _path(config_id: str) -> str:
    """The path of one config. httpx folds ``.`` and ``..`` into another endpoint, so they are never sent."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", config_id) or config_id in (".", ".."):
        raise failures.id_not_sendable(config_id)
    return f"{CONFIGS}/{config_id}"


def _found(answer: Answer, config_id: str) -> Payload | None:
    if answer.status == _NOT_FOUND:
        return None
    config = understood(answer, config_of)
    if config["id"] != config_id:
        raise failures.unreadable(answer.call, "is about another config", answer.status)
    return config


def _client(target: Target, key: str | None, clock: Clock, handle: Handle | None) -> httpx.Client:
    import httpx

    from reconciler.console_api.deadline import Cutoff
    from reconciler.console_api.transport import HandleTransport, NetworkTransport

    try:
        url = httpx.URL(_EMBEDDED_URL if target.is_embedded else target.api)
    except httpx.InvalidURL:
        raise failures.unusable_url(target.api) from None
    if handle is not None:
        transport: httpx.BaseTransport = HandleTransport(handle)
    elif target.is_embedded or key is None:
        raise ValueError("the embedded emulator needs a handle, any other target a key")
    else:
        transport = NetworkTransport(url, key, Cutoff(clock))
    # Redirects are an answer; neither .netrc nor the environment's proxies are httpx's to read.
    return httpx.Client(
        base_url=url, headers=_headers(target), transport=transport, follow_redirects=False, trust_env=False
    )


def _headers(target: Target) -> dict[str, str]:
    headers = {
        "STATSIG-API-VERSION": API_VERSION,
        "User-Agent": f"statsig-reconciler/{__version__}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip",
    }
    if target.respect_review_settings:
        headers["x-respect-review-settings"] = "true"
    return headers
