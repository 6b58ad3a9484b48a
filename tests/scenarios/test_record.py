"""The record: what is about to be written is on it first, and nothing of it is lost, whatever happens to a run."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import CONFIGS, Done, Live, config

from .conftest import NOTES, RECORD, Repository


@pytest.fixture
def running(repository: Repository, live: Live) -> Repository:
    """Two configs, applied and recorded."""
    repository.write(alpha=config(1), beta=config(1))
    repository.merge()
    assert repository.apply().code == 0
    return repository


def value(live: Live, config_id: str) -> object:
    return live[config_id]["defaultValue"].get("value")


def killed(repository: Repository, live: Live, *, sent: bool) -> None:
    """An apply of alpha that ends without a word, before or after its one write was carried out."""
    before, as_it_was = repository.git("rev-parse", RECORD), live["alpha"]
    assert repository.apply().code == 0
    begun = repository.git("rev-parse", f"{RECORD}^")
    assert repository.git("rev-parse", f"{begun}^") == before
    repository.git("update-ref", RECORD, begun)
    if not sent:
        live.emulator.seed([as_it_was])


# ── a ref that cannot be used ─────────────────────────────────────────────────────────────────────────────────────


def ref_file(repository: Repository) -> Path:
    return repository.path / ".git" / RECORD


def lose(repository: Repository, expression: str) -> None:
    """Remove an object from the repository."""
    name = repository.git("rev-parse", expression)
    (repository.path / ".git/objects" / name[:2] / name[2:]).unlink()


BROKEN: dict[str, Callable[[Repository], object]] = {
    "zero length": lambda repository: ref_file(repository).write_text(""),
    "not a name": lambda repository: ref_file(repository).write_text("garbage\n"),
    "an object that is not here": lambda repository: ref_file(repository).write_text("12" * 20 + "\n"),
    "a lost commit": lambda repository: lose(repository, RECORD),
    "a lost tree": lambda repository: lose(repository, f"{RECORD}^{{tree}}"),
    "a lost folder": lambda repository: lose(repository, f"{RECORD}:configs"),
    "a lost file": lambda repository: lose(repository, f"{RECORD}:configs/beta.yaml"),
    "a lost note": lambda repository: lose(repository, f"{RECORD}:{NOTES}"),
    "a file": lambda repository: repository.git("update-ref", RECORD, repository.git("rev-parse", f"{RECORD}:{NOTES}")),
}


@pytest.mark.parametrize("break_it", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("flags", [["--record", RECORD], ["--base", RECORD], ["--base", RECORD, "--record", RECORD]])
def test_a_ref_that_cannot_be_read_is_never_no_record(
    running: Repository, live: Live, break_it: Callable[[Repository], object], flags: list[str]
) -> None:
    live.edit("alpha", defaultValue={"value": 7})
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    break_it(running)
    live.requests.clear()
    done = running.call("apply", "--yes", "--format", "json", *flags)
    assert (done.code, done.json["error"]["code"]) == (1, "git-failed")
    assert "Traceback" not in done.stderr
    assert live.requests == [], "nothing was sent"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": "9.0"}', "[" * 100_000])
def test_a_note_that_cannot_be_read_is_an_error(running: Repository, live: Live, text: str) -> None:
    blob = running.file("note", text)
    tree = running.git("ls-tree", f"{RECORD}:.reconciler").split("\t")[0].split()[2]
    entries = running.git("ls-tree", RECORD).replace(running.git("rev-parse", f"{RECORD}:.reconciler"), "NOTES")
    assert tree
    name = running.git("hash-object", "-w", str(blob))
    folder = mktree(running, f"100644 blob {name}\trecord.json\n")
    running.git("update-ref", RECORD, mktree(running, entries.replace("NOTES", folder) + "\n"))
    done = running.call("plan", "--base", RECORD)
    assert done.code == 1
    assert NOTES in done.stderr
    assert "Traceback" not in done.stderr


def mktree(repository: Repository, entries: str) -> str:
    file = repository.file(".git/entries", entries)
    return repository.git("-c", f"alias.make=!git mktree < {file}", "make")


def refuse(repository: Repository, name: str = "reference-transaction") -> None:
    hook = repository.file(f".git/hooks/{name}", "#!/bin/sh\nexit 1\n")
    hook.chmod(hook.stat().st_mode | stat.S_IXUSR)


@pytest.mark.parametrize("why", ["a left-over lock", "a hook that refuses"])
def test_a_ref_that_cannot_be_written_ends_the_run_before_its_first_write(
    running: Repository, live: Live, why: str
) -> None:
    running.write(alpha=config(2))
    running.merge()
    if why == "a left-over lock":
        ref_file(running).with_suffix(".lock").touch()
    else:
        refuse(running)
    done = running.apply()
    assert (done.code, done.json["error"]["code"]) == (1, "record-unwritable")
    assert value(live, "alpha") == 1


@pytest.mark.parametrize("kind", ["tree", "annotated tag", "tag of a tree"])
def test_a_tree_or_an_annotated_tag_is_a_base_and_is_followed(running: Repository, live: Live, kind: str) -> None:
    tree, commit = running.git("rev-parse", f"{RECORD}^{{tree}}"), running.git("rev-parse", RECORD)
    named = tree if kind == "tree" else _tag(running, commit if kind == "annotated tag" else tree)
    running.git("update-ref", RECORD, named)
    live.edit("alpha", defaultValue={"value": 7})
    running.write(beta=config(2))
    running.merge()
    done = running.apply()
    assert (done.code, done.statuses) == (0, {"alpha": "held", "beta": "verified"})
    parents = running.git("rev-list", "--parents", RECORD).splitlines()[1].split()[1:]
    assert parents == ([commit] if kind == "annotated tag" else [])


def _tag(repository: Repository, name: str) -> str:
    repository.git("tag", "--annotate", "--message", "m", "mark", name)
    return repository.git("rev-parse", "refs/tags/mark")


# ── two runs at once ──────────────────────────────────────────────────────────────────────────────────────────────


def other_run(repository: Repository) -> Done:
    """A whole run of somebody else on the same machine, for beta alone."""
    return repository.apply("--only", "beta")


def test_a_ref_that_moved_before_the_first_write_ends_the_run(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    live.before("GET", CONFIGS, lambda: other_run(running))
    done = running.apply("--only", "alpha")
    assert (done.code, done.json["error"]["code"]) == (1, "record-unwritable")
    assert (value(live, "alpha"), value(live, "beta")) == (1, 2)
    assert running.apply().code == 0
    assert running.plan("--detailed-exitcode").code == 0


def test_two_runs_that_write_at_once_lose_no_entry_of_each_other(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    live.before("POST", "/alpha", lambda: other_run(running))
    assert running.apply("--only", "alpha").statuses == {"alpha": "verified"}
    assert running.recorded == {"configs/alpha.yaml": config(2), "configs/beta.yaml": config(2)}
    assert running.notes["open"] == {}
    assert running.plan("--detailed-exitcode").code == 0


def test_what_another_run_could_not_write_stays_as_it_was(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    live.fail({"method": "POST", "path": "*/beta", "always": True, "fault": {"kind": "status", "status": 403}})
    live.before("POST", "/alpha", lambda: other_run(running))
    assert running.apply("--only", "alpha").statuses == {"alpha": "verified"}
    assert running.recorded == {"configs/alpha.yaml": config(2), "configs/beta.yaml": config(1)}


# ── killed at any moment, and then edited ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("sent", [True, False], ids=["after the write", "before the write"])
def test_after_a_kill_a_different_edit_is_not_held(running: Repository, live: Live, sent: bool) -> None:
    running.write(alpha=config(2))
    running.merge()
    killed(running, live, sent=sent)
    assert list(running.notes["open"]) == ["alpha"]
    running.write(alpha=config(3))
    running.merge()
    assert running.plan().origins == {"alpha": {"intended"}}
    assert running.apply().statuses == {"alpha": "verified"}
    assert running.notes["open"] == {}


def test_after_a_kill_an_edit_in_the_console_is_still_drift(running: Repository, live: Live) -> None:
    running.write(alpha=config(2))
    running.merge()
    killed(running, live, sent=True)
    live.edit("alpha", defaultValue={"value": 7})
    assert running.plan().held == {"alpha": "drift"}
    running.write(alpha=config(3))
    running.merge()
    assert running.plan().held == {"alpha": "conflict"}


def test_after_a_kill_the_old_state_put_back_by_hand_is_drift(running: Repository, live: Live) -> None:
    """Its fingerprint is what was planned against; its version is not."""
    running.write(alpha=config(2))
    running.merge()
    killed(running, live, sent=True)
    live.edit("alpha", defaultValue={"value": 1})
    assert running.plan().held == {"alpha": "drift"}


def test_after_a_kill_the_base_is_chosen_for_the_whole_config(running: Repository, live: Live) -> None:
    """The write did not happen, and somebody edited another field: that one alone is theirs."""
    running.write(alpha=config(2, description="new"))
    running.merge()
    killed(running, live, sent=True)
    live.edit("alpha", description="hers")
    seen = running.plan()
    assert [(one["path"], one["origin"]) for one in seen.json["changes"][0]["fields"]] == [("/description", "drift")]


def test_a_create_that_was_killed_and_then_edited(repository: Repository, live: Live) -> None:
    repository.write(alpha=config(1), beta=config(1))
    repository.merge()
    assert repository.apply().code == 0
    repository.git("update-ref", RECORD, f"{RECORD}^")
    assert repository.recorded == {}
    repository.write(alpha=config(2))
    repository.merge()
    assert repository.plan().origins == {"alpha": {"intended"}}
    repository.remove("alpha")
    repository.merge()
    assert repository.plan().json["released"] == ["alpha"], "it may have been created from a file"


@pytest.mark.parametrize("requests", [0, 1, 2])
def test_after_a_kill_while_unarchiving_nothing_of_our_own_is_held(
    running: Repository, live: Live, requests: int
) -> None:
    """Two requests: it may have been killed before, between and after them."""
    running.write(alpha=config(2))
    running.merge()
    live.edit("alpha", status="Archived")
    states = [live["alpha"]]
    live.before("POST", "/alpha", lambda: states.append(live["alpha"]))
    assert running.apply("--overwrite", "alpha").statuses == {"alpha": "verified"}
    states.append(live["alpha"])
    running.git("update-ref", RECORD, f"{RECORD}^")
    live.emulator.seed([states[requests]])
    running.write(alpha=config(3))
    running.merge()
    assert running.plan().held == ({"alpha": "archived"} if requests == 0 else {})
    assert running.apply("--overwrite", "alpha").statuses == {"alpha": "verified"}
    assert (value(live, "alpha"), live["alpha"]["status"]) == (3, "Enabled")
    assert running.plan("--detailed-exitcode").code == 0


def test_a_write_in_doubt_stays_open_and_one_that_was_refused_does_not(running: Repository, live: Live) -> None:
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    live.fail({"method": "POST", "path": "*/beta", "always": True, "fault": {"kind": "status", "status": 403}})
    assert running.apply().statuses == {"alpha": "verified", "beta": "failed"}
    assert running.notes["open"] == {}, "nothing was sent for beta that could have been carried out"
    assert running.notes["versions"] == {"alpha": 2, "beta": 1}


def test_an_entry_that_is_not_reached_again_stays_as_it_was(running: Repository, live: Live) -> None:
    """The write in doubt was of value 2. The next run, of value 3, is refused: value 2 may still be what is live."""
    running.write(alpha=config(2))
    running.merge()
    killed(running, live, sent=True)
    [entry] = running.notes["open"].values()
    running.write(alpha=config(3))
    running.merge()
    live.fail({"method": "POST", "always": True, "fault": {"kind": "status", "status": 403}})
    assert running.apply().statuses == {"alpha": "failed"}
    assert running.notes["open"] == {"alpha": entry}
    live.fail()
    running.write(alpha=config(4))
    running.merge()
    assert running.apply().statuses == {"alpha": "verified"}


# ── what the record is of ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_record_names_its_project_and_is_not_written_for_another(
    running: Repository, live: Live, tmp_path: Path
) -> None:
    """Somebody changed the target's ``api`` to the emulator: production's record must not follow."""
    assert running.notes["target"] == {"api_url": live.url}
    before = running.git("rev-parse", RECORD)
    running.settings('default_target = "production"\n[targets.production]\napi = "emulator"\n')
    running.write(alpha=config(2))
    running.merge()
    done = running.apply()
    assert (done.code, done.json["error"]["code"]) == (4, "record-of-another-target")
    assert running.git("rev-parse", RECORD) == before
    seen = running.plan()
    assert seen.code == 0
    assert "base-of-another-target" in [one["code"] for one in seen.json["diagnostics"]]


def test_a_record_without_a_url_gains_one(running: Repository, live: Live) -> None:
    """One that an earlier version wrote: files alone."""
    tree = mktree(running, running.git("ls-tree", RECORD, "configs") + "\n")
    running.git("update-ref", RECORD, tree)
    running.write(alpha=config(2))
    running.merge()
    assert running.apply().statuses == {"alpha": "verified"}
    assert running.notes["target"] == {"api_url": live.url}


def test_files_that_are_older_than_the_record_revert_nothing(running: Repository, live: Live) -> None:
    older = running.git("rev-parse", "HEAD")
    running.write(alpha=config(2))
    newer = running.merge()
    assert running.apply().code == 0
    running.git("checkout", "--quiet", older)
    seen = running.plan()
    assert seen.code == 0
    assert "older-than-record" in [one["code"] for one in seen.json["diagnostics"]]
    for _ in range(2):  # what is refused is recorded too, and must not take the record back
        done = running.apply()
        assert (done.code, done.json["error"]["code"]) == (4, "files-older-than-record")
    assert (value(live, "alpha"), running.notes["source"]) == (2, newer)

    running.git("checkout", "--quiet", newer)
    running.git("revert", "--no-edit", newer)
    assert running.apply().statuses == {"alpha": "verified"}
    assert value(live, "alpha") == 1


@pytest.mark.parametrize("flags", [["--expect", "sha256:0"], []], ids=["refused", "nobody to confirm"])
def test_a_run_that_was_refused_makes_nothing_else_older(running: Repository, live: Live, flags: list[str]) -> None:
    """A branch was about to be applied and was not: what it says was never applied."""
    running.git("checkout", "--quiet", "-b", "work")
    running.write(alpha=config(3))
    running.merge()
    yes = ["--yes"] if flags else []
    assert running.call("apply", *yes, "--base", RECORD, "--record", RECORD, *flags).code == 4
    running.git("checkout", "--quiet", "main")
    running.write(beta=config(2))
    assert "older-than-record" not in [one["code"] for one in running.plan().json["diagnostics"]]
    assert running.apply().statuses == {"beta": "verified"}


def test_the_first_record_of_a_project_that_is_live_says_what_it_cannot_see(repository: Repository, live: Live) -> None:
    live.create("alpha", defaultValue={"value": 9})
    repository.write(alpha=config(1), beta=config(1))
    repository.merge()
    assert f"{RECORD} is not in this repository yet" in repository.apply().stderr
    repository.write(alpha=config(2))
    repository.merge()
    assert "not in this repository" not in repository.apply().stderr


def test_files_that_were_found_equal_count_as_applied(running: Repository, live: Live) -> None:
    """A hot-fix that was taken over: nothing was written, and from the commit before it the fix must not be lost."""
    older = running.git("rev-parse", "HEAD")
    live.edit("alpha", defaultValue={"value": 7})
    running.write(alpha=config(7))
    running.merge()
    assert running.apply().json["results"] == []
    running.git("checkout", "--quiet", older)
    assert running.apply().json["error"]["code"] == "files-older-than-record"


@pytest.mark.parametrize("break_it", ["zero length", "not a name", "an object that is not here", "a lost commit"])
def test_the_way_out_of_a_broken_ref_leads_out(running: Repository, live: Live, remote: Path, break_it: str) -> None:
    as_it_was = running.git("rev-parse", RECORD)
    BROKEN[break_it](running)
    done = running.call("plan", "--base", RECORD)
    assert done.code == 1
    advice = done.stderr.strip().rpartition("fetch it again: ")[2].partition("\n")[0]
    first, _, second = advice.partition(" && ")
    assert second == f"git fetch origin +{RECORD}:{RECORD}"
    if first.startswith("rm "):
        (running.path / first.removeprefix("rm ")).unlink()
    else:
        running.git(*first.split()[1:])
    running.git(*second.split()[1:])
    assert running.git("rev-parse", RECORD) == as_it_was
    assert running.plan("--detailed-exitcode").code == 0


def test_a_plan_against_a_record_names_the_command_that_records(running: Repository, live: Live) -> None:
    running.write(alpha=config(2))
    running.merge()
    shown = running.call("plan", "--base", RECORD).stdout
    assert f"To carry it out: reconciler apply --record {RECORD}" in " ".join(shown.split())
    text = (running.path / "configs/reconciler.toml").read_text()
    running.settings(text + f'base = "{RECORD}"\n')
    assert f"reconciler apply --record {RECORD}" in " ".join(running.call("plan").stdout.split())
    assert "--record" not in running.call("plan", "--base", "HEAD~1").stdout


def test_a_branch_beside_what_was_applied_is_not_older(running: Repository, live: Live) -> None:
    older = running.git("rev-parse", "HEAD")
    running.write(alpha=config(2))
    running.merge()
    assert running.apply().code == 0
    running.git("checkout", "--quiet", "-b", "work", older)
    running.write(beta=config(3))
    running.merge()
    assert "older-than-record" not in [one["code"] for one in running.plan().json["diagnostics"]]


def test_a_run_that_records_nothing_says_what_that_means(running: Repository, live: Live) -> None:
    running.write(alpha=config(2))
    running.merge()
    done = running.call("apply", "--yes", "--base", RECORD)
    assert done.code == 0
    assert "is not recorded" in done.stderr
    assert "--record" in done.stderr
    assert "is not recorded" not in running.call("apply", "--yes", "--base", RECORD).stderr, "there is nothing to write"


# ── a record that outlasts its runner ─────────────────────────────────────────────────────────────────────────────

PUSH = ("--push-record", "origin")


@pytest.fixture
def remote(running: Repository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("remote")
    running.git("clone", "--quiet", "--bare", str(running.path), str(path))
    running.git("remote", "add", "origin", str(path))
    running.git("push", "--quiet", "origin", f"{RECORD}:{RECORD}")
    return path


def at_remote(repository: Repository, remote: Path) -> str:
    return repository.git("rev-parse", RECORD, at=remote)


def test_a_record_is_pushed_before_the_first_write_and_last(running: Repository, live: Live, remote: Path) -> None:
    running.write(alpha=config(2))
    running.merge()
    pushed: list[str] = []
    live.before("POST", "/alpha", lambda: pushed.append(at_remote(running, remote)))
    assert running.apply(*PUSH).code == 0
    assert pushed == [running.git("rev-parse", f"{RECORD}^")]
    assert at_remote(running, remote) == running.git("rev-parse", RECORD)


def test_a_runner_that_remembers_nothing_fetches_first(
    running: Repository, live: Live, remote: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    running.write(alpha=config(2))
    running.merge()
    running.git("push", "--quiet", "origin", "main")
    folder = tmp_path_factory.mktemp("runner")
    running.git("clone", "--quiet", "--depth=1", remote.as_uri(), str(folder))
    runner = Repository(folder)
    live.edit("beta", defaultValue={"value": 7})
    done = runner.call("apply", "--yes", "--record", RECORD, *PUSH, "--format", "json")
    assert (done.code, done.statuses) == (0, {"alpha": "verified", "beta": "held"})
    assert at_remote(runner, remote) == runner.git("rev-parse", RECORD)


@pytest.mark.parametrize("why", ["the remote is not there", "a hook that refuses"])
def test_a_fetch_or_push_that_is_refused_ends_the_run_before_its_first_write(
    running: Repository, live: Live, remote: Path, why: str
) -> None:
    running.write(alpha=config(2))
    running.merge()
    if why == "the remote is not there":
        shutil.rmtree(remote)
    else:
        hook = remote / "hooks/pre-receive"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
    done = running.apply(*PUSH)
    code = "record-unwritable" if why == "a hook that refuses" else "git-failed"
    assert (done.code, done.json["error"]["code"]) == (1, code)
    assert value(live, "alpha") == 1


def test_what_was_recorded_at_the_remote_meanwhile_is_kept(
    running: Repository, live: Live, remote: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    running.write(alpha=config(2), beta=config(2))
    running.merge()
    running.git("push", "--quiet", "origin", "main")
    folder = tmp_path_factory.mktemp("runner")
    running.git("clone", "--quiet", str(remote), str(folder))
    runner = Repository(folder)
    flags = ("apply", "--yes", "--record", RECORD, *PUSH, "--format", "json", "--only")
    live.before("POST", "/alpha", lambda: runner.call(*flags, "beta"))
    assert running.call(*flags, "alpha").statuses == {"alpha": "verified"}
    assert at_remote(running, remote) == running.git("rev-parse", RECORD)
    assert running.recorded == {"configs/alpha.yaml": config(2), "configs/beta.yaml": config(2)}
    assert (running.notes["open"], running.plan("--detailed-exitcode").code) == ({}, 0)


def test_a_remote_branch_with_a_longer_name_is_not_the_record(running: Repository, live: Live, remote: Path) -> None:
    branches = [f"refs/heads/x/{RECORD}", f"refs/heads/{RECORD}"]
    for branch in branches:
        running.git("update-ref", branch, "HEAD", at=remote)
    running.git("update-ref", "-d", RECORD, at=remote)
    before = running.git("rev-parse", *branches, at=remote)
    running.write(alpha=config(2))
    running.merge()
    assert running.apply(*PUSH).code == 0
    assert at_remote(running, remote) == running.git("rev-parse", RECORD)
    assert running.git("rev-parse", *branches, at=remote) == before
    assert "outgoing" not in running.git("for-each-ref") + running.git("for-each-ref", at=remote)


def test_where_a_record_is_pushed_needs_a_record(running: Repository) -> None:
    assert running.call("apply", "--yes", *PUSH).code == 64


# ── reading a base ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("flags", [["--base", "HEAD"], ["--record", RECORD]])
def test_a_repository_of_another_owner_is_named_by_git_itself(
    running: Repository, live: Live, flags: list[str]
) -> None:
    live.requests.clear()
    done = running.call("apply", "--yes", *flags, env={"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"})
    assert done.code == 1
    assert "safe.directory" in done.stderr
    assert "leave" not in done.stderr
    assert live.requests == []


def test_a_base_without_todays_folder_takes_no_other_yaml_for_a_config(running: Repository, live: Live) -> None:
    """A monorepo of before the configs came: its manifests and values are not configs that were released."""
    running.git("checkout", "--quiet", "--orphan", "monorepo")
    running.git("rm", "--quiet", "-r", "--cached", ".")
    for name in ("apps/shop/alpha.yaml", "apps/shop/legacy.yaml", "charts/values.yaml", "package.json"):
        running.file(name, "a: 1\n")
        running.git("add", name)
    running.git("commit", "--quiet", "--message", "monorepo")
    base = running.git("rev-parse", "HEAD")
    running.write(**{f"config_{number}": config(1) for number in range(4)})
    live.create("legacy")
    live.create("values")
    seen = running.call("plan", "--base", base, "--format", "json")
    assert (seen.json["released"], seen.json["unmanaged"]) == ([], ["legacy", "values"])


def test_nothing_but_configs_is_read_for_a_base(running: Repository, live: Live) -> None:
    """However much else there is, and of whatever size: here all of it has even been lost."""
    others = ["large.json", "apps/values.yaml", "photo.png"]
    for name in others:
        running.file(name, f"{name}: 1\n")
    base = running.merge()
    for name in others:
        lose(running, f"HEAD:{name}")
    running.git("mv", "configs", "elsewhere")
    done = running.call("plan", "--configs", "elsewhere", "--base", base, "--detailed-exitcode")
    assert (done.code, done.stderr) == (0, "")
