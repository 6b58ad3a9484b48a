"""Where a flag's value comes from: the command line, then the environment, then the settings."""

from __future__ import annotations

import pytest
from harness import KEY, Live, Project, config


@pytest.fixture
def two(served: Project, live: Live) -> Project:
    """Two targets, one of which leads nowhere."""
    served.settings(
        'default_target = "staging"\n'
        f'[targets.production]\napi = "{live.url}"\nkey_env = "PRODUCTION_KEY"\n'
        '[targets.staging]\napi = "emulator"\n'
    )
    served.write(one=config(), two=config(), three=config())
    served.env["PRODUCTION_KEY"] = KEY
    return served


def target_of(project: Project, *flags: str, **env: str) -> dict[str, str]:
    found: dict[str, str] = project.call("plan", "--format", "json", *flags, env=env).json["target"]
    return found


def test_a_flag_wins_over_the_environment_and_that_over_the_settings(two: Project, live: Live) -> None:
    staging, production = {"name": "staging", "api_url": "emulator"}, {"name": "production", "api_url": live.url}
    assert target_of(two) == staging
    assert target_of(two, RECONCILER_TARGET="production") == production
    assert target_of(two, "--target", "staging", RECONCILER_TARGET="production") == staging
    assert target_of(two, RECONCILER_TARGET="") == staging
    assert target_of(two, "--api-url", live.url) == {"name": "staging", "api_url": live.url}
    assert target_of(two, RECONCILER_API_URL=live.url) == {"name": "staging", "api_url": live.url}
    assert target_of(two, "--api-url", "emulator", RECONCILER_API_URL=live.url) == staging


def test_every_command_takes_its_flags_from_the_environment(two: Project) -> None:
    (two.path / "configs").rename(two.path / "moved")
    env = {"RECONCILER_CONFIGS": "moved", "RECONCILER_FORMAT": "json"}
    assert two.call("validate", env=env).json["summary"]["files"] == 3
    assert two.call("plan", env={**env, "RECONCILER_DETAILED_EXITCODE": "1", "RECONCILER_OUT": "plan.json"}).code == 2
    assert two.call("show", "plan.json", env=env).json["summary"]["create"] == 3
    assert two.call("apply", env={**env, "RECONCILER_EXPECT": "sha256:0", "RECONCILER_YES": "1"}).code == 4
    assert two.call("apply", env={**env, "RECONCILER_YES": "true"}).json["summary"]["verified"] == 3
    assert two.call("pull", env={**env, "RECONCILER_ALL": "1", "RECONCILER_TO": "there"}).code == 0
    assert len(list((two.path / "there").iterdir())) == 3


def test_repeated_flags_are_separated_by_blanks_in_the_environment(two: Project) -> None:
    def planned(*flags: str, **env: str) -> list[str]:
        return [one["id"] for one in two.call("plan", "--format", "json", *flags, env=env).json["changes"]]

    assert planned() == ["one", "three", "two"]
    assert planned("--only", "one", "--only", "two") == planned(RECONCILER_ONLY="one two") == ["one", "two"]
    assert planned("--exclude", "one", "--exclude", "two") == planned(RECONCILER_EXCLUDE=" one  two ") == ["three"]
    assert planned("--only", "three", RECONCILER_ONLY="one two") == ["three"]
    assert planned(RECONCILER_ONLY="one two", RECONCILER_EXCLUDE="two") == ["one"]


def test_a_value_from_the_environment_is_checked_like_a_flag(two: Project) -> None:
    for name, value in {"FORMAT": "xml", "TARGET": "nowhere", "ONLY": "nobody", "ALLOW_CHANGES": "many"}.items():
        command = ("apply", "--yes") if name == "ALLOW_CHANGES" else ("plan",)
        assert two.call(*command, env={f"RECONCILER_{name}": value}).code == 64


def test_a_json_document_is_printed_for_a_format_from_the_environment(two: Project) -> None:
    assert two.call("plan", "--bogus", env={"RECONCILER_FORMAT": "json"}).json["error"]["code"] == "usage"
    assert two.call("plan", "--bogus", "--format", "text", env={"RECONCILER_FORMAT": "json"}).stdout == ""


def test_the_key_comes_from_the_variable_that_the_target_names(two: Project, live: Live) -> None:
    two.env["STATSIG_CONSOLE_KEY"] = "not a key"
    assert two.call("plan", "--target", "production").code == 0
    two.env["PRODUCTION_KEY"] = "not a key"
    assert two.call("plan", "--target", "production").code == 3
    assert two.call("plan", "--target", "staging").code == 0, "the embedded emulator needs none"


def test_settings_that_are_wrong_name_the_file_and_the_key(two: Project, live: Live) -> None:
    two.settings('[targets.production]\napi = "https://example.com"\n[limits]\nmax_changed_percent = "many"\n')
    for command in ("validate", "plan", "apply"):
        done = two.call(command, "--format", "json")
        assert done.code == 3
        found = {(one["file"], one["path"]) for one in done.json["diagnostics"]}
        assert ("configs/reconciler.toml", "/targets/production/api") in found
        assert ("configs/reconciler.toml", "/limits/max_changed_percent") in found
    assert live.requests == []


def test_every_output_opens_with_the_target(two: Project, live: Live) -> None:
    for command in (["plan"], ["apply", "--yes"]):
        opening = two.call(*command, "--target", "production").stdout.splitlines()[0]
        assert opening == f"Target production ({live.url})"


def test_one_config_alone_is_planned_and_applied(two: Project, live: Live) -> None:
    assert two.call("apply", "--yes", "--target", "production", "--only", "two").code == 0
    assert live.ids == ["two"]
    assert two.call("apply", "--yes", "--target", "production", "--exclude", "three").code == 0
    assert live.written == ["two", "one"]


def test_quiet_leaves_out_notes_and_no_errors(two: Project) -> None:
    assert two.call("plan", "-q", "--only", "nobody").stderr
    assert two.call("plan", "-q").stdout == two.call("plan").stdout


def test_a_target_that_the_settings_do_not_name_is_wrong_usage_everywhere(two: Project) -> None:
    for command in (["validate"], ["plan"], ["apply", "--yes"], ["pull", "--all"]):
        done = two.call(*command, "--target", "nowhere")
        assert (done.code, 'there is no target "nowhere"' in done.stderr) == (64, True)
    assert two.call("validate", "--target", "production").code == 0


@pytest.mark.parametrize("command", ["validate", "show", "init", "emulator", "schema"])
def test_a_command_takes_no_flag_that_it_does_not_use(two: Project, command: str) -> None:
    done = two.call(command, "--api-url", "http://127.0.0.1:1")
    assert (done.code, "No such option" in done.stderr) == (64, True)
