"""``gh api`` for issues and comments, over a JSON file: enough of GitHub's REST API for the workflows' scripts."""

import json
import os
import re
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

PAGE = 100


def main(arguments: list[str]) -> None:
    assert arguments.pop(0) == "api", "the scripts use nothing but gh api"
    assert os.environ["GH_TOKEN"], "gh needs a token in CI"
    method, paginate, slurp, body, path = "GET", False, False, None, ""
    while arguments:
        argument = arguments.pop(0)
        if argument == "--method":
            method = arguments.pop(0)
        elif argument == "--input":
            assert arguments.pop(0) == "-"
            body = json.load(sys.stdin)
        elif argument == "--paginate":
            paginate = True
        elif argument == "--slurp":
            slurp = True
        else:
            path = argument
    file = Path(os.environ["STAND_IN_STATE"])
    state = json.loads(file.read_text("utf-8"))
    split = urlsplit(path)
    state["calls"].append(f"{method} {split.path}")
    answer = respond(state, method, split.path, body)
    if method == "GET":
        query = parse_qs(split.query)
        wanted = query.get("state")
        answer = [item for item in answer if wanted is None or item["state"] in wanted]
        size = min(int(query.get("per_page", ["30"])[0]), PAGE)
        pages = [answer[at : at + size] for at in range(0, len(answer), size)] or [[]]
        answer = pages if paginate and slurp else pages[0]
    file.write_text(json.dumps(state), "utf-8")
    sys.stdout.write(json.dumps(answer))


def respond(state: dict, method: str, path: str, body: dict | None):
    repository = "repos/northwind/shop/"
    assert path.startswith(repository), path
    path = path.removeprefix(repository)
    if body is not None and len(body.get("body", "")) > 65536:
        sys.exit("gh: Validation Failed (HTTP 422)")
    if method == "POST" and path == "issues":
        return add(state["issues"], {"state": "open", **body})
    if found := re.fullmatch(r"issues/(\d+)/comments", path):
        on = [comment for comment in state["comments"] if comment["on"] == int(found[1])]
        return add(state["comments"], {"on": int(found[1]), **body}) if method == "POST" else on
    if path == "issues":
        return state["issues"]
    if method == "PATCH" and (found := re.fullmatch(r"issues/comments/(\d+)", path)):
        return edit(state["comments"], int(found[1]), body)
    if method == "PATCH" and (found := re.fullmatch(r"issues/(\d+)", path)):
        return edit(state["issues"], int(found[1]), body)
    sys.exit(f"gh: Not Found (HTTP 404): {method} {path}")


def add(items: list, fields: dict) -> dict:
    number = 1 + max((item["id"] for item in items), default=0)
    items.append({"id": number, "number": number, "user": {"login": "github-actions[bot]"}, **fields})
    return items[-1]


def edit(items: list, number: int, fields: dict) -> dict:
    item = next(item for item in items if item["id"] == number)
    item.update(fields)
    return item


main(sys.argv[1:])
