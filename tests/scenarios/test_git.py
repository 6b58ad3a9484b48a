"""Git is the state: what a team does over days, and what the next person sees."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from harness import TOP, Live, config

from .conftest import RECORD, Repository


@pytest.fixture
def running(repository: Repository, live: Live) -> Repository:
    """Two configs, applied and recorded."""
    repository.write(alpha=config(1), beta=config(1))
    repository.merge()
    assert repository.apply().code == 0
    assert recorded(repository) == {"alpha": config(1), "beta": config(1)}
    return repository


def recorded(repository: Repository) -> dict[str, str]:
    """Name of the file → content, of the record."""
    return {Path(path).stem: content for path, content in (repository.recorded or {}).items()}


def value(live: Live, config_id: str) -> object:
    return live[config_id]["defaultValue"].get("value")


# ── the life of configs ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_run_of_all(repository: Repository, live: Live) -> None:
    """No record, no base: what differs is of unknown origin and is written; what is equal is recorded as it is."""
    live.create("equal", defaultValue={"value": 1})
    live.create("other", defaultValue={"value": 9})
    live.create("unmanaged")
    repository.write(equal=config(1), other=config(1), fresh=config(1))
    repository.merge()
    assert repository.plan().origins == {"other": {"unknown"}, "fresh": {"unknown"}}
    assert repository.apply().code == 0
    assert recorded(repository) == dict.fromkeys(("equal", "other", "fresh"), config(1))
    seen = repository.plan().json
    assert (seen["changes"], seen["unmanaged"], seen["source"]["base"]) == (
        [],
        ["unmanaged"],
        repository.git("rev-parse", RECORD),
    )


def test_a_hot_fix_in_the_console_and_then_an_unrelated_merge(running: Repository, live: Live) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    running.write(beta=config(2))
    running.merge()
    done = running.apply()
    assert done.code == 0, "only pure drift was held"
    assert done.statuses == {"alpha": "held", "beta": "verified"}
    assert done.json["results"][0]["error"]["code"] == "drift"
    assert done.json["errored"] is False
    assert (value(live, "alpha"), value(live, "beta")) == (7, 2)
    assert recorded(running) == {"alpha": config(1), "beta": config(2)}

    seen = running.plan("--detailed-exitcode")
    assert (seen.code, seen.held, seen.origins) == (2, {"alpha": "drift"}, {"alpha": {"drift"}})
    message = seen.json["changes"][0]["held"]["message"]
    for part in ("Jane Console", "configs/alpha.yaml:1", "7", "--overwrite alpha"):
        assert part in message

    running.write(alpha=config(7))
    running.merge("Keep the hot-fix")
    assert running.apply().code == 0
    assert running.plan("--detailed-exitcode").code == 0
    assert recorded(running)["alpha"] == config(7)


def test_a_hot_fix_that_is_discarded(running: Repository, live: Live) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    assert running.apply().code == 0
    assert value(live, "alpha") == 7
    assert running.apply("--overwrite", "alpha").statuses == {"alpha": "verified"}
    assert value(live, "alpha") == 1
    assert running.plan("--detailed-exitcode").code == 0


def test_file_and_console_that_both_changed(running: Repository, live: Live) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    running.write(alpha=config(2))
    running.merge()
    assert running.plan().held == {"alpha": "conflict"}
    assert running.apply().code == 4, "all that would be written is held"
    running.write(beta=config(2))
    running.merge()
    assert running.apply().code == 6, "beta was written, alpha was not"
    assert recorded(running) == {"alpha": config(1), "beta": config(2)}
    assert running.plan().held == {"alpha": "conflict"}


def test_both_changed_to_the_same(running: Repository, live: Live) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    running.write(alpha=config(7))
    running.merge()
    assert running.plan("--detailed-exitcode").code == 0
    assert running.apply().code == 0
    assert recorded(running)["alpha"] == config(7)


def test_a_policy_that_holds_nothing_for_drift(running: Repository, live: Live) -> None:
    running.settings((running.path / "configs/reconciler.toml").read_text() + '[drift]\npolicy = "overwrite"\n')
    live.edit("alpha", defaultValue={"value": 7})
    assert running.apply().code == 0
    assert value(live, "alpha") == 1


def test_a_half_failed_apply_a_fix_and_a_revert(running: Repository, live: Live) -> None:
    """Apply wrote alpha and failed on beta; alpha is fixed; then all is reverted. Nothing is wrongly held."""
    running.write(alpha=config(2), beta=config(2))
    first = running.merge()
    live.fail({"method": "POST", "path": "*/beta", "always": True, "fault": {"kind": "status", "status": 403}})
    assert running.apply().statuses == {"alpha": "verified", "beta": "failed"}
    assert recorded(running) == {"alpha": config(2), "beta": config(1)}

    running.write(alpha=config(3))
    second = running.merge()
    assert running.plan().origins == {"alpha": {"intended"}, "beta": {"intended"}}
    assert running.apply().code == 6
    assert recorded(running) == {"alpha": config(3), "beta": config(1)}

    live.fail()
    running.git("revert", "--no-edit", second)
    running.git("revert", "--no-edit", first)
    seen = running.plan()
    assert (seen.held, seen.origins) == ({}, {"alpha": {"intended"}}), "beta never left the state it is back to"
    assert running.apply().code == 0
    assert (value(live, "alpha"), value(live, "beta")) == (1, 1)
    assert running.plan("--detailed-exitcode").code == 0


def test_a_killed_run_that_left_no_record(running: Repository, live: Live) -> None:
    """It wrote alpha and died: against the old record file and live agree, so there is nothing left to do for it."""
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    live.edit("alpha", by="reconciler", defaultValue={"value": 2})
    assert running.plan().origins == {"beta": {"intended"}}
    assert running.apply().statuses == {"beta": "verified"}
    assert recorded(running) == {"alpha": config(2), "beta": config(2)}


# ── files that come, go and move ──────────────────────────────────────────────────────────────────────────────────


def test_a_renamed_file_with_an_id(running: Repository, live: Live) -> None:
    running.remove("alpha")
    running.write(renamed=config(1, id="alpha"))
    running.merge()
    assert running.plan("--detailed-exitcode").code == 0
    assert running.apply().code == 0
    assert recorded(running) == {"renamed": config(1, id="alpha"), "beta": config(1)}
    assert live.ids == ["alpha", "beta"]


def test_a_renamed_file_without_an_id(running: Repository, live: Live) -> None:
    running.remove("alpha")
    running.write(renamed=config(1))
    running.merge()
    seen = running.plan().json
    assert [(one["id"], one["action"]) for one in seen["changes"]] == [("renamed", "create")]
    assert seen["released"] == ["alpha"]
    [warning] = [one for one in seen["diagnostics"] if one["code"] == "released-recreated"]
    assert "id: alpha" in warning["hint"]
    assert running.apply().code == 0
    assert live.ids == ["alpha", "beta", "renamed"]
    assert recorded(running) == {"alpha": config(1), "beta": config(1), "renamed": config(1)}
    assert running.plan().json["released"] == ["alpha"], "still live, no longer managed"


def test_a_deleted_file(running: Repository, live: Live) -> None:
    running.remove("alpha")
    running.merge()
    seen = running.plan("--detailed-exitcode")
    assert (seen.code, seen.json["released"], seen.json["unmanaged"]) == (0, ["alpha"], [])
    assert running.apply().code == 0
    assert live.ids == ["alpha", "beta"], "never touched"

    running.write(alpha=config(2))
    running.merge("Bring it back, changed")
    assert running.plan().origins == {"alpha": {"intended"}}

    running.remove("alpha")
    live.delete("alpha")
    assert running.apply().code == 0
    assert recorded(running) == {"beta": config(1)}
    assert running.plan().json["released"] == []


def test_an_id_that_moved_between_files(running: Repository, live: Live) -> None:
    """Two files swap their ids: matched by id, not by path, so only the values that really change are changes."""
    running.write(alpha=config(1, id="beta"), beta=config(2, id="alpha"))
    running.merge()
    assert running.plan().origins == {"alpha": {"intended"}}
    live.fail({"method": "POST", "always": True, "fault": {"kind": "status", "status": 403}})
    assert running.apply().statuses == {"alpha": "failed"}
    seen = running.plan()
    assert seen.origins == {"alpha": {"intended"}}, "the base still has both"
    live.fail()
    assert running.apply().code == 0
    assert recorded(running) == {"alpha": config(1, id="beta"), "beta": config(2, id="alpha")}
    assert running.plan("--detailed-exitcode").code == 0


def test_a_renamed_rule_whose_percentage_changed_too(repository: Repository, live: Live) -> None:
    def rules(name: str, percentage: int) -> str:
        everyone = {"name": name, "passPercentage": percentage, "conditions": [{"type": "public"}], "returnValue": {}}
        return config(1, rules=[everyone])

    repository.write(alpha=rules("beta users", 10))
    repository.merge()
    assert repository.apply().code == 0
    base_id = live["alpha"]["rules"][0]["baseID"]

    repository.write(alpha=rules("everyone", 50))
    repository.merge()
    seen = repository.plan().json["changes"][0]["fields"]
    assert {(one["kind"], one["origin"]) for one in seen} == {("renamed", "intended"), ("changed", "intended")}
    assert repository.apply().code == 0
    [rule] = live["alpha"]["rules"]
    assert (rule["name"], rule["passPercentage"], rule["baseID"]) == ("everyone", 50, base_id)

    live.edit("alpha", rules=[{**rule, "passPercentage": 60}])
    repository.write(alpha=rules("all", 50))
    repository.merge()
    assert repository.plan().origins == {"alpha": {"intended", "drift"}}
    assert repository.apply().code == 4, "its renaming waits with what is held"


# ── the base ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_base_that_does_not_parse(running: Repository, live: Live) -> None:
    """What cannot be read today tells nothing: its differences are of unknown origin, the others' are known."""
    running.write(alpha="defaultValue: {value: 1\n", beta=config(1))
    broken = running.merge()
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    seen = running.call("plan", "--format", "json", "--base", broken)
    assert seen.code == 0
    assert seen.origins == {"alpha": {"unknown"}, "beta": {"intended"}}


