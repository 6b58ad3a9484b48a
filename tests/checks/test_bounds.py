"""Files below the size limit that ask for much: time, memory and what is printed stay small, and nothing is hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness import Done, Project

SECONDS = 20
"""Processor time, far above the 5 seconds that are promised: a busy machine must not fail the tests."""

MEGABYTES = 400
PRINTED = 1_000_000

_LIMITED = f"""
import resource, sys
from reconciler.cli import main

resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
code = main(sys.argv[1:])
sys.stdout.flush()
with open("/proc/self/status") as status:  # what getrusage says begins with the size of the process that forked
    peak = next((int(line.split()[1]) for line in status if line.startswith("VmHWM")), 0)
assert peak < {MEGABYTES} * 1024, f"{{peak / 1024}} MB"
sys.exit(code)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / ".git").mkdir()
    return Project(tmp_path)


def rules(count: int, **rule: Any) -> list[dict[str, Any]]:
    shared = {"passPercentage": 100, "conditions": [{"type": "email", "operator": "any", "targetValue": ["a"]}]}
    return [{"name": f"r{n}", **shared, **rule} for n in range(count)]


def a_list(items: Any, values: list[Any]) -> dict[str, Any]:
    return {"schema": {"properties": {"a": {"items": items}}}, "defaultValue": {"a": values}}


def validate(project: Project, config: Any, output: str, **layout: Any) -> Done:
    """Validate one file, within limits of time and memory."""
    text = json.dumps(config, ensure_ascii=False, **(layout or {"separators": (",", ":")}))
    assert len(text.encode()) < 1 << 20
    project.file("configs/hostile.json", text)
    return project.run("validate", "--format", output, program=_LIMITED)


LONG = "x" * 300_000

MANY = {
    "5,000 values that do not meet the schema": a_list({"type": "string"}, [*range(5000)]),
    "1,000 rules that do not meet the schema": {
        "schema": {"required": ["b"], "properties": {"a": {"type": "string"}}},
        "rules": rules(1000, returnValue={"a": 1}),
    },
    "900 keywords that each find something": {
        "schema": {"allOf": [{"required": [f"x{n}"]} for n in range(900)]},
        "defaultValue": {},
    },
    "60,000 rules that say nothing": {"rules": [{}] * 60_000},
    "20,000 conditions": {
        "rules": [
            {"name": "abc", "passPercentage": 1, "conditions": [{"type": "email", "operator": "is"}] * 20_000},
        ]
    },
    "5,000 twins that differ": {"rules": rules(5000, returnValue={}, returnValueJson5="{a:1}")},
    "9,000 references that lead out": {
        "schema": {"properties": {f"k{n}": {"$ref": f"http://a/{n}"} for n in range(9000)}}
    },
    "19,000 unknown keys": {"k" * 30 + str(n): 1 for n in range(19_000)},
    "names of 300 kB": {
        "id": LONG,
        "rules": [{"name": LONG, "passPercentage": 0.001, "conditions": [{"type": "email", "operator": LONG}]}]
        + [{}] * 500,
    },
    "a key of 300 kB": {LONG: {LONG: 1}, "defaultValue": {LONG: [10**17] * 10}},
    "texts that are drawn escaped": {"\u202e\u0001" * 20 + str(n): 1 for n in range(2_000)},
    "a list with one item of another kind": {
        "rules": rules(1, conditions=[{"type": "email", "operator": "any", "targetValue": [True] * 90_000}])
    },
}


@pytest.mark.parametrize("output", ["json", "github"])  # which holds the text form too
@pytest.mark.parametrize("name", MANY)
def test_many_findings_are_cut_to_what_can_be_read(project: Project, name: str, output: str) -> None:
    done = validate(project, MANY[name], output)
    assert (done.code, done.stderr) == (3, "")
    assert 0 < len(done.stdout.encode()) < PRINTED


def test_many_findings_on_many_lines(project: Project) -> None:
    for output in ("text", "json", "github"):
        done = validate(project, {"rules": [{}] * 20_000}, output, indent=1)
        assert (done.code, done.stderr) == (3, "")
        assert len(done.stdout.encode()) < PRINTED


