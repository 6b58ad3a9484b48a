"""Sockets that keep one deadline for a whole request, however slowly its bytes arrive.

httpx's time-outs are for each read, so a server that sends a byte now and then outlasts them for ever. httpcore hands
the time-outs of a request unchanged to the network below. That makes room for this: what is passed as a time-out is
the *moment* (``time.monotonic``) by which the request must be over, and every read and write gets what is left of it.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

import httpcore

from reconciler.ports import Clock

GRACE = 4.0
"""Seconds that requests in flight get once the run was asked to stop."""

_SLICE = 0.2  # how soon a stop request is noticed
_CHUNK = 8 * 1024


class Cutoff:
    """What is left of a request's time; a stop request cuts it to ``GRACE``, for all requests of the run together.

    In real time, whatever clock the run has: sockets know no other.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moment: float | None = None

    def left(self, moment: float | None) -> float:
        """Seconds until ``moment``, or until the run has to be over if that is sooner."""
        assert moment is not None, "every request has a deadline"
        if self._moment is None and self._clock.stopping:
            self._moment = time.monotonic() + GRACE
        ends = moment if self._moment is None else min(moment, self._moment)
        return ends - time.monotonic()


class DeadlineBackend(httpcore.NetworkBackend):
    """httpcore's own network, in which each ``timeout`` is a moment."""

    def __init__(self, cutoff: Cutoff) -> None:
        self._network = httpcore.SyncBackend()
        self._cutoff = cutoff

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers; all of a name's addresses share the time."""
        failure: Exception = httpcore.ConnectTimeout("timed out")
        for address in _addresses(host, port):
            left = self._cutoff.left(timeout)
            if left <= 0:
                break
            try:
                stream = self._network.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream, self._cutoff)
        raise failure


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, cutoff: Cutoff) -> None:
        self._stream = stream
        self._cutoff = cutoff

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while (left := self._cutoff.left(timeout)) > 0:
            try:
                return self._stream.read(max_bytes, min(left, _SLICE))
            except httpcore.ReadTimeout:
                continue
        raise httpcore.ReadTimeout("timed out")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # httpcore's write restarts its time-out with every byte that goes; small pieces into a socket that has room
        # leave it nothing to wait for.
        for start in range(0, len(buffer), _CHUNK):
            self._stream.write(buffer[start : start + _CHUNK], self._wait_for_room(timeout))

    def _wait_for_room(self, timeout: float | None) -> float:
        while (left := self._cutoff.left(timeout)) > 0:
            if select.select([], [self._stream.get_extra_info("socket")], [], min(left, _SLICE))[1]:
                return left
        raise httpcore.WriteTimeout("timed out")

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._cutoff.left(timeout)
        if left <= 0:
            raise httpcore.ConnectTimeout("timed out")
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._cutoff)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
