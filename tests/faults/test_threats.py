"""Who could make the tool send its key elsewhere, or hang, or fill the memory: hazards at a real socket."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from harness import CONFIGS, KEY, Project

from faults.test_listing import Lists
from faults.world import LIST, UPDATE, World


class Elsewhere:
    """Another host, which nobody may ever talk to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.visitors: list[object] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                visitor, address = self._listener.accept()
            except OSError:
                return
            self.visitors.append(address)
            visitor.close()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    made = Elsewhere()
    yield made
    made.close()


def test_the_listener_hears_who_comes(elsewhere: Elsewhere) -> None:
    with socket.create_connection(("127.0.0.1", elsewhere.port)) as visitor:
        assert visitor.recv(1) == b""
    assert elsewhere.visitors


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("operation", [LIST, UPDATE], ids=["list", "update"])
def test_a_redirect_is_never_followed(elsewhere: Elsewhere, operation: dict[str, str], status: int) -> None:
    redirect = {"kind": "redirect", "status": status, "location": f"{elsewhere.url}{CONFIGS}"}
    with World(updates=1, creates=0) as world:
        world.fail({**operation, "always": True, "fault": redirect})
        done = world.apply()
        assert (done.code, world.live.audit(), elsewhere.visitors) == (1, [], [])
        assert "redirect" in done.stdout
        assert sum((method, path) == (operation["method"], CONFIGS) for method, path in world.requests) <= 1, "no retry"


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"])
def test_a_proxy_of_the_environment_is_not_used_for_loopback(elsewhere: Elsewhere, variable: str) -> None:
    with World() as world:
        assert world.call("apply", "--yes", env={variable: elsewhere.url}).code == 0
        assert elsewhere.visitors == []


def test_a_next_page_on_another_host_is_read_as_yes_and_asked_for_here(elsewhere: Elsewhere) -> None:
    def two_pages(configs: list[dict[str, Any]], number: int) -> dict[str, Any]:
        following = f"{elsewhere.url}{CONFIGS}?page=2" if number == 1 else None
        part = configs[:2] if number == 1 else configs[2:]
        return {"data": part, "pagination": {"totalItems": len(configs), "nextPage": following}}

    with World() as world:
        lists = Lists(world, two_pages, range(1, 10))
        assert (world.apply().code, lists.times, elsewhere.visitors) == (0, 2, [])


@pytest.mark.parametrize("config_id", [".", "..", "../keys", "a?x=1", "a#b", "a/b", "a%2fb", ""])
def test_an_id_that_leads_elsewhere_is_refused_with_its_place_and_nothing_is_sent(config_id: str) -> None:
    with World(updates=0, creates=0, same=0) as world:
        world.project.file("configs/odd.yaml", f"description: odd\nid: {json.dumps(config_id)}\n")
        for arguments in (["plan"], ["apply", "--yes"]):
            done = world.call(*arguments)
            assert (done.code, world.requests) == (3, [])
            assert "configs/odd.yaml:2:" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "key", [f"{KEY}\n", f" {KEY}", f"{KEY}é", f"{KEY} x", "", "console-", "secret-abc", f"{KEY}\r\nX-Evil: 1"]
)
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["pull", "--all"]], ids=lambda words: words[0])
def test_a_malformed_key_is_refused_unshown_and_nothing_is_sent(command: list[str], key: str) -> None:
    with World() as world:
        done = world.call(*command, "--format", "json", env={"STATSIG_CONSOLE_KEY": key})
        assert (done.code, world.requests) == (3, [])
        assert done.json["error"]["code"] == "key-unusable"
        for part in re.findall(r"[\w.~]{12,}", key):
            assert part not in done.stdout + done.stderr


def test_a_key_with_a_nul_cannot_even_be_in_the_environment() -> None:
    with pytest.raises(ValueError, match="null byte"), World() as world:
        world.call("plan", env={"STATSIG_CONSOLE_KEY": f"{KEY}\0"})


@pytest.mark.parametrize(
    "url", ["http://example.com", "http://127.0.0.1@example.com/", "http://127.0.0.1.example.com", "ftp://127.0.0.1"]
)
@pytest.mark.parametrize("where", ["flag", "settings"])
def test_a_url_that_would_send_the_key_in_the_clear_is_refused(project: Project, url: str, where: str) -> None:
    project.write(one="description: one\n")
    if where == "flag":
        done = project.call("plan", "--api-url", url)
        assert done.code == 64
    else:
        project.settings(f'default_target = "production"\n[targets.production]\napi = "{url}"\n')
        assert project.call("plan").code == 3


def test_a_host_of_the_settings_that_is_not_statsigs_is_refused(project: Project) -> None:
    """So that a pull request cannot send the key elsewhere."""
    project.write(one="description: one\n")
    project.settings(
        'default_target = "production"\n[targets.production]\napi = "https://statsigapi.net.evil.example"\n'
    )
    assert project.call("plan").code == 3


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_trickle_ends_at_the_deadline_and_is_told(where: str) -> None:
    """A byte in 0.05 s would take a minute, and each read by itself is well within any time-out."""
    with World() as world:
        trickle = {"kind": "trickle", "bytes": 1, "interval": 0.05, "where": where}
        world.fail({**LIST, "always": True, "fault": trickle})
        done = world.call("plan", "--format", "json", request_seconds=0.2)
        assert (done.code, done.json["error"]["code"]) == (1, "timed-out")
        assert sum(path == CONFIGS for _, path in world.requests) == 5


def test_a_gzip_bomb_is_refused_and_never_unpacked() -> None:
    with World() as world:
        world.fail({**LIST, "always": True, "fault": {"kind": "gzip_bomb"}})
        done = world.call("plan", "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (1, "answer-too-large")