def test_those_that_are_not_shown_are_counted_and_hide_no_other_kind(project: Project) -> None:
    found = validate(project, {"rules": rules(5000, environments=[], passPercentage=0.001)}, "json").json
    codes = [one["code"] for one in found["diagnostics"]]
    [rest] = [one for one in found["diagnostics"] if one["code"] == "too-many-findings"]
    more = 10_001 - (len(codes) - 1)
    assert rest["message"] == f"and {more:,} more findings in this file, the first of them here"
    assert {"payload-too-large", "percentage-step", "environments-empty"} <= set(codes)
    assert rest["line"] == 1
    assert rest["column"] > 1


def test_what_is_not_shown_and_only_warned_of_is_no_error(project: Project) -> None:
    config = {"rules": rules(3000, environments=[])}
    done = validate(project, config, "json")
    assert done.code == 0
    assert done.json["diagnostics"][-1]["severity"] == "warning"
    project.settings(
        '[checks]\nenvironments-empty = "off"\nrule-conditions-repeated = "off"\npayload-too-large = "off"\n'
    )
    assert validate(project, config, "json").json["diagnostics"] == []


def test_a_dozen_values_are_named_and_the_others_counted(project: Project) -> None:
    config = {"schema": {"required": ["b"]}, "defaultValue": {"b": 1}, "rules": rules(1000, returnValue={})}
    found = [
        one for one in validate(project, config, "json").json["diagnostics"] if one["code"] == "value-against-schema"
    ]
    assert [one["path"] for one in found] == [f"/rules/{n}/returnValue/b" for n in range(12)]
    assert ["and" in one["message"] for one in found] == [False] * 11 + [True]
    assert found[-1]["message"].endswith("; and 988 more do not meet it either")


def test_no_more_keywords_are_named_than_can_be_read_and_the_others_are_counted(project: Project) -> None:
    schema = {"allOf": [{"required": [f"x{n}"]} for n in range(1500)]}
    found = validate(project, {"schema": schema, "defaultValue": {}}, "json").json["diagnostics"]
    named = [one for one in found if one["code"] == "value-against-schema"]
    assert len({one["path"] for one in named}) == len(named) == 1000
    assert sum("; and 500 more do not meet other parts of the schema" in one["message"] for one in named) == 1


def test_the_part_of_a_schema_that_was_given_up_on_is_named(project: Project) -> None:
    config = a_list({"enum": [*range(9000)]}, [-1] * 12_000)
    [given_up, wrong] = validate(project, config, "json", indent=1).json["diagnostics"]
    assert (wrong["code"], wrong["path"]) == ("value-against-schema", "/defaultValue/a/0")
    assert given_up["severity"] == "warning"
    assert given_up["message"].startswith("/schema/properties/a/items is too large to name every value")
    assert (given_up["file"], given_up["line"]) == ("configs/hostile.json", 5)
    assert "enum" in given_up["hint"]


def test_a_schema_that_is_too_much_work_leaves_values_unchecked_and_says_so(project: Project) -> None:
    config = a_list({"enum": [n + 0.5 for n in range(9000)]}, [8999.5] * 12_000)
    done = validate(project, config, "json", indent=1)
    [given_up] = [one for one in done.json["diagnostics"] if one["code"] == "schema-work"]
    assert done.code == 0
    assert given_up["severity"] == "warning"
    assert given_up["message"].startswith(
        "/schema/properties/a/items asks for too much work: the value in line 9012 and"
    )
    assert given_up["line"] == 5


def test_ordinary_values_are_all_explained_beside_a_long_enum(project: Project) -> None:
    config = a_list({"enum": [f"country {n}" for n in range(2000)]}, ["country 7", "atlantis"] * 5)
    found = validate(project, config, "json").json["diagnostics"]
    assert [one["path"] for one in found] == [f"/defaultValue/a/{n}" for n in range(1, 10, 2)]
