"""A life of plans, applies, edits, crashes and faults in any order (a hypothesis state machine).

Whatever came before: nothing is created twice, configs without a file stay as they are, what files do not speak of
survives, no edit of the console is lost unless a plan showed it or the run tells of it, and a second apply writes
nothing.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from typing import Any

from harness import CONFIGS, KEY, Done, config
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from faults.world import CREATE, GET, LIST, UNMANAGED, UPDATE, World

NAMES = ["alpha", "beta", "gamma", "delta"]
names = st.sampled_from(NAMES)
faults = st.lists(
    st.builds(
        lambda where, nth, fault: {**where, "nth": [nth], "fault": fault},
        st.sampled_from([LIST, GET, CREATE, UPDATE]),
        st.integers(1, 4),
        st.sampled_from(
            [
                {"kind": "reset_before"},
                {"kind": "reset_after"},
                {"kind": "status", "status": 503},
                {"kind": "status", "status": 503, "commit": True},
                {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
                {"kind": "status", "status": 403},
                {"kind": "status", "status": 400},
                {"kind": "html", "commit": True},
                {"kind": "cut_body"},
            ]
        ),
    ),
    max_size=4,
)


class Life(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 1000))
    def begin(self, seed: int) -> None:
        self.world = World(updates=0, creates=0, same=0, seed=seed)
        self.numbers = itertools.count(1)
        self.files: dict[str, int] = {}
        self.tags: dict[str, list[str]] = {}
        self.unmanaged = self.world[UNMANAGED]
        self.hers: dict[str, int] = {}  # what the console wrote last, where it was not written over since

    def teardown(self) -> None:
        self.world.__exit__(None, None, None)

    # ── what people do ────────────────────────────────────────────────────────────────────────────────────────────

    @rule(name=names)
    def edit_a_file(self, name: str) -> None:
        self.files[name] = next(self.numbers)
        self.world.project.write(**{name: config(self.files[name])})

    @rule(name=names, tags=st.booleans())
    def edit_in_the_console(self, name: str, tags: bool) -> None:
        if self.world.value(name) is not None:
            self._edit(name, tags)

    @rule(seconds=st.floats(0, 2000))
    def wait(self, seconds: float) -> None:
        self.world.clock.sleep(seconds)

    @precondition(lambda self: self.files)
    @rule()
    def save_a_plan(self) -> None:
        assert self.world.call("plan", "--out", "plan.json").code == 0

    @precondition(lambda self: (self.world.project.path / "plan.json").exists())
    @rule(faults=faults, late=st.lists(st.floats(0, 60), max_size=1))
    def apply_the_saved_plan(self, faults: list[dict[str, Any]], late: list[float]) -> None:
        shown = json.loads((self.world.project.path / "plan.json").read_text())
        self._apply(shown, "plan.json", faults=faults, late=late)

    @precondition(lambda self: self.files)
    @rule(faults=faults, late=st.lists(st.floats(0, 60), max_size=1), edit=names, nth=st.integers(0, 3))
    def apply(self, faults: list[dict[str, Any]], late: list[float], edit: str, nth: int) -> None:
        shown = self.world.call("plan", "--format", "json").json
        countdown = itertools.count()

        def meet(_method: str, path: str) -> None:
            if path == f"{CONFIGS}/{edit}" and self.world.value(edit) is not None and next(countdown) + 1 == nth:
                self._edit(edit, tags=False)

        self.world.before = meet
        self._apply(shown, faults=faults, late=late)

    @precondition(lambda self: self.files)
    @rule(nth=st.integers(1, 4), kind=st.sampled_from(["reset_before", "reset_after"]))
    def crash(self, nth: int, kind: str) -> None:
        """Killed at its nth write: from then on nothing of the run reaches the server, and nobody reads its output."""
        written = itertools.count(1)

        def meet(method: str, _path: str) -> None:
            if method == "POST" and next(written) == nth:
                self.world.be_gone_after_this()

        self.world.before = meet
        self.world.fail({"method": "POST", "nth": [nth], "fault": {"kind": kind}})
        self.world.apply()
        self._behave()

    @precondition(lambda self: self.files)
    @rule()
    def apply_twice(self) -> None:
        self.world.live.catch_up(until=float("inf"))
        first = self.world.apply()
        assert first.code == 0, first.stdout + first.stderr
        assert {name: self.world.value(name) for name in self.files} == self.files
        writes = len(self.world.live.audit())
        second = self.world.apply()
        assert (second.code, second.json["results"], len(self.world.live.audit())) == (0, [], writes)
        self._forget_what_is_gone()

    # ── what must hold ────────────────────────────────────────────────────────────────────────────────────────────

    @invariant()
    def nothing_is_created_twice(self) -> None:
        created = Counter(entry["id"] for entry in self.world.live.audit() if entry["path"] == CONFIGS)
        assert not created or max(created.values()) == 1

    @invariant()
    def configs_without_a_file_are_untouched(self) -> None:
        assert self.world[UNMANAGED] == self.unmanaged

    @invariant()
    def what_no_file_speaks_of_survives(self) -> None:
        for name, tags in self.tags.items():
            assert self.world[name]["tags"] == tags

    # ── how ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _edit(self, name: str, tags: bool) -> None:
        if tags:
            self.tags[name] = [f"hers_{next(self.numbers)}"]
            self.world.edit(name, tags=self.tags[name])
        else:
            self.hers[name] = -next(self.numbers)
            self.world.edit(name, defaultValue={"value": self.hers[name]})

    def _behave(self) -> None:
        self.world.before = lambda _method, _path: None
        self.world.fail()
        self.world.live.put_off("")
        self._forget_what_is_gone()

    def _apply(self, shown: dict[str, Any], *arguments: str, faults: list[dict[str, Any]], late: list[float]) -> None:
        self.world.fail(*faults)
        self.world.live.put_off(CONFIGS, *late)
        done = self.world.apply(*arguments)
        self._is_told(shown, done)
        self._behave()

    def _is_told(self, shown: dict[str, Any], done: Done) -> None:
        """Each edit of the console is live still, or the plan showed it, or the run tells of its config."""
        assert KEY not in done.stdout + done.stderr
        assert "internal" not in done.stdout + done.stderr
        seen = {
            change["id"]: [field["before"] for field in change["fields"] if field["path"] == "/defaultValue/value"]
            for change in shown["changes"]
        }
        statuses = {one["id"]: one["status"] for one in done.json.get("results", [])}
        for name, status in statuses.items():
            if status == "verified" and name in self.hers and self.world.value(name) != self.hers[name]:
                assert self.hers[name] in seen[name], f"{name}: {self.hers[name]} of the console was lost unseen"
        for name, value in self.hers.items():
            if self.world.value(name) != value:
                assert name in statuses, f"{name} was written, and the run does not speak of it"

    def _forget_what_is_gone(self) -> None:
        for name in [name for name, value in self.hers.items() if self.world.value(name) != value]:
            del self.hers[name]


TestLife = Life.TestCase
TestLife.settings = settings(
    max_examples=40, stateful_step_count=16, deadline=None, suppress_health_check=list(HealthCheck)
)
