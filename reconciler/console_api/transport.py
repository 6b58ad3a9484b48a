"""The two ways a request travels: over the network, or straight into a ``handle`` function in this process.

The key is added here, at the last moment, and only on the way to the network: the requests that httpx keeps, shows
in its errors and logs never hold it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

from reconciler.console_api import failures
from reconciler.console_api.deadline import Cutoff, DeadlineBackend
from reconciler.files.settings import is_loopback

if TYPE_CHECKING:
    import ssl

DEADLINE = "deadline"
"""The request extension that holds the moment (``time.monotonic``) by which a request must be over."""

CONNECT_SECONDS = 4.0
"""For TCP and TLS together; not longer than what a stop request leaves to a run."""

MOST_IN_FLIGHT = 8

_TLS_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")  # what httpx and Python's ssl read

_IDLE_SECONDS = 5.0  # a connection that idles longer may be dead at its far end, and a write on it lost

_FAILURES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.NetworkError, httpx.ReadError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
)


@dataclass(frozen=True, slots=True)
class HandleRequest:
    """What a ``handle`` function gets. ``target`` is the path with its query; header names are in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        return self.headers.get(name.lower())


class HandleResponse(Protocol):
    """What a ``handle`` function gives."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...


Handle = Callable[[Any], HandleResponse]


class HandleTransport(httpx.BaseTransport):
    """Calls a function where others open a socket."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        target = request.url.raw_path.decode("ascii")
        response = self._handle(HandleRequest(request.method, target, dict(request.headers), request.read()))
        return httpx.Response(response.status, headers=dict(response.headers), stream=_Bytes(response.body))


class NetworkTransport(httpx.BaseTransport):
    """httpcore's connection pool with the key, the deadlines, and the proxies of the environment."""

    def __init__(self, url: httpx.URL, key: str, cutoff: Cutoff) -> None:
        self._key = key.encode("ascii")
        proxy = _proxy(url)
        self._via = f"through the proxy {proxy.url.host}: " if proxy else ""
        self._pool = _pool(url, proxy, DeadlineBackend(cutoff))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        deadline: float = request.extensions[DEADLINE]
        now = time.monotonic()
        url = request.url
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[*request.headers.raw, (b"STATSIG-API-KEY", self._key)],
            content=request.read(),
            extensions={
                "timeout": {
                    "connect": min(deadline, now + CONNECT_SECONDS),
                    "read": deadline,
                    "write": deadline,
                    "pool": deadline - now,  # the one that the pool itself counts down
                }
            },
        )
        with _as_httpx(self._via):
            response = self._pool.handle_request(sent)
        return httpx.Response(response.status, headers=response.headers, stream=_Stream(response))

    def close(self) -> None:
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._response.iter_stream()

    def close(self) -> None:
        self._response.close()


class _Bytes(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self._body


@contextmanager
def _as_httpx(via: str = "") -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _FAILURES:
            if isinstance(error, theirs):
                raise ours(f"{via}{error}") from error
        raise


def _pool(url: httpx.URL, proxy: httpx.Proxy | None, network: DeadlineBackend) -> httpcore.ConnectionPool:
    options: dict[str, Any] = {
        "ssl_context": _ssl_context() if url.scheme == "https" else None,
        "max_connections": MOST_IN_FLIGHT,
        "keepalive_expiry": _IDLE_SECONDS,
        "network_backend": network,
    }
    if proxy is None:
        return httpcore.ConnectionPool(**options)
    return httpcore.HTTPProxy(proxy_url=str(proxy.url), proxy_auth=proxy.raw_auth, **options)


def _ssl_context() -> ssl.SSLContext:
    """As httpx makes it: with the certificates that the environment names, or else its own."""
    named = {name: os.environ[name] for name in _TLS_VARIABLES if os.environ.get(name)}
    file, folder = named.get("SSL_CERT_FILE"), named.get("SSL_CERT_DIR")
    if file and not Path(file).is_file():  # a pipe would be waited for
        raise failures.unusable_tls({"SSL_CERT_FILE": file}, "there is no such file")
    if folder and not file and not any(Path(one).is_dir() for one in folder.split(os.pathsep)):
        raise failures.unusable_tls({"SSL_CERT_DIR": folder}, "there is no such folder")  # httpx would not mind
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # what OpenSSL refuses is one too
        raise failures.unusable_tls(named, error.strerror or str(error)) from None


def _proxy(url: httpx.URL) -> httpx.Proxy | None:
    """The proxy that the environment names for a URL; loopback is always reached directly."""
    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    if not named or is_loopback(url.host) or proxy_bypass(url.host):
        return None
    try:
        proxy = httpx.Proxy(named if "://" in named else f"http://{named}")
    except (ValueError, httpx.InvalidURL):
        raise failures.unusable_proxy("it is not an http or https URL") from None
    if proxy.url.scheme not in ("http", "https"):
        raise failures.unusable_proxy(f"{proxy.url.scheme} is not spoken here, only http and https")
    return proxy
