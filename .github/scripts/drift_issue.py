#!/usr/bin/env python3
"""Keeps one open issue a target while live configs differ from what was merged; closes it when they no longer do.

What only waits to be applied is no drift: it is some pull request's business already. The issue's text is edited in
place; a comment, which rings people's phones, is added only where the difference itself is another one.

In: OUT (the directory of plan.json and plan.md), TARGET, GH_TOKEN.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import github_api

LABEL = "config-drift"


def main() -> None:
    out, target = Path(os.environ["OUT"]), os.environ["TARGET"]
    drifted = drift(json.loads((out / "plan.json").read_text("utf-8")))
    # Found by author and marker, not by the label: people rename and remove labels.
    issue = github_api.ours(github_api.every("issues?state=open&per_page=100"), target)
    if drifted:
        report(issue, target, drifted, (out / "plan.md").read_text("utf-8"))
    elif issue is not None:
        close(issue)


def drift(plan: dict[str, Any]) -> list[str]:
    """The ids of the configs that someone may have changed elsewhere: all but the purely intended changes."""
    return [
        change["id"]
        for change in plan["changes"]
        if change["held"] or any(field["origin"] != "intended" for field in change["fields"])
    ]


def report(issue: dict[str, Any] | None, target: str, drifted: list[str], body: str) -> None:
    count = f"{len(drifted)} config{'s' if len(drifted) > 1 else ''}"
    text = {"title": f"Live and git differ in {target}: {count}", "body": body}
    if issue is None:
        github_api.call("POST", "issues", {**text, "labels": [LABEL]})
        return
    before, after = github_api.marked(issue["body"]), github_api.marked(body)
    if issue["body"] != body or issue["title"] != text["title"]:
        github_api.call("PATCH", f"issues/{issue['number']}", text)
    if before["digest"] != after["digest"]:
        note = f"The difference has changed; the text above is up to date ([log]({github_api.run_url()}))."
        github_api.call("POST", f"issues/{issue['number']}/comments", {"body": note})


def close(issue: dict[str, Any]) -> None:
    note = f"Live and git agree again ([log]({github_api.run_url()}))."
    github_api.call("POST", f"issues/{issue['number']}/comments", {"body": note})
    github_api.call("PATCH", f"issues/{issue['number']}", {"state": "closed", "state_reason": "completed"})


if __name__ == "__main__":
    main()