def test_a_base_by_commit_tree_tag_and_settings(running: Repository, live: Live) -> None:
    running.git("tag", "--annotate", "--message", "v1", "v1")
    names = [
        "HEAD",
        "HEAD~0",
        "main",
        "v1",
        running.git("rev-parse", "HEAD^{tree}"),
        running.git("rev-parse", "HEAD")[:10],
    ]
    running.write(alpha=config(2))
    for name in names:
        assert running.call("plan", "--format", "json", "--base", name).origins == {"alpha": {"intended"}}
    settings = (running.path / "configs/reconciler.toml").read_text()
    running.settings(settings + f'base = "{RECORD}"\n')
    assert running.call("plan", "--format", "json").origins == {"alpha": {"intended"}}


@pytest.mark.parametrize(
    "ref", ["nowhere", "refs/reconciler/nowhere", "0" * 40, "-v", "--all", "", " ", "HEAD:configs/alpha.yaml"]
)
def test_a_base_that_does_not_resolve(running: Repository, live: Live, ref: str) -> None:
    live.requests.clear()
    for command in (["plan"], ["apply", "--yes"]):
        done = running.call(*command, "--format", "json", f"--base={ref}")
        assert (done.code, done.json["error"]["code"]) == (1, "git-failed")
    assert live.requests == []


