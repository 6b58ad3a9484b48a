"""Exit codes and streams: what scripts rely on, in every format and for every way to fail."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path

import pytest
from harness import Live, Project, config, payload


@pytest.fixture(params=["text", "json"])
def output(request: pytest.FixtureRequest) -> str:
    """The format never changes the exit code."""
    assert isinstance(request.param, str)
    return request.param


# ── done, pending ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_way_of_the_example_configs(shop: Project, output: str) -> None:
    asked = ("--format", output)
    assert shop.call("plan", *asked).code == 0
    assert shop.call("plan", *asked, "--detailed-exitcode").code == 2
    assert shop.call("apply", *asked).code == 4
    assert shop.call("plan", *asked, "--detailed-exitcode").code == 2, "a refused apply wrote nothing"
    assert shop.call("apply", *asked, "--yes").code == 0
    assert shop.call("plan", *asked, "--detailed-exitcode").code == 0


def test_an_apply_with_nothing_to_do_asks_nobody(shop: Project, output: str) -> None:
    assert shop.call("apply", "--yes").code == 0
    assert shop.call("apply", "--format", output).code == 0


# ── each code, in each format ─────────────────────────────────────────────────────────────────────────────────────

WRONG = {
    "an unknown command": (64, "bogus", ""),
    "an unknown flag": (64, "plan --bogus", ""),
    "a flag without its value": (64, "plan --base", ""),
    "a number that is none": (64, "apply --allow-changes many", ""),
    "an unknown target": (64, "plan --target nowhere", ""),
    "a URL that is none": (64, "plan --api-url nowhere", ""),
    "a URL that would send the key in the clear": (64, "plan --api-url http://example.com", ""),
    "an id that nobody has": (64, "plan --only chekout", ""),
    "another one": (64, "plan --exclude chekout", ""),
    "and another one": (64, "apply --yes --overwrite chekout", ""),
    "a directory that is missing": (3, "plan --configs nowhere", ""),
    "a file that is no config": (3, "validate", "bogus: 1\n"),
    "the same, to be planned": (3, "plan", "bogus: 1\n"),
    "the same, to be applied": (3, "apply --yes", "bogus: 1\n"),
    "a base that does not resolve": (1, "plan --base refs/reconciler/nothing", ""),
    "a plan that is missing": (1, "show nowhere.json", ""),
    "a plan that is none": (4, "show configs/reconciler.toml", ""),
    "the same, to be applied ": (4, "apply configs/reconciler.toml", ""),
    "a record outside of git": (1, "apply --yes --record refs/reconciler/production", ""),
}


@pytest.mark.parametrize(("code", "line", "text"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_before_anything_is_written(
    served: Project, live: Live, output: str, code: int, line: str, text: str
) -> None:
    served.write(checkout=text or config())
    done = served.call(*shlex.split(line), "--format", output)
    assert done.code == code
    assert live.methods <= {"GET"}
    assert done.stderr.startswith("reconciler: ") or line == "validate"
    assert "Traceback" not in done.stderr
    if output == "json":
        assert done.json["errored"] is True
        assert line == "validate" or done.json["error"]["message"]
    elif code != 3:
        assert done.stdout == ""


def test_an_empty_directory_is_invalid(project: Project, output: str) -> None:
    for command in ("validate", "plan", "apply"):
        assert project.call(command, "--format", output).code == 3


def test_an_id_that_is_almost_right_is_suggested(served: Project) -> None:
    served.write(checkout=config())
    assert "did you mean checkout?" in served.call("plan", "--only", "chekout").stderr


def test_invalid_files_are_all_in_the_document(served: Project) -> None:
    served.write(one="bogus: 1\n", two="alsobogus: 1\n")
    for command in ("validate", "plan", "apply"):
        found = served.call(command, "--format", "json").json["diagnostics"]
        assert {(one["file"], one["line"]) for one in found} >= {("configs/one.yaml", 1), ("configs/two.yaml", 1)}


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 401}, "api-refused"),
        ({"kind": "redirect", "location": "http://127.0.0.1:1/"}, "redirected"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "apply --yes", "pull --all"])
def test_an_api_that_fails(served: Project, live: Live, command: str, fault: dict[str, object], code: str) -> None:
    served.write(checkout=config())
    live.fail({"always": True, "fault": fault})
    done = served.call(*command.split(), "--format", "json")
    assert (done.code, done.json["errored"], done.json["error"]["code"]) == (1, True, code)
    done = served.call(*command.split())
    assert (done.code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1


def test_a_connection_that_is_refused_names_the_host(project: Project) -> None:
    project.write(checkout=config())
    done = project.call("plan", "--api-url", "http://127.0.0.1:9", "--format", "json")
    assert (done.code, done.json["error"]["code"]) == (1, "connection-failed")
    assert "127.0.0.1" in done.stderr


@pytest.mark.parametrize(
    "key", ["", "secret-abc", "console-", "console-abc\n", " console-abc", "console-ab c", "console-é"]
)
def test_a_key_that_is_missing_or_malformed(served: Project, live: Live, output: str, key: str) -> None:
    served.write(checkout=config())
    for command in (["plan"], ["apply", "--yes"], ["pull", "--all"]):
        done = served.call(*command, "--format", output, env={"STATSIG_CONSOLE_KEY": key})
        assert done.code == 3
        assert "STATSIG_CONSOLE_KEY" in done.stderr
        assert key.strip() in ("", "console-") or key.strip() not in done.stdout + done.stderr
    assert live.requests == []


def test_a_plan_with_errors_stops_all_of_an_apply(served: Project, live: Live, output: str) -> None:
    live.create("old", isTemplate=True)
    served.write(old=config(2, isTemplate=False), new=config())
    for command in (["plan"], ["apply", "--yes"], ["apply"]):
        done = served.call(*command, "--format", output)
        assert done.code == 3
        assert done.stdout.count("is-template-changed") == 1, "said once"
    assert live.written == []


def test_an_archived_config_is_held_and_stops_no_other(served: Project, live: Live, output: str) -> None:
    live.create("old", status="Archived")
    served.write(old=config(2), new=config())
    assert served.call("plan", "--detailed-exitcode", "--format", output).code == 2
    assert served.call("apply", "--yes", "--format", output).code == 0
    assert live.written == ["new"]
    assert served.call("apply", "--yes", "--format", output).code == 0, "only what is held is left"


def test_an_api_that_refuses_one_config(served: Project, live: Live, output: str) -> None:
    served.write(bad=config(), good=config())
    refuse = {"kind": "status", "status": 403}
    live.create("bad")
    live.fail({"method": "POST", "path": "*/bad", "always": True, "fault": refuse})
    assert served.call("apply", "--yes", "--format", output).code == 6, "good was written, bad was not"
    done = served.call("apply", "--yes", "--format", output)
    assert done.code == 1, "bad was not, and nothing else was to be written"
    assert live.written == ["good"]
    if output == "json":
        assert done.statuses == {"bad": "failed"}
        assert done.json["results"][0]["error"]["file"] == "configs/bad.yaml"


def test_what_may_have_been_written_counts_as_partly(served: Project, live: Live, output: str) -> None:
    live.create("limits", defaultValue={"value": 0})
    served.write(limits=config())
    accepted = json.dumps({"message": "ok", "data": payload("limits")})
    live.fail(
        {"method": "POST", "always": True, "fault": {"kind": "raw", "body": accepted, "commit": True}},
        {"method": "GET", "path": "*/limits", "nth": [2], "fault": {"kind": "status", "status": 403}},
    )
    done = served.call("apply", "--yes", "--format", output)
    assert done.code == 6
    assert live.written == ["limits"]
    if output == "json":
        assert done.statuses == {"limits": "unknown"}


# ── held ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pending_rollout_alone_is_a_refusal(served: Project, live: Live, output: str) -> None:
    rule = {
        "name": "beta",
        "passPercentage": 10,
        "conditions": [{"type": "public"}],
        "returnValue": {},
        "id": "r",
        "baseID": "r",
    }
    live.create("rolling", rules=[{**rule, "pendingAutomatedRollouts": [{"passPercentage": 50, "time": 1}]}])
    written = {key: rule[key] for key in ("name", "passPercentage", "conditions", "returnValue")}
    served.write(rolling=config(1, rules=[{**written, "passPercentage": 30}]))
    assert served.call("apply", "--yes", "--format", output).code == 4
    served.write(other=config())
    done = served.call("apply", "--yes", "--format", output)
    assert done.code == 6, "other was written, rolling is held"
    assert live.written == ["other"]
    if output == "json":
        assert done.statuses == {"other": "verified", "rolling": "held"}


# ── limits and consent ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def crowd(served: Project, live: Live) -> Project:
    """Twelve live configs; the files would change five of them."""
    for number in range(12):
        live.create(f"c{number:02}", defaultValue={"value": 1})
        served.write(**{f"c{number:02}": config(1 if number > 4 else 2)})
    return served


def test_a_limit_refuses_all_but_the_exact_number(crowd: Project, live: Live, output: str) -> None:
    assert crowd.call("plan", "--format", output).code == 0
    for given in ([], ["--allow-changes", "4"], ["--allow-changes", "6"]):
        done = crowd.call("apply", "--yes", "--format", output, *given)
        assert done.code == 4
        assert "--allow-changes 5" in done.stderr
    assert live.written == []
    assert crowd.call("apply", "--yes", "--format", output, "--allow-changes", "5").code == 0
    assert len(live.written) == 5


def test_a_limit_counts_before_the_selection(crowd: Project, live: Live) -> None:
    assert crowd.call("apply", "--yes", "--only", "c00").code == 4
    crowd.settings(f'[limits]\nmax_changed_percent = 50\n[targets.production]\napi = "{live.url}"\n')
    assert crowd.call("apply", "--yes", "--target", "production", "--only", "c00").code == 0
    assert live.written == ["c00"]


def test_a_plan_is_expected_by_its_digest_or_its_intent(served: Project, live: Live, output: str) -> None:
    live.create("limits", defaultValue={"value": 0})
    served.write(limits=config())
    plan = served.call("plan", "--format", "json").json
    done = served.call("apply", "--yes", "--format", output, "--expect", "sha256:0")
    assert done.code == 4
    assert plan["intent"] in done.stderr
    live.edit("limits", targetApps=["web"])
    assert served.call("apply", "--yes", "--format", output, "--expect", plan["digest"]).code == 4
    assert live.written == []
    assert served.call("apply", "--yes", "--format", output, "--expect", plan["intent"]).code == 0
    assert live["limits"]["targetApps"] == ["web"]


def test_an_emulator_that_no_flag_named_is_refused_in_ci(shop: Project, output: str) -> None:
    done = shop.call("apply", "--yes", "--format", output, env={"CI": "true"})
    assert done.code == 4
    assert "--target" in done.stderr
    assert shop.call("plan", "--format", output, env={"CI": "true"}).code == 0
    named = [(["--target", "local"], {}), ([], {"RECONCILER_TARGET": "local"}), (["--api-url", "emulator"], {})]
    for flags, env in named:
        assert shop.call("apply", "--yes", "--format", output, *flags, env={"CI": "true", **env}).code == 0


# ── streams ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_result_goes_to_stdout_and_nothing_else_does(shop: Project) -> None:
    for line in ("validate", "plan", "apply --yes", "plan", "show plan.json", "schema", "pull --all"):
        shop.call("plan", "--out", "plan.json")
        for asked in ([], ["-q"], ["-v"]):
            done = shop.call(*line.split(), *asked)
            told = "13 files read" if asked == ["-v"] and line in ("plan", "apply --yes") else ""
            assert (done.code, done.stderr[: len("13 files read")]) == (0, told)
            assert done.stdout


def test_json_is_one_document_also_for_people_who_ask_for_more(shop: Project) -> None:
    for command in ("validate", "plan", "apply --yes", "pull --all"):
        assert shop.call(*command.split(), "--format", "json", "-v").json["errored"] is False


def test_the_last_format_counts_also_for_failures(project: Project) -> None:
    assert project.call("plan", "--format", "text", "--format", "json").json["errored"] is True
    assert project.call("plan", "--format=json", "--format=text").stdout.count("{") == 0


def test_a_full_disk_is_one_clear_line(shop: Project) -> None:
    for output in ("text", "json"):
        for command in ("validate", "plan", "show plan.json"):
            shop.call("plan", "--out", "plan.json")
            with Path("/dev/full").open("w") as full:
                done = shop.run(*command.split(), "--format", output, stdout=full)
            assert done.code == 1
            assert done.stderr == "reconciler: the output could not be written: No space left on device\n"


def test_what_was_written_is_told_also_where_the_result_cannot_be(shop: Project) -> None:
    with Path("/dev/full").open("w") as full:
        done = shop.run("apply", "--yes", "--format", "json", stdout=full)
    assert done.code == 1
    assert "what became of the changes: 13 verified" in done.stderr
    assert shop.call("plan", "--detailed-exitcode").code == 0


def test_out_is_written_whole_or_not_at_all(shop: Project) -> None:
    done = shop.call("plan", "--out", "/dev/full")
    assert done.code == 1
    assert done.stderr == "reconciler: /dev/full could not be written: No space left on device\n"
    assert shop.call("plan", "--out", "nowhere/plan.json").code == 1
    assert shop.call("plan", "--out", "/dev/stdout").code == 0
    before = shop.file("plan.json", "what was there")
    reader = before.open()
    assert shop.call("plan", "--format", "markdown", "--out", "plan.json").stdout.startswith("<!--")
    assert json.loads((shop.path / "plan.json").read_text())["format_version"] == "1.0"
    assert reader.read() == "what was there", "the old file was replaced and not written into"
    reader.close()
    assert sorted(one.name for one in shop.path.iterdir()) == [".reconciler", "configs", "plan.json"]


def test_a_reader_that_goes_away_is_no_traceback(shop: Project) -> None:
    for output in ("text", "json", "markdown"):
        process = shop.start("plan", "--format", output)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(60) == 1
        assert said == "reconciler: the output could not be written: Broken pipe\n"
        process.stderr.close()


def test_streams_that_are_closed_are_no_traceback(shop: Project) -> None:
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&-"):
        done = shop.run("plan", via=f'exec "$@" {closed}')
        assert done.code == 0, done.stderr
        assert "Traceback" not in done.stderr


# ── colour ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_colour_only_where_it_is_asked_for(shop: Project) -> None:
    def is_coloured(*flags: str, **env: str) -> bool:
        return "\x1b[" in shop.call("plan", *flags, env=env).stdout

    assert not is_coloured()
    assert is_coloured(FORCE_COLOR="1")
    assert not is_coloured(FORCE_COLOR="1", NO_COLOR="1")
    assert is_coloured(FORCE_COLOR="1", NO_COLOR="")
    assert not is_coloured("--no-color", FORCE_COLOR="1")
    assert not is_coloured(FORCE_COLOR="1", RECONCILER_NO_COLOR="1")
    assert not is_coloured("--format", "json", FORCE_COLOR="1")


# ── start-up ──────────────────────────────────────────────────────────────────────────────────────────────────────

HEAVY = ("click", "yaml", "httpx", "rich", "jsonschema", "jsonschema_rs", "deepdiff", "json5", "sqlite3", "asyncio")


def test_the_version_is_said_before_anything_heavy_is_imported(project: Project) -> None:
    program = (
        "import sys; sys.argv = ['reconciler', '--version']\n"
        "from reconciler.__main__ import main\n"
        f"main(); print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = project.run(program=program)
    from reconciler import __version__

    assert done.stdout.splitlines() == [f"reconciler {__version__}", "[]"]


def test_validating_imports_nothing_of_the_network(shop: Project) -> None:
    program = (
        "import sys; from reconciler.cli import main\n"
        "main(['validate', '-q'])\n"
        "print([name for name in ('httpx', 'rich', 'deepdiff', 'sqlite3') if name in sys.modules])"
    )
    assert shop.run(program=program).stdout.splitlines()[-1] == "[]"


def test_help_names_every_command(project: Project) -> None:
    done = project.call("--help")
    assert (done.code, done.stderr) == (0, "")
    for command in ("validate", "plan", "apply", "show", "pull", "emulator", "schema"):
        assert f"\n  {command}" in done.stdout
        assert project.call(command, "--help").code == 0
    assert project.call("--version").stdout == project.run("--version").stdout


def test_invalid_files_are_a_comment_within_the_limit(project: Project) -> None:
    for number in range(150):
        project.file(f"configs/cfg_{number}.yaml", 'foo: "x"\nbar: 2\n' + f"note: {'é' * 200}\n")
    done = project.call("plan", "--format", "markdown", "--api-url", "emulator")
    assert done.code == 3
    assert done.stdout.startswith("### Dynamic configs: 450 errors in 150 files\n")
    assert len(done.stdout.encode()) <= 65_536
    assert done.stdout.endswith("…\n```\n")


def test_a_job_summary_that_cannot_be_written_changes_no_exit_code(shop: Project) -> None:
    done = shop.call("plan", "--format", "github", env={"GITHUB_STEP_SUMMARY": "/nowhere/summary"})
    assert done.code == 0
    assert "the job summary could not be written" in done.stderr


def test_a_plan_among_the_configs_is_warned_of(shop: Project) -> None:
    done = shop.call("plan", "--out", "configs/plan.json")
    assert (done.code, "is among the configs" in done.stderr) == (0, True)


TLS: dict[str, dict[str, str]] = {
    "a file of nowhere": {"SSL_CERT_FILE": "/nowhere/at/all.pem"},
    "a folder as the file": {"SSL_CERT_FILE": "."},
    "a pipe": {"SSL_CERT_FILE": "pipe"},
    "a file without certificates": {"SSL_CERT_FILE": "configs/limits.yaml"},
    "a folder of nowhere": {"SSL_CERT_DIR": "/nowhere/at/all"},
    "a log of nowhere": {"SSLKEYLOGFILE": "/nowhere/at/all.log"},
}


@pytest.mark.parametrize("env", TLS.values(), ids=TLS.keys())
@pytest.mark.parametrize("command", [["plan"], ["apply", "--yes"], ["pull", "--all"]], ids=lambda words: words[0])
def test_certificates_of_nowhere_are_named_with_their_variable(
    project: Project, command: list[str], env: dict[str, str]
) -> None:
    """At once: what cannot be trusted is not sent anything, and this host does not even exist."""
    project.write(limits=config())
    os.mkfifo(project.path / "pipe")
    done = project.run(*command, "--api-url", "https://nowhere.invalid", "--format", "json", env=env)
    [(variable, value)] = env.items()
    assert (done.code, done.json["error"]["code"]) == (1, "tls-unusable")
    assert f"{variable}={value}" in done.json["error"]["message"]
    assert "Traceback" not in done.stderr
