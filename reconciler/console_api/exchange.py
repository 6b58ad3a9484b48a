"""One request, one answer: what was heard, or an ``ApiError`` that says what is known of the request's fate."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import httpx

from reconciler.console_api import failures
from reconciler.console_api.answer import (
    MOST_BYTES,
    MOST_BYTES_OF_REFUSAL,
    Answer,
    TooLargeError,
    UnreadableError,
    read_body,
)
from reconciler.console_api.transport import DEADLINE
from reconciler.ports import Fate
from reconciler.redactor import Redactor, without_keys

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Exchange:
    """Sends a request once. ``seconds`` is all the time it has, from connecting to the last byte of the answer."""

    def __init__(self, client: httpx.Client, redactor: Redactor, seconds: float) -> None:
        self._client = client
        self._redactor = redactor
        self._seconds = seconds

    def send(self, method: str, path: str, query: str = "", content: bytes | None = None) -> Answer:
        """The answer, whatever its status. Raises ``ApiError`` where there is none, or a 2xx one is cut off."""
        call = f"{method} {path}"
        try:
            response = self._client.send(self._request(method, path + query, content), stream=True)
        except _NEVER_SENT as error:
            reason = self._redacted(str(error)) or "timed out"
            raise failures.not_connected(call, self._client.base_url.host, reason) from None
        except httpx.TransportError as error:
            raise self._lost(call, error) from None
        try:
            return self._answer(call, response)
        finally:
            response.close()

    def _request(self, method: str, target: str, content: bytes | None) -> httpx.Request:
        return self._client.build_request(
            method,
            target,
            content=content,
            headers={"Content-Type": "application/json"} if content is not None else None,
            extensions={DEADLINE: time.monotonic() + self._seconds},
        )

    def _answer(self, call: str, response: httpx.Response) -> Answer:
        status = response.status_code
        if response.is_success:
            try:
                return Answer(call, status, response.headers, read_body(response))
            except TooLargeError:
                # Asking again would bring as much again; a write is to be read again, by itself.
                fate = Fate.REFUSED if response.request.method == "GET" else Fate.UNKNOWN
                raise failures.too_large(call, MOST_BYTES, fate) from None
            except UnreadableError as error:
                raise failures.unreadable(call, self._redacted(str(error)), status) from None
            except httpx.TransportError as error:
                raise self._lost(call, error) from None
        # The status has said it already; the rest of such an answer may be missing.
        try:
            body = read_body(response, MOST_BYTES_OF_REFUSAL)
        except (UnreadableError, httpx.TransportError):
            body = b""
        redacted = self._redacted(body.decode("utf-8", errors="replace")).encode("utf-8")
        return Answer(call, status, response.headers, redacted)

    def _lost(self, call: str, error: httpx.TransportError) -> Exception:
        if isinstance(error, httpx.TimeoutException):
            return failures.timed_out(call, self._seconds)
        return failures.broken_off(call, self._redacted(str(error)))

    def _redacted(self, text: str) -> str:
        """A foreign text without our key, and without any other that a server or proxy may speak of."""
        return without_keys(self._redactor(text))


def encoded(body: Mapping[str, Any]) -> bytes:
    """A request body as compact JSON in UTF-8; NaN in it is a bug of ours."""
    text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a surrogate pair, which JavaScript allows in a text: send it as an escape
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