def test_a_shallow_clone_without_the_base(
    running: Repository, live: Live, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = running.git("rev-parse", "HEAD~1")
    folder = tmp_path_factory.mktemp("shallow")
    running.git("clone", "--quiet", "--depth=1", running.path.as_uri(), str(folder))
    clone = Repository(folder)
    for ref in (first, RECORD):
        done = clone.call("plan", "--base", ref)
        assert done.code == 1
        assert "fetch" in done.stderr
    clone.git("fetch", "--quiet", "--depth=1", "origin", f"+{RECORD}:{RECORD}")
    assert clone.plan("--detailed-exitcode").code == 0


def test_a_file_that_is_not_committed_yet_is_planned_as_it_is(running: Repository) -> None:
    running.write(alpha=config(2))
    seen = running.plan()
    assert seen.origins == {"alpha": {"intended"}}
    assert seen.json["source"]["commit"] == running.git("rev-parse", "HEAD")


# ── the record ────────────────────────────────────────────────────────────────────────────────────────────────────


def _state(repository: Repository) -> dict[str, object]:
    """All of a repository that a record must leave alone."""
    return {
        "status": repository.git("status", "--porcelain=v2", "--branch", "--untracked-files=all"),
        "index": hashlib.sha256((repository.path / ".git/index").read_bytes()).hexdigest(),  # status refreshes it
        "head": repository.git("rev-parse", "HEAD"),
        "refs": [ref for ref in repository.git("for-each-ref").splitlines() if RECORD not in ref],
        "files": {str(path): path.read_bytes() for path in repository.path.rglob("configs/**/*") if path.is_file()},
    }


def test_a_record_touches_neither_index_nor_working_tree(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), staged=config(1), untracked=config(1))
    running.git("add", "configs/staged.yaml")
    running.write(staged=config(2))
    before = _state(running)
    assert running.apply().code == 0
    assert _state(running) == before
    assert recorded(running) == {
        "alpha": config(2),
        "beta": config(1),
        "staged": config(2),
        "untracked": config(1),
    }


