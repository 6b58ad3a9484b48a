#!/usr/bin/env python3
"""Keeps one comment a target on a pull request: the plan as it stands now, never an older one.

In: PLAN (plan.md, absent where there is no plan), CHANGED (``false`` where the pull request touches no config),
TARGET, PULL_REQUEST, HEAD, GH_TOKEN.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

import github_api


def main() -> None:
    comments = f"issues/{os.environ['PULL_REQUEST']}/comments"
    mine = github_api.ours(github_api.every(f"{comments}?per_page=100"), os.environ["TARGET"])
    body = text()
    if mine is None:
        # A pull request that never touched a config is none of our business.
        if changed():
            github_api.call("POST", comments, {"body": body})
    elif mine["body"] != body:
        github_api.call("PATCH", f"issues/comments/{mine['id']}", {"body": body})


def changed() -> bool:
    return os.environ.get("CHANGED") != "false"


def text() -> str:
    """The plan, or else why there is none; always with the marker, so that the next run finds it."""
    plan = Path(os.environ["PLAN"])
    if not changed():
        return notice("no changes", "This pull request changes no config any more.")
    if plan.is_file():
        return plan.read_text("utf-8")
    return notice("no plan", f"The plan failed: [its log]({github_api.run_url()}) says why.")


def notice(what: str, why: str) -> str:
    target, head = os.environ["TARGET"], os.environ["HEAD"]
    marker = f"<!-- reconciler target={quote(target)} digest=none commit={head} -->"
    return f"{marker}\n### Dynamic configs → {target}: {what}\n\n{why}\n\ncommit {head[:12]}\n"


if __name__ == "__main__":
    main()
