"""Answers, read with suspicion: bounded in size, strict JSON, and of the shape that the Console API documents."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from reconciler.console_api.failures import one_line
from reconciler.ports import Payload

MOST_BYTES = 8 * 1024 * 1024
"""No answer is read beyond this, decoded."""

MOST_BYTES_OF_REFUSAL = 64 * 1024


class UnreadableError(Exception):
    """An answer's body is not what the API documents; the text completes "the answer …"."""


class TooLargeError(UnreadableError):
    """The body goes on beyond what is read of any answer."""


class _Response(Protocol):
    @property
    def headers(self) -> Mapping[str, str]: ...

    def iter_raw(self) -> Iterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``call`` is the request as people know it; only the body of a 2xx can still hold the key."""

    call: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def read_body(response: _Response, most: int = MOST_BYTES) -> bytes:
    """The decoded body. A gzip bomb is never unpacked beyond ``most`` bytes."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        unpack = None
    elif encoding == "gzip":
        unpack = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    else:
        raise UnreadableError(f'is encoded as "{encoding}", which was not asked for')
    body = bytearray()
    for chunk in response.iter_raw():
        try:
            body += unpack.decompress(chunk, most + 1 - len(body)) if unpack else chunk
        except zlib.error as error:
            raise UnreadableError(f"is not valid gzip: {error}") from None
        if len(body) > most:
            raise TooLargeError(f"is larger than {most // 1024} KiB")
    if unpack and body and not unpack.eof:
        raise UnreadableError("ends in the middle of its gzip data")
    return bytes(body)


def parse(body: bytes) -> Any:
    """Strict JSON (RFC 8259) in UTF-8: no duplicate keys, no NaN, no number that only infinity could stand for."""
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise UnreadableError("is not UTF-8") from None
    except RecursionError:
        raise UnreadableError("is nested too deeply") from None
    except ValueError as error:
        raise UnreadableError(f"is not JSON: {error}" if body.strip() else "is empty") from None


def config_of(document: Any) -> Payload:
    """The config in ``{"message": …, "data": {"id": …, …}}``."""
    return _config(_data(document))


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. ``total`` is the API's ``totalItems``, which it may leave out."""

    configs: tuple[Payload, ...]
    total: int | None
    more: bool


def page_of(document: Any) -> Page:
    """The page in ``{"data": […], "pagination": {…}}``. ``nextPage`` is read as yes or no, and never followed."""
    data = _data(document)
    if not isinstance(data, list):
        raise UnreadableError('has no list in its "data"')
    pagination = document.get("pagination")
    if not isinstance(pagination, dict):
        raise UnreadableError('has no "pagination", so nobody can tell whether it is complete')
    total, following = pagination.get("totalItems"), pagination.get("nextPage")
    if not (total is None or type(total) is int):
        raise UnreadableError('has a "totalItems" that is not a whole number')
    if not (following is None or isinstance(following, str)):
        raise UnreadableError('has a "nextPage" that is not a text')
    return Page(tuple(_config(item) for item in data), total, more=bool(following))


def refusal(body: bytes) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What an error answer says: its message, and its ``errors`` as (property, message), if it has any.

    Lenient, since the status alone decides, and other machines than the API answer errors too.
    """
    try:
        document = parse(body)
    except UnreadableError:
        return "", ()
    if not isinstance(document, dict):
        return "", ()
    message, errors = document.get("message"), document.get("errors")
    found = [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
    return _text(message), tuple((_text(item.get("property")), _text(item.get("errorMessage"))) for item in found)


def _data(document: Any) -> Any:
    if not isinstance(document, dict):
        raise UnreadableError("is not a JSON object")
    if "data" not in document:
        raise UnreadableError('has no "data"')
    return document["data"]


def _config(item: Any) -> Payload:
    if not (isinstance(item, dict) and isinstance(item.get("id"), str)):
        raise UnreadableError('holds something that is not a config with an "id"')
    return item


def _text(value: Any) -> str:
    """A text in one line; the API's framework also sends several messages as a list."""
    texts = value if isinstance(value, list) else [value]
    return one_line("; ".join(text for text in texts if isinstance(text, str)))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is out of range")
    return number