def test_a_record_is_a_line_of_commits_with_files_alone(running: Repository, live: Live) -> None:
    running.file("README.md", "not a config\n")
    running.write(_draft="not: read\n", alpha=config(2))
    running.file(
        "configs/deep/er/gamma.json5", "\ufeff// as its author wrote it\n{defaultValue: {/* why */ value: 1}}\r\n"
    )
    running.merge()
    running.git("config", "core.autocrlf", "input")
    first = running.git("rev-parse", RECORD)
    assert running.apply().code == 0
    assert running.git("rev-parse", f"{RECORD}~2") == first, "one commit before the first write, one at the end"
    assert running.git("ls-tree", "-r", "--name-only", RECORD).splitlines() == [
        ".reconciler/record.json",
        "configs/alpha.yaml",
        "configs/beta.yaml",
        "configs/deep/er/gamma.json5",
    ]
    for path in ("configs/alpha.yaml", "configs/deep/er/gamma.json5"):
        assert running.git("rev-parse", f"{RECORD}:{path}") == running.git("rev-parse", f"HEAD:{path}"), "to the byte"
    message = running.git("log", "-1", "--format=%B", RECORD)
    assert "3 of 3 configs as applied to production" in message
    assert running.git("rev-parse", "HEAD") in message


def test_the_example_configs_are_recorded_to_the_byte(repository: Repository) -> None:
    """Every format, comments, variants, schemas: what was verified is what the file asks for."""
    shutil.copytree(TOP / "configs", repository.path / "configs", dirs_exist_ok=True)
    repository.merge()
    assert repository.call("apply", "--yes", "--target", "local", "--record", RECORD).code == 0
    tree = repository.git("ls-tree", "-r", RECORD).splitlines()
    at_head = repository.git("ls-tree", "-r", "HEAD", "configs").splitlines()
    skipped = ("configs/reconciler.toml", "configs/.config.schema.json")
    files = [line for line in tree if not line.endswith(".reconciler/record.json")]
    assert files == [line for line in at_head if not line.endswith(skipped)]


