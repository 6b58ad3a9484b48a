"""The disk is full: no file is left in halves, and what became of the changes is told all the same.

A limit on the size of files stands for it: the process, and every git that it starts, can create files and write
nothing into them.
"""

from __future__ import annotations

import subprocess

from harness import KEY, Done

from faults.world import World

FULL = 'ulimit -f 0; exec "$@"'
RECORD = "refs/reconciler/production"


def full(world: World, *arguments: str) -> Done:
    done = world.project.run(*arguments, via=FULL)
    said = done.stdout + done.stderr
    assert KEY not in said
    assert "Traceback" not in said
    assert "internal" not in said
    return done


def under_git(world: World) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=world.project.path, env=world.project.environ(), check=True)


def test_a_plan_that_cannot_be_saved_leaves_the_one_before_as_it_was() -> None:
    with World() as world:
        assert world.call("plan", "--out", "plan.json").code == 0
        before = (world.project.path / "plan.json").read_bytes()
        names = sorted(world.project.path.iterdir())
        world.edit(world.updates[0], description="hers")
        done = full(world, "plan", "--out", "plan.json", "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (1, "file-unwritable")
        assert "plan.json could not be written" in done.json["error"]["message"]
        assert (world.project.path / "plan.json").read_bytes() == before
        assert sorted(world.project.path.iterdir()) == names, "what was begun beside it is gone"
        assert world.live.audit() == []


def test_where_no_record_can_be_written_no_config_is() -> None:
    with World() as world:
        under_git(world)
        done = full(world, "apply", "--yes", "--record", RECORD, "--format", "json")
        assert (done.code, done.json["error"]["code"]) == (1, "record-unwritable")
        assert f"{RECORD} cannot be written, so no config was" in done.stderr
        assert world.live.audit() == []

        again = world.apply("--record", RECORD)
        assert again.code == 0
        assert len(world.live.audit()) == len([*world.updates, *world.creates])
