"""``reconciler emulator`` and the embedded one: what can keep them from starting is one line."""

from __future__ import annotations

import json
import socket
import urllib.request

import pytest
from harness import KEY, Project, config, payload


@pytest.mark.parametrize("flags", [["--db", "configs"], ["--db", "nowhere/x.db"], ["--seed", "nowhere.json"],
                                   ["--faults", "nowhere.json"], ["--db", "configs/text.yaml"]])  # fmt: skip
def test_files_that_it_cannot_use(project: Project, flags: list[str]) -> None:
    project.write(text=config())
    done = project.run("emulator", "--port", "0", *flags)
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.startswith("reconciler: ")
    assert flags[1] in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = project.run("emulator", "--port", str(port))
    assert done.code == 1
    assert f"port {port}" in done.stderr
    assert project.call("emulator", "--port", "99999").code == 64


def test_it_serves_what_it_was_seeded_with_and_remembers(project: Project) -> None:
    project.file("seed.json", json.dumps([payload("seeded")]))
    project.write(fresh=config())
    with project.start("emulator", "--port", "0", "--seed", "seed.json", "--db", "kept.db") as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[4]
        request = urllib.request.Request(f"{url}/console/v1/dynamic_configs", headers={"STATSIG-API-KEY": KEY})
        with urllib.request.urlopen(request) as answer:
            assert [one["id"] for one in json.load(answer)["data"]] == ["seeded"]
        assert project.call("apply", "--yes", "--api-url", url).code == 0
        process.kill()
    with project.start("emulator", "--port", "0", "--db", "kept.db") as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[4]
        assert project.call("plan", "--api-url", url, "--detailed-exitcode").code == 0
        process.terminate()


def test_an_embedded_emulator_whose_file_is_none(shop: Project) -> None:
    (shop.path / ".reconciler").mkdir()
    shop.file(".reconciler/local.db", "this is no database")
    for output in ("text", "json"):
        done = shop.call("plan", "--format", output)
        assert done.code == 1
        assert "local.db" in done.stderr
        assert "itself" not in done.stderr, "it is no bug of ours"


def test_a_folder_for_it_that_cannot_be_made(shop: Project) -> None:
    shop.file(".reconciler", "a file in its place")
    done = shop.call("plan")
    assert done.code == 1
    assert ".reconciler" in done.stderr