@pytest.mark.parametrize("why", ["refused", "over the limit", "unreachable", "expected otherwise", "with errors"])
def test_a_run_that_wrote_nothing_is_recorded_too(running: Repository, live: Live, why: str) -> None:
    before = running.recorded
    running.write(alpha=config(2))
    flags: list[str] = []
    if why == "refused":
        live.fail({"method": "POST", "always": True, "fault": {"kind": "status", "status": 403}})
    elif why == "unreachable":
        live.fail({"always": True, "fault": {"kind": "status", "status": 403}})
    elif why == "expected otherwise":
        flags = ["--expect", "sha256:0"]
    elif why == "with errors":
        live.create("template", isTemplate=True)
        running.write(template=config(2, isTemplate=False))
    else:
        for number in range(10):
            live.create(f"config{number}")
            running.write(**{f"config{number}": config(2)})
    parent = running.git("rev-parse", RECORD)
    assert running.apply(*flags).code in (1, 3, 4)
    assert parent in running.git("rev-list", "--max-count=2", f"{RECORD}^").splitlines()
    assert running.recorded == before
    assert sorted(live.written) == ["alpha", "beta"], "the first run's"


@pytest.mark.parametrize("file", [config(2), config(1, description="")], ids=["and updated", "and no more"])
def test_a_config_that_was_unarchived_is_recorded(running: Repository, live: Live, file: str) -> None:
    live.edit("alpha", status="Archived")
    running.write(alpha=file)
    held = running.apply()
    assert (held.code, recorded(running)["alpha"]) == (0, config(1)), "held, and so as it was"
    done = running.apply("--overwrite", "alpha")
    assert (done.code, live["alpha"]["status"]) == (0, "Enabled")
    assert recorded(running)["alpha"] == file


def test_what_is_equal_is_recorded_although_nothing_was_written(running: Repository, live: Live) -> None:
    live.create("equal", defaultValue={"value": 1})
    running.write(equal=config(1, description=""), alpha=config(2))
    assert running.call("apply", "--record", RECORD, "--base", RECORD).code == 4, "nobody confirmed"
    assert recorded(running) == {"alpha": config(1), "beta": config(1), "equal": config(1, description="")}


def test_a_record_without_a_base_keeps_what_the_last_one_knew(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    live.fail({"method": "POST", "path": "*/beta", "always": True, "fault": {"kind": "status", "status": 403}})
    assert running.call("apply", "--yes", "--record", RECORD).code == 6
    assert recorded(running) == {"alpha": config(2), "beta": config(1)}


def test_a_record_without_a_base_takes_the_last_record_as_its_base(running: Repository, live: Live) -> None:
    """Whoever forgets ``--base`` reverts nobody's hot-fix for it."""
    live.edit("alpha", defaultValue={"value": 7})
    running.write(beta=config(2))
    done = running.call("apply", "--yes", "--record", RECORD, "--format", "json")
    assert (done.code, done.statuses) == (0, {"alpha": "held", "beta": "verified"})
    assert value(live, "alpha") == 7


def test_comments_that_a_console_edit_dropped_are_written_again(repository: Repository, live: Live) -> None:
    """The value is kept as the message says, and nothing of theirs is lost by giving it its comments back."""
    path = repository.file("configs/alpha.json5", "{defaultValue: {\n  // in seconds\n  value: 1,\n}}\n")
    repository.merge()
    assert repository.apply().code == 0
    live.edit("alpha", defaultValue={"value": 7}, defaultValueJson5='{"value":7}')
    assert repository.plan().held == {"alpha": "drift"}
    path.write_text(path.read_text().replace("value: 1", "value: 7"))
    repository.merge()
    assert repository.plan().origins == {"alpha": {"intended"}}
    assert repository.apply().code == 0
    assert "// in seconds" in live["alpha"]["defaultValueJson5"]


def test_a_record_of_some_configs_leaves_the_others(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2), gamma=config(1))
    assert running.apply("--only", "beta").code == 0
    assert recorded(running) == {"alpha": config(1), "beta": config(2)}
    assert running.apply("--exclude", "gamma").code == 0
    assert recorded(running) == {"alpha": config(2), "beta": config(2)}


