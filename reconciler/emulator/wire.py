"""What goes in and out of the emulator, with or without a socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.emulator import js_values as values
from reconciler.emulator.errors import Refusal


@dataclass(frozen=True, slots=True)
class Request:
    """``target`` is the path with its query, as on an HTTP request line; header names have any case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


def json_response(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        status, {"Content-Type": "application/json; charset=utf-8", **(headers or {})}, values.dump_bytes(body)
    )


def refusal_response(refusal: Refusal, *, with_errors: bool = True) -> Response:
    """``{"status", "message", "errors"?}``; clients disagree on whether ``errors`` is ever sent."""
    body: dict[str, Any] = {"status": refusal.status, "message": refusal.message}
    if refusal.problems and with_errors:
        body["errors"] = [{"property": p.property, "errorMessage": p.message} for p in refusal.problems]
    return json_response(refusal.status, body, dict(refusal.headers))
