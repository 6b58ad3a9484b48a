"""What the sticky comment and the drift issue share: calls through `gh`, and the marker that finds our own text again.

Only the standard library: a job that may write to pull requests installs nothing.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import Any
from urllib.parse import unquote

AUTHOR = "github-actions[bot]"
"""Who `GITHUB_TOKEN` writes as. A text by anyone else is not ours, whatever it says."""

_MARKER = re.compile(r"<!-- reconciler\b(?P<facts>[^>]*)-->")


def call(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """One call of GitHub's REST API; ``path`` begins behind ``repos/OWNER/NAME/``."""
    command = ["gh", "api", "--method", method, _full(path)]
    if body is None:
        return _run(command)
    return _run([*command, "--input", "-"], json.dumps(body))


def every(path: str) -> list[dict[str, Any]]:
    """All items of a list, over all of its pages."""
    return [item for page in _run(["gh", "api", "--paginate", "--slurp", _full(path)]) for item in page]


def marked(text: str) -> dict[str, str]:
    """What the hidden marker in a text's first line says: target, digest and commit; empty without one.

    Further down is config text, which may hold what only looks like a marker.
    """
    found = _MARKER.match(text)
    facts = [fact.partition("=") for fact in found["facts"].split()] if found else []
    return {key: unquote(value) for key, _, value in facts}


def ours(items: list[dict[str, Any]], target: str) -> dict[str, Any] | None:
    """The comment or issue that an earlier run wrote for this target."""
    author = os.environ.get("AUTHOR", AUTHOR)
    for item in items:
        if item["user"]["login"] == author and marked(item.get("body") or "").get("target") == target:
            return item
    return None


def run_url() -> str:
    """Where the log of this run is."""
    return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format(**os.environ)


def _full(path: str) -> str:
    return f"repos/{os.environ['GITHUB_REPOSITORY']}/{path}"


def _run(command: list[str], stdin: str | None = None) -> Any:
    done = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout) if done.stdout.strip() else None
