"""The key appears nowhere, also where the server sends it back; and reading sends nothing but GET."""

from __future__ import annotations

import json

import pytest
from harness import KEY, Live, Project, config, payload


def _echo(config_id: str) -> dict[str, object]:
    return payload(config_id, description=KEY, lastModifierName=KEY, tags=[KEY], defaultValue={"value": KEY})


COMMANDS = ["plan", "plan -v", "plan --format json --out plan.json", "plan --format markdown", "plan --format github",
            "apply --yes", "apply --yes --format json -v", "pull --all -v"]  # fmt: skip
ECHOES = {
    "in a refusal": {"kind": "status", "status": 401, "body": json.dumps({"message": f"invalid key {KEY}"})},
    "in a refusal's findings": {
        "kind": "status",
        "status": 400,
        "body": json.dumps({"message": "no", "errors": [{"property": KEY, "errorMessage": KEY}]}),
    },
    "in a page that is no JSON": {"kind": "raw", "status": 403, "body": f"<html>{KEY}</html>"},
    "in a header": {"kind": "status", "status": 403, "headers": {"X-Echo": KEY, "Location": KEY}},
    "in a config": {
        "kind": "raw",
        "body": json.dumps(
            {
                "message": "ok",
                "data": [_echo("limits"), _echo("unmanaged"), payload(KEY)],
                "pagination": {"itemsPerPage": 100, "pageNumber": 1, "totalItems": 3, "nextPage": None},
            }
        ),
    },
}


@pytest.mark.parametrize("echo", ECHOES.values(), ids=ECHOES.keys())
def test_the_key_is_in_no_output(served: Project, live: Live, echo: dict[str, object]) -> None:
    served.write(limits=config(), banner=config())
    served.env["GITHUB_STEP_SUMMARY"] = str(served.path / "summary.md")
    only_lists = {"method": "GET", "path": "*/dynamic_configs"} if "data" in str(echo) else {}
    live.fail({"always": True, "fault": echo, **only_lists})
    for command in COMMANDS:
        done = served.call(*command.split())
        assert done.stdout + done.stderr
        assert KEY not in done.stdout + done.stderr
        if "json" in command:
            assert json.loads(done.stdout)["format_version"] == "1.0"
    for path in served.path.rglob("*"):
        assert path.is_dir() or KEY not in path.read_text("utf-8")


def test_the_key_is_in_no_report_of_a_bug(served: Project) -> None:
    """A crash that has the key in its message, in a real process: the library under the client breaks."""
    served.write(limits=config())
    program = (
        "import os, sys, httpx\n"
        "def broken(self, request, **more): raise RuntimeError('sent ' + os.environ['STATSIG_CONSOLE_KEY'])\n"
        "httpx.Client.send = broken\n"
        "from reconciler.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    for output in ("text", "json"):
        done = served.run("plan", "-v", "--format", output, program=program)
        assert done.code == 1
        assert "RuntimeError" in done.stderr
        assert "Traceback" in done.stderr, "-v asks for it"
        assert KEY not in done.stdout + done.stderr
        quiet = served.run("plan", "--format", output, program=program)
        assert "Traceback" not in quiet.stderr
        assert "-v" in quiet.stderr


def test_reading_sends_get_requests_only(served: Project, live: Live) -> None:
    live.create("limits", defaultValue={"value": 0})
    live.create("unmanaged")
    served.write(limits=config(), banner=config())
    for line in (
        "validate",
        "plan",
        "plan --format json --out plan.json",
        "plan --detailed-exitcode",
        "show plan.json",
    ):
        served.call(*line.split())
    served.call("pull", "--all", "--to", "there")
    served.call("apply")
    assert live.methods == {"GET"}
    assert live.written == []


def test_validating_and_showing_send_nothing(served: Project, live: Live) -> None:
    served.write(limits=config())
    served.call("plan", "--out", "plan.json")
    live.requests.clear()
    for line in ("validate", "validate --format json", "show plan.json", "schema", "apply --bogus"):
        served.call(*line.split())
    assert live.requests == []


def test_a_plan_costs_one_request_a_page(served: Project, live: Live) -> None:
    for number in range(150):
        live.create(f"c{number:03}")
    served.write(limits=config())
    served.call("plan")
    assert len(live.requests) == 2


def test_control_characters_of_live_reach_no_terminal(served: Project, live: Live) -> None:
    live.create("limits", description="\x1b[2J\x1b]0;title\x07\r::stop-commands::t", lastModifierName="\x1b[31m")
    served.write(limits=config())
    for command in (["plan"], ["plan", "--format", "json"], ["plan", "--format", "github"], ["apply", "--yes"]):
        done = served.call(*command)
        assert not set("\x1b\x07\r") & set(done.stdout + done.stderr)
        assert "\n::stop-commands" not in done.stdout
