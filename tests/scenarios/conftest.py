"""A project in a real git repository, whose target is a live project at a socket."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from harness import Done, Live, Project

RECORD = "refs/reconciler/production"
NOTES = ".reconciler/record.json"


@dataclass
class Repository(Project):
    """A project under git. ``merge`` is what a reviewed pull request leaves on the main branch."""

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=at or self.path,
            env=self.environ(_NOBODY),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def merge(self, message: str = "Change configs") -> str:
        """Commit all that is in the working tree."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def apply(self, *flags: str) -> Done:
        """What the pipeline does after a merge: against the last record, if there is one, and recording this run."""
        base = ["--base", RECORD] if self.recorded is not None else []
        return self.call("apply", "--yes", "--record", RECORD, "--format", "json", *base, *flags)

    def plan(self, *flags: str) -> Done:
        """What the next person sees."""
        base = ["--base", RECORD] if self.recorded is not None else []
        return self.call("plan", "--format", "json", *base, *flags)

    @property
    def recorded(self) -> dict[str, str] | None:
        """Path → content of the configs' files in the record's tree; None where there is no record."""
        if not self.git("for-each-ref", RECORD):
            return None
        paths = self.git("ls-tree", "-r", "--name-only", "--full-tree", RECORD).splitlines()
        return {path: self.git("show", f"{RECORD}:{path}") + "\n" for path in paths if path != NOTES}

    @property
    def notes(self) -> Any:
        """What the last run wrote down beside the files."""
        return json.loads(self.git("show", f"{RECORD}:{NOTES}"))


_NOBODY = {
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    **{f"GIT_{role}_{what}": "dev@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


@pytest.fixture
def repository(tmp_path: Path, live: Live) -> Repository:
    """A fresh repository with settings and no config."""
    made = Repository(tmp_path)
    made.settings(f'default_target = "production"\n[targets.production]\napi = "{live.url}"\n')
    made.git("init", "--quiet", "--initial-branch", "main")
    made.merge("Begin")
    return made
