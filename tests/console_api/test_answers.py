"""Answers that are not what the API documents: typed errors, and never a traceback."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console_api.conftest import CONFIGS, KEY, VirtualClock, answer, full, live
from reconciler.console_api import connect
from reconciler.console_api.answer import MOST_BYTES, UnreadableError, parse
from reconciler.console_api.exchange import encoded
from reconciler.emulator import Response
from reconciler.files.settings import Target
from reconciler.ports import ApiError, Fate

ODD_BODIES = {
    "empty": b"",
    "blank": b"  \n",
    "html": b"<html>bad gateway</html>",
    "null": b"null",
    "list": b"[]",
    "number": b"7",
    "no data": b'{"message":"ok"}',
    "null data": b'{"data":null}',
    "data is no config": b'{"data":{"name":"checkout"}}',
    "id is no text": b'{"data":{"id":7}}',
    "NaN": b'{"data":{"id":"checkout","x":NaN}}',
    "infinity": b'{"data":{"id":"checkout","x":-Infinity}}',
    "out of range": b'{"data":{"id":"checkout","x":1e400}}',
    "duplicate keys": b'{"data":{"id":"checkout","id":"checkout"}}',
    "duplicate keys, escaped": b'{"data":{"id":"checkout","\\u0069d":"checkout"}}',
    "latin-1": '{"data":{"id":"checkout","name":"café"}}'.encode("latin-1"),
    "deep": b'{"data":' + b"[" * 100_000,
    "a number of 9000 digits": b'{"data":{"id":"checkout","x":' + b"9" * 9000 + b"}}",
    "cut": b'{"data":{"id":"checkout","name":"che',
    "two documents": b'{"data":{"id":"checkout"}} {}',
    "byte order mark": '\ufeff{"data":{"id":"checkout"}}'.encode(),
}


def embedded(answer: Callable[[Any], Response], clock: VirtualClock | None = None) -> Any:
    return connect(Target(api="emulator"), None, clock or VirtualClock(), handle=answer)


@pytest.mark.parametrize("body", ODD_BODIES.values(), ids=ODD_BODIES)
def test_an_odd_200_is_read_again_by_get_and_unknown_for_a_write(body: bytes) -> None:
    asked: list[str] = []

    def odd(request: Any) -> Response:
        asked.append(request.method)
        return Response(200, {}, body)

    connection = embedded(odd)
    calls = (
        lambda: connection.reader.get("checkout"),
        connection.reader.list_configs,
        lambda: connection.writer.update("checkout", full()),
        lambda: connection.writer.create({"id": "checkout", "name": "checkout"}),
    )
    for call in calls:
        with pytest.raises(ApiError) as caught:
            call()
        assert (caught.value.code, caught.value.fate, caught.value.status) == ("answer-unreadable", Fate.UNKNOWN, 200)
        assert "\n" not in caught.value.message
    assert asked == ["GET"] * 10 + ["POST"] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"data": [live("a_config")]},
        {"data": [live("a_config")], "pagination": None},
        {"data": [live("a_config")], "pagination": {"totalItems": "1", "nextPage": None}},
        {"data": [live("a_config")], "pagination": {"totalItems": True, "nextPage": None}},
        {"data": [live("a_config")], "pagination": {"nextPage": 2}},
        {"data": {}, "pagination": {"nextPage": None}},
        {"data": [None], "pagination": {"nextPage": None}},
    ],
)
def test_a_page_of_another_shape_is_refused(body: Any) -> None:
    connection = embedded(lambda _request: Response(200, {}, json.dumps(body).encode()))
    with pytest.raises(ApiError) as caught:
        connection.reader.list_configs()
    assert caught.value.code == "answer-unreadable"


def test_an_answer_about_another_config_is_refused() -> None:
    connection = embedded(lambda _request: Response(200, {}, b'{"data":{"id":"other"}}'))
    with pytest.raises(ApiError, match="another config"):
        connection.reader.get("checkout")


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_json_or_a_typed_error(body: bytes) -> None:
    try:
        value = parse(body)
    except UnreadableError:
        return
    assert json.loads(body) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_what_is_sent_is_what_would_be_read(value: Any) -> None:
    assert parse(encoded({"data": value})) == {"data": value}


def test_half_a_surrogate_pair_of_a_live_value_can_be_sent_back() -> None:
    assert json.loads(encoded({"description": "\ud800"})) == {"description": "\ud800"}


REFUSALS: list[tuple[int, bytes, str, tuple[tuple[str, str], ...]]] = [
    (
        400,
        b'{"message":"Bad Request Exception","errors":[{"property":"rules.0.name","errorMessage":"Required"}]}',
        "400: rules.0.name: Required",
        (("rules.0.name", "Required"),),
    ),
    (400, b'{"status":400,"message":"Name is already in use"}', "400: Name is already in use", ()),
    (400, b'{"message":["a must be b","c must be d"]}', "400: a must be b; c must be d", ()),
    (400, b'{"message":"no","errors":"none"}', "400: no", ()),
    (400, b'{"message":"no","errors":[7,{"property":1,"errorMessage":null}]}', "400: no", (("", ""),)),
    (403, b'{"status":403,"message":"Forbidden resource"}', "403: Forbidden resource (this Console API key may", ()),
    (404, b'{"status":404,"message":"Dynamic config not found."}', "404: Dynamic config not found.", ()),
    (418, b"<html>", "418: I'm a Teapot", ()),
    (451, b"[" * 50_000, "451: Unavailable For Legal Reasons", ()),
    (499, b"\xff", "499: no reason given", ()),
]


@pytest.mark.parametrize(("status", "body", "says", "errors"), REFUSALS)
def test_a_refusal_tells_what_the_api_says(
    status: int, body: bytes, says: str, errors: tuple[tuple[str, str], ...]
) -> None:
    asked: list[str] = []

    def refuse(request: Any) -> Response:
        asked.append(request.target)
        return Response(status, {}, body)

    with pytest.raises(ApiError) as caught:
        embedded(refuse).writer.update("checkout", full())
    error = caught.value
    assert error.message.startswith(f"POST {CONFIGS}/checkout: {says}")
    assert (error.fate, error.status, error.errors, error.code) == (Fate.REFUSED, status, errors, "api-refused")
    assert len(asked) == 1


def test_a_404_is_the_absence_of_a_config_and_asked_for_once() -> None:
    asked: list[str] = []

    def absent(request: Any) -> Response:
        asked.append(request.target)
        return Response(404, {}, b'{"status":404,"message":"Dynamic config not found."}')

    assert embedded(absent).reader.get("checkout") is None
    assert asked == [f"{CONFIGS}/checkout"]


@pytest.mark.parametrize(
    "echo",
    [
        f"Key: {KEY}",
        f"Key: {KEY.upper()}",
        "Key: " + "".join(f"\\u{ord(char):04x}" for char in KEY),
        "Key: " + json.dumps("".join(f"\\u{ord(char):04x}" for char in KEY))[1:-1],
        "Key: " + KEY[:15] + "…",
        "Key: " + KEY.removeprefix("console-"),
    ],
)
def test_a_refusal_that_echoes_the_key_does_not_show_it(
    scripted: Callable[..., Any], to: Callable[..., Any], echo: str
) -> None:
    body = f'{{"status":401,"message":"{echo}","errors":[{{"property":"{echo}","errorMessage":"{echo}"}}]}}'
    server = scripted(answer(body.encode(), "401 Unauthorized"))
    with pytest.raises(ApiError) as caught:
        to(server.url).writer.update("checkout", full())
    told = repr(caught.value) + repr(vars(caught.value)) + repr(caught.value.__cause__) + repr(caught.value.__context__)
    assert "s3cret" not in told.lower()
    assert "the Console API key was not accepted" in told
    assert KEY.encode() in server.requests[0]


def test_gzip_is_understood(scripted: Callable[..., Any], to: Callable[..., Any]) -> None:
    body = gzip.compress(json.dumps({"data": live("checkout")}).encode())
    server = scripted(answer(body, "200 OK", "Content-Encoding: gzip"))
    assert to(server.url).reader.get("checkout") == live("checkout")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b'{"data":{"id":"checkout"}}')[:-9], "gzip"),
        (b"no gzip at all", "gzip"),
        (b'{"data":{"id":"checkout"}}', "br"),
    ],
    ids=["cut", "no gzip", "brotli"],
)
def test_a_broken_or_unknown_encoding_is_unreadable(
    scripted: Callable[..., Any], to: Callable[..., Any], body: bytes, encoding: str
) -> None:
    server = scripted(answer(body, "200 OK", f"Content-Encoding: {encoding}"))
    with pytest.raises(ApiError) as caught:
        to(server.url).writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("answer-unreadable", Fate.UNKNOWN)


def test_a_body_beyond_the_limit_is_not_read_and_not_asked_for_again() -> None:
    asked: list[str] = []

    def large(request: Any) -> Response:
        asked.append(request.method)
        return Response(200, {}, b" " * (MOST_BYTES + 1))

    connection = embedded(large)
    with pytest.raises(ApiError, match="larger than 8192 KiB") as caught:
        connection.reader.get("checkout")
    assert caught.value.fate is Fate.REFUSED
    with pytest.raises(ApiError, match="larger than 8192 KiB") as caught:
        connection.writer.update("checkout", full())
    assert caught.value.fate is Fate.UNKNOWN
    assert asked == ["GET", "POST"]


def test_a_gzip_bomb_in_one_piece_takes_no_memory_beyond_the_limit() -> None:
    bomb = gzip.compress(bytes(16 * MOST_BYTES))
    tracemalloc.start()
    with pytest.raises(ApiError, match="larger than"):
        embedded(lambda _request: Response(200, {"Content-Encoding": "gzip"}, bomb)).reader.get("checkout")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * MOST_BYTES


def test_a_large_refusal_is_still_a_refusal() -> None:
    with pytest.raises(ApiError) as caught:
        embedded(lambda _request: Response(400, {}, b"\\" * (1 << 20))).writer.update("checkout", full())
    assert caught.value.message.endswith("400: Bad Request")
