"""The network and the API misbehave, at a real socket: what was written, what is said, what is sent again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from console_api.conftest import CONFIGS, KEY, Served, VirtualClock, answer, full, read_request
from reconciler.console_api import Connection, RealClock, deadline
from reconciler.emulator import Options
from reconciler.ports import ApiError, Fate

STATUS_503 = {"kind": "status", "status": 503}
LOST = {
    "reset before": ({"kind": "reset_before"}, "connection-lost", 0),
    "reset after": ({"kind": "reset_after"}, "connection-lost", 1),
    "cut body": ({"kind": "cut_body"}, "connection-lost", 1),
    "500": ({"kind": "status", "status": 500}, "server-error", 0),
    "503, carried out": ({"kind": "status", "status": 503, "commit": True}, "server-error", 1),
    "408": ({"kind": "status", "status": 408}, "server-error", 0),
    "html": ({"kind": "html", "commit": True}, "answer-unreadable", 1),
    "empty": ({"kind": "empty", "commit": True}, "answer-unreadable", 1),
    "gzip bomb": ({"kind": "gzip_bomb", "size": 1 << 28, "commit": True}, "answer-too-large", 1),
}


def calls(api: Served | Connection) -> dict[str, Callable[[], Any]]:
    return {
        "list": api.reader.list_configs,
        "get": lambda: api.reader.get("config_0"),
        "create": lambda: api.writer.create({"id": "checkout", "name": "checkout"}),
        "update": lambda: api.writer.update("config_0", full()),
    }


@pytest.mark.parametrize(("fault", "code", "committed"), LOST.values(), ids=LOST)
@pytest.mark.parametrize("verb", ["create", "update"])
def test_a_write_whose_answer_is_lost_is_unknown_and_sent_once(
    served: Callable[..., Served], verb: str, fault: dict[str, Any], code: str, committed: int
) -> None:
    api = served([{"method": "POST", "count": 1, "fault": fault}], configs=1)
    with pytest.raises(ApiError) as caught:
        calls(api)[verb]()
    assert (caught.value.code, caught.value.fate) == (code, Fate.UNKNOWN)
    assert len(api.written()) == committed
    assert api.clock.passed == 0


@pytest.mark.parametrize(
    "fault", [fault for fault, code, _ in LOST.values() if code != "answer-too-large"], ids=lambda fault: fault["kind"]
)
@pytest.mark.parametrize("verb", ["list", "get"])
def test_a_read_gets_over_four_faults_and_not_over_five(
    served: Callable[..., Served], verb: str, fault: dict[str, Any]
) -> None:
    api = served([{"method": "GET", "count": 4, "fault": fault}], configs=1)
    assert calls(api)[verb]()
    api = served([{"method": "GET", "count": 5, "fault": fault}], configs=1)
    with pytest.raises(ApiError):
        calls(api)[verb]()
    assert calls(api)[verb]()


@pytest.mark.parametrize("verb", ["list", "get"])
def test_a_gzip_bomb_is_not_unpacked_and_not_asked_for_again(served: Callable[..., Served], verb: str) -> None:
    api = served([{"method": "GET", "always": True, "fault": {"kind": "gzip_bomb", "size": 1 << 30}}], configs=1)
    with pytest.raises(ApiError) as caught:
        calls(api)[verb]()
    assert (caught.value.code, caught.value.fate) == ("answer-too-large", Fate.REFUSED)


def test_answers_that_were_not_read_to_their_end_give_their_connections_back(served: Callable[..., Served]) -> None:
    bomb = {"kind": "gzip_bomb", "size": 1 << 25}
    api = served([{"method": "GET", "count": 20, "fault": bomb}], configs=1)
    failures = []
    for _ in range(20):
        with pytest.raises(ApiError) as caught:
            api.reader.get("config_0")
        failures.append(caught)  # an error that is kept keeps alive what its traceback holds
    assert {caught.value.code for caught in failures} == {"answer-too-large"}
    assert api.reader.get("config_0") is not None


@pytest.mark.parametrize("where", ["body", "headers"])
@pytest.mark.parametrize(("verb", "fate"), [("get", Fate.UNKNOWN), ("update", Fate.UNKNOWN), ("list", Fate.UNKNOWN)])
def test_a_trickle_does_not_outlast_the_deadline(
    served: Callable[..., Served], verb: str, fate: Fate, where: str
) -> None:
    # Left alone, the answer would be complete after some seconds, and no error at all.
    trickle = {"kind": "trickle", "where": where, "bytes": 2, "interval": 0.02}
    api = served([{"always": True, "fault": trickle}], configs=1, request_seconds=0.2)
    with pytest.raises(ApiError) as caught:
        calls(api)[verb]()
    assert (caught.value.code, caught.value.fate) == ("timed-out", fate)


def test_a_trickled_refusal_is_a_refusal_once_its_status_is_known(served: Callable[..., Served]) -> None:
    trickle = {"kind": "trickle", "bytes": 1, "interval": 0.05}
    api = served([{"always": True, "fault": trickle}], request_seconds=0.3)
    with pytest.raises(ApiError) as caught:
        api.writer.update("config_0", full())
    assert (caught.value.status, caught.value.fate) == (404, Fate.REFUSED)


def test_a_server_that_reads_nothing_does_not_outlast_the_deadline(to: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        connection = to(f"http://127.0.0.1:{deaf.getsockname()[1]}", request_seconds=0.3)
        with pytest.raises(ApiError) as caught:
            connection.writer.update("checkout", full(description="x" * 30_000_000))
    assert (caught.value.code, caught.value.fate) == ("timed-out", Fate.UNKNOWN)


def test_endless_headers_end_with_an_error(scripted: Callable[..., Any], to: Callable[..., Any]) -> None:
    server = scripted(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: y\r\n" * 50_000)
    with pytest.raises(ApiError) as caught:
        to(server.url).writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("connection-lost", Fate.UNKNOWN)


def test_an_answer_of_no_stated_length_that_was_cut_is_not_taken_for_whole(
    scripted: Callable[..., Any], to: Callable[..., Any]
) -> None:
    server = scripted(b'HTTP/1.1 200 OK\r\n\r\n{"data":{"id":"checkout","name":"che')
    with pytest.raises(ApiError) as caught:
        to(server.url).writer.update("checkout", full())
    assert (caught.value.code, caught.value.fate) == ("answer-unreadable", Fate.UNKNOWN)


def test_nonsense_that_echoes_the_key_does_not_show_it(scripted: Callable[..., Any], to: Callable[..., Any]) -> None:
    server = scripted(f"{KEY} {KEY}\r\n\r\n".encode())
    with pytest.raises(ApiError) as caught:
        to(server.url).writer.update("checkout", full())
    assert "s3cret" not in repr(caught.value)
    assert caught.value.code == "connection-lost"


@pytest.mark.parametrize("verb", ["list", "get", "create", "update"])
def test_a_refused_connection_is_tried_again_and_certainly_not_sent(to: Callable[..., Any], verb: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    clock = VirtualClock()
    with pytest.raises(ApiError) as caught:
        calls(to(url, clock=clock))[verb]()
    assert (caught.value.code, caught.value.fate) == ("connection-failed", Fate.NOT_SENT)
    assert clock.passed > 0


def test_a_write_that_never_left_is_sent_once_the_server_is_back(served: Callable[..., Served], to: Any) -> None:
    api = served(configs=1)
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound, but not listening: refused
        waits: list[str] = []

        def come_back(_left: float, why: str) -> None:
            waits.append(why)
            if len(waits) == 1:
                reserved.listen()
                threading.Thread(target=_forward, args=(reserved, api.url)).start()

        connection = to(f"http://127.0.0.1:{reserved.getsockname()[1]}", on_wait=come_back)
        connection.writer.update("config_0", full())
    assert api.written() == [("POST", f"{CONFIGS}/config_0")]
    assert waits[0] == "another try (connection-failed)"


def _forward(listener: socket.socket, url: str) -> None:
    """Carry one request and its answer between the two ends."""
    peer, _ = listener.accept()
    port = int(url.rsplit(":", 1)[1])
    with peer, socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(read_request(peer))
        peer.sendall(server.recv(65536))


def test_all_retries_of_a_run_share_one_budget(served: Callable[..., Served]) -> None:
    api = served([{"method": "GET", "always": True, "fault": STATUS_503}])
    for _ in range(100):
        with pytest.raises(ApiError):
            api.reader.get("checkout")
    assert 150 <= api.seen("GET") <= 151 + 0.1 * api.seen("GET")


def test_at_the_servers_own_windows_no_write_is_ever_one_too_many(served: Callable[..., Served]) -> None:
    windows = ((15, 0.5), (40, 1.5))
    options = Options(rate_limits=windows)
    api = served(configs=60, options=options, clock=RealClock(), windows=windows)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: api.writer.update(f"config_{number}", full()), range(60)))
    assert len(api.written()) == 60
    assert api.seen("POST") == 60, "each one more was refused with a 429"


def test_a_stop_gives_a_request_in_flight_a_moment_and_calls_it_unknown(
    served: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "GRACE", 0.1)
    clock = RealClock()
    # Without the cut, the answer would come, and the write would succeed.
    api = served([{"method": "POST", "always": True, "fault": {"kind": "delay", "seconds": 3}}], configs=1, clock=clock)
    timer = threading.Timer(0.2, clock.stop)
    timer.start()
    with pytest.raises(ApiError) as caught:
        api.writer.update("config_0", full())
    timer.join()
    assert (caught.value.code, caught.value.fate) == ("timed-out", Fate.UNKNOWN)
    with pytest.raises(ApiError) as caught:
        api.writer.update("config_0", full())
    assert (caught.value.code, caught.value.fate) == ("interrupted", Fate.NOT_SENT)


@pytest.mark.timeout(20)
def test_a_stop_ends_a_write_that_the_server_does_not_take_in(to: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "GRACE", 0.1)
    clock = RealClock()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        connection = to(f"http://127.0.0.1:{deaf.getsockname()[1]}", request_seconds=60, clock=clock)
        timer = threading.Timer(1.0, clock.stop)  # when every buffer on the way is full
        timer.start()
        with pytest.raises(ApiError) as caught:
            connection.writer.update("checkout", full(description="x" * 30_000_000))
        timer.join()
    assert (caught.value.code, caught.value.fate) == ("timed-out", Fate.UNKNOWN)


def test_a_stop_lets_what_is_in_flight_finish(served: Callable[..., Served]) -> None:
    clock = RealClock()
    api = served(
        [{"method": "POST", "always": True, "fault": {"kind": "delay", "seconds": 0.5}}], configs=1, clock=clock
    )
    timer = threading.Timer(0.1, clock.stop)
    timer.start()
    assert api.writer.update("config_0", full())["description"] == "changed"
    timer.join()
    assert api.reader.get("config_0") is not None


def test_no_retry_after_a_stop(served: Callable[..., Served]) -> None:
    clock = VirtualClock()
    api = served([{"method": "GET", "always": True, "fault": STATUS_503}], clock=clock)
    clock.stopping = True
    with pytest.raises(ApiError) as caught:
        api.reader.get("config_0")
    assert caught.value.code == "server-error"
    assert api.seen("GET") == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("verb", ["list", "get", "create", "update"])
def test_a_redirect_is_refused_and_never_followed(
    served: Callable[..., Served], scripted: Callable[..., Any], verb: str, status: int
) -> None:
    elsewhere = scripted(answer(b"{}"))
    fault = {"kind": "redirect", "location": elsewhere.url + CONFIGS, "status": status}
    api = served([{"always": True, "fault": fault}], configs=1)
    with pytest.raises(ApiError) as caught:
        calls(api)[verb]()
    assert (caught.value.code, caught.value.fate, caught.value.status) == ("redirected", Fate.REFUSED, status)
    assert elsewhere.connections == 0
    assert api.seen("GET") + api.seen("POST") == 1


def test_a_next_page_elsewhere_is_not_followed(scripted: Callable[..., Any], to: Callable[..., Any]) -> None:
    elsewhere = scripted(answer(b"{}"))
    first = f'{{"data":[{{"id":"aaa"}}],"pagination":{{"nextPage":"{elsewhere.url}/x"}}}}'
    second = '{"data":[{"id":"bbb"}],"pagination":{"nextPage":null}}'
    server = scripted(answer(first.encode()), answer(second.encode()))
    assert [config["id"] for config in to(server.url).reader.list_configs()] == ["aaa", "bbb"]
    assert elsewhere.connections == 0
    assert server.requests[1].startswith(f"GET {CONFIGS}?limit=100&page=2 ".encode())


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_reached_without_the_environments_proxy(
    served: Callable[..., Served], scripted: Callable[..., Any], to: Any, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    proxy = scripted(answer(b"{}"))
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    url = served(configs=1).url.replace("127.0.0.1", host)
    assert to(url).reader.get("config_0")["id"] == "config_0"
    assert proxy.connections == 0


def test_other_hosts_are_reached_through_a_tunnel_that_does_not_see_the_key(
    scripted: Callable[..., Any], to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = scripted(*[answer(b"", "407 Proxy Authentication Required")] * 5)
    monkeypatch.setenv("https_proxy", proxy.url.replace("//", "//user:pass@"))
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ApiError) as caught:
        to("https://statsigapi.example").writer.update("checkout", full())
    assert proxy.requests[0].startswith(b"CONNECT statsigapi.example:443 HTTP/1.1\r\n")
    assert b"Basic dXNlcjpwYXNz" in proxy.requests[0]
    assert KEY.encode() not in b"".join(proxy.requests)
    assert caught.value.fate is Fate.NOT_SENT
    assert "through the proxy 127.0.0.1" in caught.value.message
    assert "pass" not in caught.value.message


def test_no_proxy_names_hosts_that_are_reached_directly(
    scripted: Callable[..., Any], to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = scripted(answer(b"", "407 No"))
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "a..b")
    with pytest.raises(ApiError):
        to("https://a..b").reader.get("checkout")
    assert proxy.connections == 0


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://127.0.0.1:1", "http://[::1"])
def test_a_proxy_that_is_not_understood_is_one_plain_error(
    to: Any, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("https_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")
    with pytest.raises(ApiError) as caught:
        to("https://statsigapi.example")
    assert (caught.value.code, caught.value.fate) == ("proxy-unusable", Fate.NOT_SENT)