def test_a_saved_plan_is_recorded_as_what_it_wrote(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    assert running.plan("--out", str(running.path / "plan.json")).code == 0
    running.write(beta=config(3))
    done = running.call("apply", str(running.path / "plan.json"), "--record", RECORD)
    assert done.code == 0
    assert (value(live, "alpha"), value(live, "beta")) == (2, 2)
    assert recorded(running) == {"alpha": config(2), "beta": config(1)}, "beta's file of now was not what was applied"


@pytest.mark.parametrize(
    "ref", ["production", "heads/main", "refs/heads/main", "refs/a..b", "refs/reconciler/", "-x", "HEAD"]
)
def test_a_record_goes_to_a_ref_of_its_own(running: Repository, live: Live, ref: str) -> None:
    live.requests.clear()
    before = running.git("for-each-ref")
    done = running.call("apply", "--yes", "--format", "json", f"--record={ref}")
    assert (done.code, done.json["error"]["code"]) == (1, "git-failed")
    assert running.git("for-each-ref") == before
    assert live.requests == []


def test_a_record_that_fails_hides_nothing(running: Repository, live: Live) -> None:
    """Another process takes the ref while the run writes: what was written is still shown, and the run has failed."""
    running.write(alpha=config(2))
    lock = running.path / ".git/refs/reconciler/production.lock"
    live.before("POST", "/alpha", lock.touch)
    done = running.apply()
    assert (done.code, done.statuses) == (1, {"alpha": "verified"})
    assert done.json["error"]["code"] == "not-recorded"
    assert RECORD in done.stderr
    lock.unlink()
    assert running.apply().code == 0
    assert recorded(running)["alpha"] == config(2)


def test_paths_that_old_and_new_files_share(running: Repository, live: Live) -> None:
    """The file of alpha now holds another config; alpha itself, released, must keep its place in the base."""
    running.write(alpha=config(1, id="gamma"))
    running.merge()
    assert running.apply().code == 0
    assert sorted((running.recorded or {}).values()) == sorted([config(1), config(1), config(1, id="gamma")])
    assert running.plan().json["released"] == ["alpha"]
    assert running.apply().code == 0
    assert running.plan().json["released"] == ["alpha"], "and keeps it"


# ── where git is ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_outside_of_git(repository: Repository, live: Live) -> None:
    shutil.rmtree(repository.path / ".git")
    repository.write(alpha=config(1))
    seen = repository.call("plan", "--format", "json")
    assert (seen.code, seen.json["source"]) == (0, {"commit": None, "base": None})
    assert seen.json["changes"][0]["file"] == "configs/alpha.yaml"
    for flag in ("--base", "--record"):
        done = repository.call("apply", "--yes", flag, RECORD)
        assert done.code == 1
        assert "not in a git repository" in done.stderr
    assert live.written == []
    assert repository.call("apply", "--yes").code == 0


def test_a_repository_without_a_commit(repository: Repository, live: Live) -> None:
    shutil.rmtree(repository.path / ".git")
    repository.git("init", "--quiet", "--initial-branch", "main")
    repository.write(alpha=config(1))
    assert repository.plan().json["source"] == {"commit": None, "base": None}
    assert repository.apply().code == 0
    assert recorded(repository) == {"alpha": config(1)}


def test_from_a_folder_below_the_top(running: Repository, live: Live) -> None:
    running.write(alpha=config(2))
    below = Repository(running.path / "configs")
    done = below.call("plan", "--configs", ".", "--format", "json", "--base", RECORD)
    assert [one["file"] for one in done.json["changes"]] == ["configs/alpha.yaml"]
    assert done.origins == {"alpha": {"intended"}}


def test_the_variables_of_a_git_hook_lead_nowhere_else(running: Repository, live: Live) -> None:
    """A hook runs with GIT_DIR and GIT_INDEX_FILE set, perhaps for another repository."""
    running.write(alpha=config(2))
    running.env |= {"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere/index", "GIT_WORK_TREE": "/nowhere"}
    done = running.call("apply", "--yes", "--base", RECORD, "--record", RECORD)
    running.env.clear()
    assert done.code == 0
    assert recorded(running)["alpha"] == config(2)


def test_a_clean_repository_stays_clean(running: Repository) -> None:
    running.settings("[targets.local]\napi = 'emulator'\n")
    running.merge()
    assert running.call("apply", "--yes", "--target", "local", "--record", "refs/reconciler/local").code == 0
    assert running.git("status", "--porcelain") == ""


def test_a_base_that_todays_checks_refuse_is_read_all_the_same(running: Repository, live: Live) -> None:
    """A check that is tightened, in the pull request that mends the file, must not unprotect a hot-fix."""
    running.write(alpha="description: d\ndefaultValue: {value: yes}\n")
    running.merge()
    assert running.apply().code == 0
    live.edit("alpha", description="hot-fix")
    running.write(alpha='description: d\ndefaultValue: {value: "yes"}\n')
    text = (running.path / "configs/reconciler.toml").read_text()
    running.settings(text + '[checks]\nyaml-11-boolean = "error"\n')
    assert running.plan().held == {"alpha": "drift"}


def test_a_removed_file_that_cannot_be_parsed_any_more_is_released(repository: Repository, live: Live) -> None:
    repository.write(alpha="a: [\n", beta=config(1))
    repository.merge()
    base = repository.git("rev-parse", "HEAD")
    live.create("alpha")
    repository.remove("alpha")
    repository.merge()
    assert repository.call("plan", "--base", base, "--format", "json").json["released"] == ["alpha"]
    done = repository.call("apply", "--yes", "--base", base, "--record", RECORD)
    assert done.code == 0
    assert recorded(repository) == {"alpha": "a: [\n", "beta": config(1)}


def test_a_configs_folder_that_was_moved_keeps_its_base(running: Repository, live: Live) -> None:
    """Configs are matched by id, wherever the folder stands; what is held stays so in the next record too."""
    live.edit("alpha", defaultValue={"value": 7})
    running.git("mv", "configs", "elsewhere")
    running.git("commit", "-qm", "move")
    for _ in range(2):
        done = running.call(
            "apply", "--yes", "--configs", "elsewhere", "--base", RECORD, "--record", RECORD, "--format", "json"
        )
        assert (done.code, done.statuses) == (0, {"alpha": "held"})
    assert value(live, "alpha") == 7
    assert recorded(running) == {"alpha": config(1), "beta": config(1)}


def test_a_base_that_is_the_folder_itself(running: Repository, live: Live) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    folder = running.git("rev-parse", "HEAD:configs")
    assert running.call("plan", "--base", folder, "--format", "json").held == {"alpha": "drift"}


def test_a_saved_plan_is_recorded_as_the_commit_that_it_was_made_of(running: Repository, live: Live) -> None:
    running.write(alpha=config(2))
    running.merge()
    assert running.call("plan", "--base", RECORD, "--out", "plan.json").code == 0
    running.write(alpha=config(3))
    running.merge()
    assert running.call("apply", "plan.json", "--yes", "--record", RECORD).code == 0
    assert recorded(running) == {"alpha": config(2), "beta": config(1)}
    assert running.plan().origins == {"alpha": {"intended"}}


@pytest.mark.parametrize(("taken", "ref"), [("refs/r/p", "refs/r"), ("refs/r", "refs/r/p")])
def test_a_record_beside_a_ref_that_is_in_its_way(running: Repository, live: Live, taken: str, ref: str) -> None:
    running.git("update-ref", taken, "HEAD")
    running.write(alpha=config(2))
    before = live.written
    done = running.call("apply", "--yes", "--record", ref)
    assert (done.code, live.written) == (1, before)
    assert taken in done.stderr
