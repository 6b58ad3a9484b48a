"""The key appears nowhere, also where the server sends it back; and reading sends nothing but GET."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, unquote

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
        assert KEY not in path.name
        assert path.is_dir() or KEY not in path.read_text("utf-8")


ODD_KEY = """console-q"u\\o't<e>d&k%e{y}$+/=0123456789abcdef"""
AT = range(0, 60, 3)  # how much stands before the key, so that every renderer's cut falls into it somewhere


def _parts_of(key: str, text: str) -> set[str]:
    """The runs of eight characters of a key that a text shows, in any spelling."""
    secret = key.removeprefix("console-")
    parts = {secret[at : at + 8] for at in range(len(secret) - 7)}
    shown = [text, html.unescape(text), unquote(text), re.sub(r"\\+(.)", r"\1", text)]
    return {part for part in parts if any(part.lower() in one.lower() for one in shown)}


@pytest.mark.parametrize("key", [KEY, ODD_KEY], ids=["plain", "odd"])
def test_no_part_of_the_key_is_left_where_a_value_is_cut(served: Project, live: Live, key: str) -> None:
    """A renderer that cuts, folds or escapes a value must never see the key in it."""
    values = {f"v{at}": "x" * at + key for at in AT}
    lines = "\n".join("y" * (at * 4) + key for at in AT)
    live.create("limits", name=f"name {key}", description=key * 3, defaultValue={**values, "lines": lines}, tags=[key])
    live.create("twin", defaultValue={"a": 1}, defaultValueJson5=f"{{a: 1 /* {key} */}}")
    named = [{"name": f"{'n' * at}{key}", "passPercentage": 1, "conditions": [], "returnValue": {}} for at in AT]
    live.create("ruled", rules=[{**rule, "id": str(at)} for at, rule in enumerate(named)], lastModifierName=f"x{key}")
    served.write(limits=config(), ruled=config(), twin=config())
    served.env |= {"STATSIG_CONSOLE_KEY": key, "GITHUB_STEP_SUMMARY": str(served.path / "summary.md")}
    for output in ("text", "json", "markdown", "github"):
        done = served.call("plan", "-v", "--format", output)
        assert done.code == 0
        assert _parts_of(key, done.stdout + done.stderr) == set()
    assert _parts_of(key, (served.path / "summary.md").read_text("utf-8")) == set()
    saved = served.call("plan", "--out", "plan.json", "--format", "json")
    assert saved.json["error"]["code"] == "plan-holds-key"


def test_no_file_is_named_by_the_key(served: Project, live: Live) -> None:
    key = "console-2Rv5Kq6Tz7Nw8Vb9Hs0Lp1Mx4Jd3Gf"
    served.env["STATSIG_CONSOLE_KEY"] = key
    live.create(key, defaultValue={})
    done = served.call("pull", "--all")
    assert done.code == 1
    assert _parts_of(key, done.stdout + done.stderr) == set()
    assert [path.name for path in (served.path / "configs").iterdir()] == ["reconciler.toml"]


@pytest.mark.parametrize("at", [0, 560, 570, 580, 590])
@pytest.mark.parametrize("key", [KEY, ODD_KEY], ids=["plain", "odd"])
@pytest.mark.parametrize("spelled", [str, quote, html.escape, lambda key: json.dumps(key)[1:-1]])
def test_no_part_of_the_key_is_left_of_a_long_refusal(
    served: Project, live: Live, key: str, at: int, spelled: Callable[[str], str]
) -> None:
    served.write(limits=config())
    served.env["STATSIG_CONSOLE_KEY"] = key
    body = json.dumps({"message": "z" * at + spelled(key)})
    live.fail({"always": True, "fault": {"kind": "status", "status": 403, "body": body}})
    for output in ("text", "json", "github"):
        done = served.call("plan", "-v", "--format", output)
        assert done.code == 1
        assert "403" in done.stderr
        assert _parts_of(key, done.stdout + done.stderr) == set()


@pytest.mark.parametrize("key", [KEY, ODD_KEY], ids=["plain", "odd"])
def test_no_part_of_the_key_is_left_of_a_finding(served: Project, key: str) -> None:
    """Files are read before the key is needed, and what is wrong with them is shown with their lines."""
    text = json.dumps(key)
    served.file("configs/a.yaml", f"description: x\n{text}: 1\n{text}: 2\nisEnabled: {text}\n")
    served.file("configs/b.yaml", f"description: {text}\nrules: [{{name: {text}, passPercentage: 1000}}]\n")
    served.file("configs/c.json5", f"{{{'x' * 100}: 1, description: {text} {text}}}")
    served.env["STATSIG_CONSOLE_KEY"] = key
    for command in ("validate", "plan"):
        for output in ("text", "json", "github"):
            done = served.call(command, "-v", "--format", output)
            assert done.code == 3
            assert _parts_of(key, done.stdout + done.stderr) == set()


@pytest.mark.parametrize(
    "line", ['key_env = "{}"', 'key_env = " {}"', 'api = "{}"', '"{}" = 1', '"twenty-characters-xx {}" = 1']
)
@pytest.mark.parametrize("output", ["text", "json", "github"])
def test_a_key_that_was_pasted_into_the_settings_is_refused_and_not_shown(
    project: Project, line: str, output: str
) -> None:
    """People paste the key where its variable's name belongs; no variable holds this one."""
    key = "console-2Rv5Kq6Tz7Nw8Vb9Hs0Lp1Mx4Jd3Gf"
    project.write(limits=config())
    project.settings(f"[targets.production]\n{line.format(key)}\n")
    for command in ("validate", "plan"):
        done = project.call(command, "--format", output, "-v")
        assert done.code == 3
        assert "targets.production" in done.stdout
        assert _parts_of(key, done.stdout + done.stderr) == set()


def test_a_key_in_the_place_of_its_variables_name_is_named_as_such(project: Project) -> None:
    project.settings('[targets.production]\nkey_env = "console-abc"\n')
    [finding] = [one for one in project.call("validate", "--format", "json").json["diagnostics"] if one["path"]]
    assert finding["path"] == "/targets/production/key_env"
    assert "revoke" in finding["hint"]


@pytest.mark.parametrize("flag", ["--target", "--api-url"])
def test_a_key_that_was_given_as_a_flag_is_not_shown(project: Project, flag: str) -> None:
    key = "console-2Rv5Kq6Tz7Nw8Vb9Hs0Lp1Mx4Jd3Gf"
    project.write(limits=config())
    done = project.call("plan", flag, key, "--format", "json")
    assert done.code == 64
    assert _parts_of(key, done.stdout + done.stderr) == set()


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
