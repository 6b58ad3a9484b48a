"""What goes over the wire: paths, headers, bodies; and what never does."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from console_api.conftest import CONFIGS, KEY, Served, VirtualClock, answer, full, live
from reconciler import __version__
from reconciler.console_api import connect
from reconciler.emulator import Emulator, Options
from reconciler.files.settings import Target
from reconciler.ports import ApiError, Fate, Reader, Writer


def headers_of(request: bytes) -> dict[str, str]:
    head = request.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}


OK = answer(b'{"data":{"id":"checkout"}}')


def test_a_write_is_one_request_with_the_headers_of_the_contract(
    scripted: Callable[..., Any], to: Callable[..., Any]
) -> None:
    server = scripted(OK)
    assert to(server.url).writer.update("checkout", full(description="café")) == {"id": "checkout"}
    (request,) = server.requests
    assert request.startswith(f"POST {CONFIGS}/checkout HTTP/1.1\r\n".encode())
    assert request.endswith('{"isEnabled":true,"description":"café","rules":[],"defaultValue":{}}'.encode())
    headers = headers_of(request)
    assert headers["statsig-api-key"] == KEY
    assert headers["statsig-api-version"] == "20240601"
    assert headers["user-agent"] == f"statsig-reconciler/{__version__}"
    assert headers["content-type"] == "application/json"
    assert "x-respect-review-settings" not in headers
    assert "cookie" not in headers


def test_review_settings_are_respected_where_the_target_says_so(
    scripted: Callable[..., Any], to: Callable[..., Any]
) -> None:
    server = scripted(OK)
    to(server.url, respect_review_settings=True).writer.update("checkout", full())
    assert headers_of(server.requests[0])["x-respect-review-settings"] == "true"


def test_a_create_goes_to_the_collection(served: Callable[..., Served]) -> None:
    api = served()
    assert api.writer.create({"id": "checkout", "name": "checkout"})["id"] == "checkout"
    assert api.written() == [("POST", CONFIGS)]
    found = api.reader.get("checkout")
    assert found is not None
    assert found["name"] == "checkout"


def test_the_embedded_emulator_is_used_without_a_socket_and_without_a_key() -> None:
    seen: list[Any] = []
    emulator = Emulator(":memory:", require_key=False)

    def handle(request: Any) -> Any:
        seen.append(request)
        return emulator.handle(request)

    with connect(Target(api="emulator"), None, VirtualClock(), handle=handle) as connection:
        connection.writer.create({"id": "checkout", "name": "checkout"})
        assert [config["id"] for config in connection.reader.list_configs()] == ["checkout"]
        assert connection.reader.get("nothing") is None
    assert all(request.header("STATSIG-API-KEY") is None for request in seen)
    assert all(request.header("STATSIG-API-VERSION") == "20240601" for request in seen)
    emulator.close()


def test_the_emulators_own_handle_can_be_passed_as_it_is() -> None:
    emulator = Emulator(":memory:", require_key=False)
    with connect(Target(api="emulator"), None, VirtualClock(), handle=emulator.handle) as connection:
        connection.writer.create({"id": "checkout", "name": "checkout"})
        assert connection.reader.get("checkout") is not None
    emulator.close()


def test_a_reader_has_no_way_to_write(served: Callable[..., Served]) -> None:
    api = served()
    reader: Reader = api.reader
    writer: Writer = api.writer
    assert [name for name in dir(reader) if not name.startswith("_")] == ["get", "list_configs"]
    assert [name for name in dir(writer) if not name.startswith("_")] == ["create", "unarchive", "update"]


@pytest.mark.parametrize(
    "config_id", [".", "..", "../keys", "a?x=1", "a#b", "a/b", "a%2fb", "", " ", "a b", "é", "a\n", "a\r\nX: y", "a\0"]
)
def test_an_id_that_could_mean_another_endpoint_is_never_sent(
    scripted: Callable[..., Any], to: Callable[..., Any], config_id: str
) -> None:
    server = scripted(OK)
    connection = to(server.url)
    calls: list[Callable[[], object]] = [
        lambda: connection.reader.get(config_id),
        lambda: connection.writer.update(config_id, full()),
        lambda: connection.writer.unarchive(config_id),
    ]
    for call in calls:
        with pytest.raises(ApiError) as caught:
            call()
        assert (caught.value.code, caught.value.fate) == ("id-not-sendable", Fate.NOT_SENT)
    assert server.requests == []


@pytest.mark.parametrize("config_id", ["...", "a.b", "a-b_C.9", "..a", "console-banner"])
def test_every_id_that_the_api_allows_is_sent_as_it_is(
    scripted: Callable[..., Any], to: Callable[..., Any], config_id: str
) -> None:
    server = scripted(answer(f'{{"data":{{"id":"{config_id}"}}}}'.encode()))
    assert to(server.url).reader.get(config_id) == {"id": config_id}
    assert server.requests[0].startswith(f"GET {CONFIGS}/{config_id} HTTP/1.1\r\n".encode())


def test_a_review_that_is_required_refuses_the_write(served: Callable[..., Served], to: Callable[..., Any]) -> None:
    api = served(configs=1, options=Options(review_required=True))
    with pytest.raises(ApiError) as caught:
        to(api.url, respect_review_settings=True).writer.update("config_0", full())
    assert (caught.value.status, caught.value.fate) == (403, Fate.REFUSED)
    assert api.written() == []


def test_no_log_holds_the_key(
    scripted: Callable[..., Any], to: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server = scripted(answer(f'{{"message":"Key: {KEY}"}}'.encode(), "401 Unauthorized", "X-Request-Id: 7"))
    connection = to(server.url)
    with pytest.raises(ApiError):
        connection.writer.update("checkout", full())
    assert KEY.encode() in server.requests[0]
    assert caplog.records, "httpx does log here; where it no longer does, this test proves nothing"
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(connection) + repr(vars(connection))


def test_a_host_that_no_url_can_have_is_one_plain_error() -> None:
    with pytest.raises(ApiError) as caught:
        connect(Target(api="https://☃.example"), KEY, VirtualClock())
    assert (caught.value.code, caught.value.fate) == ("url-unusable", Fate.NOT_SENT)


def test_a_host_that_no_name_server_can_be_asked_for_is_no_connection(to: Callable[..., Any]) -> None:
    with pytest.raises(ApiError) as caught:
        to("https://a..b").writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("connection-failed", Fate.NOT_SENT)


def test_importing_the_package_does_not_import_httpx() -> None:
    probe = "import sys, reconciler.console_api; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0


def test_an_idle_connection_that_the_server_closed_is_not_used_for_a_write(
    scripted: Callable[..., Any], to: Callable[..., Any]
) -> None:
    server = scripted(OK, OK)  # each answer is the last on its connection, unannounced
    connection = to(server.url)
    assert connection.reader.get("checkout") == {"id": "checkout"}
    server.closed.wait()
    assert connection.writer.update("checkout", full()) == {"id": "checkout"}
    assert len(server.requests) == 2


def test_a_connection_is_kept_for_the_next_request(scripted: Callable[..., Any], to: Callable[..., Any]) -> None:
    server = scripted(OK, OK, OK, keep_alive=True)
    connection = to(server.url)
    for _ in range(3):
        connection.reader.get("checkout")
    assert server.connections == 1
    connection.close()


def test_live_values_arrive_as_they_are(served: Callable[..., Served]) -> None:
    value = {"text": "\ud800 \u202e \x1b[31m é 𝄞", "numbers": [1, 1.0, -0.5, 10**20], "nothing": None}
    api = served()
    api.emulator.seed([live("odd_config", defaultValue=value)])
    found = api.reader.get("odd_config")
    assert found is not None
    assert found["defaultValue"] == value
