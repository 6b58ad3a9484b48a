"""Schemas that were written to hurt: each is refused or decided in seconds and little memory, and nothing is fetched.

Every case runs in a process of its own, so that its memory can be told from everyone else's.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

SECONDS = 15
"""Processor time that no case comes near: about a tenth of it is what they take."""

MEGABYTES = 64

_EXAMINE = """
import json, resource, sys
from reconciler.checks import examine
from reconciler.files import TreeSource
from reconciler.files.settings import Settings

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[1]), int(sys.argv[1])))

def codes(text):
    examined = examine(TreeSource({"hostile.json": text}), Settings())
    return [(one.code, one.location.line) for one in examined.diagnostics]

codes(b'{"schema": {"pattern": "a", "type": "object"}}')  # imports are not what is measured
text = sys.stdin.buffer.read()
before = peak()
found = codes(text)
print(json.dumps([found, (peak() - before) / 1024]))
"""


def examine(config: dict[str, Any]) -> tuple[list[str], float]:
    """The codes found, and the megabytes that it took to find them; too much time or memory fails."""
    text = json.dumps(config, separators=(",", ":"))
    command = [sys.executable, "-c", _EXAMINE, str(SECONDS)]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    found, megabytes = json.loads(done.stdout)
    assert all(line > 0 or code == "too-large" for code, line in found)
    return [code for code, _ in found], megabytes


def config(schema: Any, value: Any) -> dict[str, Any]:
    return {"schema": schema, "defaultValue": value}


def doubled(levels: int) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(levels):
        schema = {"anyOf": [schema, schema]}
    return schema


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def chained(levels: int, keyword: dict[str, Any], last: Any, times: int = 2) -> Any:
    """A schema of ``levels`` definitions, each with a keyword, each referring to the next one so many times."""
    steps = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * times, **keyword} for n in range(levels)}
    return {"$ref": "#/$defs/d0", "$defs": {**steps, f"d{levels}": last}}


def a_list(items: Any) -> dict[str, Any]:
    return {"properties": {"a": {"items": items}}}


def far_below(levels: int, key: str, value: Any) -> tuple[Any, Any]:
    """A schema that wants text, and a list of numbers, both below so many keys."""
    schema: Any = {"items": {"type": "string"}}
    for _ in range(levels):
        schema, value = {"properties": {key: schema}}, {key: value}
    return schema, value


BACK_TO_ITSELF = {
    "anyOf": [
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"properties": {"a": {"$ref": "#"}, "b": {}}, "required": ["a", "b"]},
        {"type": "string"},
    ]
}

HOSTILE = {
    "a pattern that backtracks": (
        config({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 28 + "!"}),
        "value",
    ),
    "one that no engine runs in linear time": (
        config({"properties": {"a": {"pattern": "^(?=a)((a+)+)\\2$"}}}, {"a": "a" * 5000 + "!"}),
        "value",
    ),
    "a reference to itself": (config({"$ref": "#"}, {}), "schema-loop"),
    "branches doubled, written out": (config(doubled(13), {}), "schema-work"),
    "branches doubled in a megabyte": (config(doubled(16), {}), "too-large"),
    "branches doubled, by reference": (config(chained(40, {}, {"type": "string"}), {}), "schema-work"),
    "unevaluated within unevaluated": (
        config(chained(30, {"unevaluatedProperties": False}, {}), {"a": 1}),
        "schema-work",
    ),
    "unevaluated at every level": (
        config(chained(30, {"unevaluatedProperties": False}, {"properties": {"a": {}}}, times=1), {"a": 1}),
        "schema-work",
    ),
    "a reference that comes back twice a level": (config(BACK_TO_ITSELF, nested(60)), "schema-work"),
    "a long chain of references": (
        config({"$ref": "#/$defs/0", "$defs": {str(n): {"$ref": f"#/$defs/{n + 1}"} for n in range(5000)}}, {}),
        "schema",
    ),
    "8000 objects that must differ": (
        config({"properties": {"a": {"uniqueItems": True}}}, {"a": [{"n": n % 7999} for n in range(8000)]}),
        "value",
    ),
    "a huge number and a small step": (config({"properties": {"a": {"multipleOf": 0.1}}}, {"a": 10**400}), "integer"),
    "a broken pattern": (config({"pattern": "("}, {}), "schema-pattern"),
    "a pattern that needs much memory": (config({"pattern": "((a{1,1000}){1,1000}){1,9}"}, {}), "schema-pattern"),
    "many patterns on many keys": (
        config(
            {"patternProperties": {f"^(?!x{n})a{{1,300}}": {} for n in range(500)}}, {f"aaaa{n}": 1 for n in range(500)}
        ),
        "schema-work",
    ),
    "an error for every item": (
        config({"properties": {"a": {"items": {"anyOf": [{"type": "null"}, {"const": 2}]}}}}, {"a": [1] * 40_000}),
        "value",
    ),
    "a long enum for a long list": (
        config(a_list({"enum": [*range(9000)]}), {"a": [-1] * 12_000}),
        "schema-unexplained",
    ),
    "a long enum of text": (
        config(a_list({"enum": [f"k{n}" for n in range(9000)]}), {"a": ["x"] * 12_000}),
        "schema-unexplained",
    ),
    "a long enum by reference": (
        config({"$defs": {"e": {"enum": [*range(9000)]}}, **a_list({"$ref": "#/$defs/e"})}, {"a": [-1] * 12_000}),
        "schema-unexplained",
    ),
    "a long constant": (config(a_list({"const": [*range(9000)]}), {"a": [1] * 12_000}), "schema-unexplained"),
    "a long enum within not": (
        config(a_list({"not": {"enum": [*range(9000)]}}), {"a": [n % 9000 for n in range(12_000)]}),
        "schema-unexplained",
    ),
    "numbers that are compared exactly": (
        config(a_list({"enum": [n + 0.5 for n in range(9000)]}), {"a": [8999.5] * 12_000}),
        "schema-work",
    ),
    "fractions beside whole options": (
        config(a_list({"not": {"enum": [*range(9000)]}}), {"a": [0.5] * 12_000}),
        "schema-work",
    ),
    "large integers that must differ": (
        config({"properties": {"a": {"uniqueItems": True}}}, {"a": [10**60 + n for n in range(12_000)]}),
        "schema-work",
    ),
    "lists that are alike up to their end": (
        config(a_list({"enum": [[*range(100), n] for n in range(500)]}), {"a": [[*range(100), 499]] * 500}),
        "schema-work",
    ),
    "many keys required of many items": (
        config(a_list({"required": [f"x{n}" for n in range(9000)]}), {"a": [{}] * 9000}),
        "schema-unexplained",
    ),
    "many keys required of a large object": (
        config({"required": [f"x{n}" for n in range(30_000)]}, {f"k{n}": "v" for n in range(15_000)}),
        "schema-unexplained",
    ),
    "many keys that depend on others": (
        config(
            a_list({"dependentRequired": {f"k{n}": [f"x{m}" for m in range(100)] for n in range(100)}}),
            {"a": [{f"k{n}": 1 for n in range(20)}] * 500},
        ),
        "schema-unexplained",
    ),
    "a long enum for the names of keys": (
        config({"propertyNames": {"enum": [f"x{n}" for n in range(9000)]}}, {f"k{n}": 1 for n in range(15_000)}),
        "schema-unexplained",
    ),
    "a name's error for each key of a large object": (
        config({"propertyNames": {"maxLength": 1}}, {f"k{n}": {f"k{m}": "x" for m in range(60)} for n in range(300)}),
        "schema-unexplained",
    ),
    "large patterns": (
        config({"properties": {f"k{n}": {"pattern": f"\\p{{L}}{{20}}{n}"} for n in range(5000)}}, {}),
        "schema-work",
    ),
    "patterns that are compiled again": (
        config(
            {
                "properties": {
                    f"k{n}": {"unevaluatedProperties": {}, "patternProperties": {"\\p{L}{9}": {}}} for n in range(100)
                }
            },
            {},
        ),
        "schema-work",
    ),
    "a pattern that fits no automaton": (
        config(a_list({"pattern": "^(x{1,500}){1,20}$"}), {"a": ["x" * 300] * 2000}),
        "schema-work",
    ),
    "thousands of patterns on thousands of keys": (
        config(
            {"patternProperties": {str(n): {"type": "string"} for n in range(3000)}},
            {f"k{n}": 1 for n in range(15_000)},
        ),
        "schema-work",
    ),
    "thousands of anchors": (
        config(
            {"$defs": {str(n): {"$anchor": f"a{n}", "not": {"$ref": f"#a{n * 7 % 3000}"}} for n in range(3000)}}, {}
        ),
        "schema-loop",
    ),
    "a small step": (
        config(a_list({"allOf": [{"multipleOf": 5e-324}] * 200}), {"a": [1e308] * 1000}),
        "schema-work",
    ),
    "errors far below long keys": (config(*far_below(40, "a" * 3000, [*range(1000)])), "schema-unexplained"),
    "every rule against a large schema": (
        {
            "schema": {"properties": {f"k{n}": {"type": "string"} for n in range(5000)}},
            "rules": [{"returnValue": {f"k{n}": 1 for n in range(10)}}] * 1000,
        },
        "value",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_schema(name: str) -> None:
    hostile, code = HOSTILE[name]
    codes, megabytes = examine(hostile)
    assert [one for one in codes if one.startswith(code)], codes
    assert megabytes < MEGABYTES


@pytest.mark.parametrize(
    ("data", "code"),
    [({f"k{n}": 1 for n in range(15_000)}, "unknown-key"), ({"tags": [1] * 100_000}, "wrong-type")],
    ids=["keys", "items"],
)
def test_more_mistakes_than_a_person_reads(data: dict[str, Any], code: str) -> None:
    codes, megabytes = examine(data)
    assert codes == ["payload-too-large", *[code] * 1000, "too-many-findings"]
    assert megabytes < MEGABYTES / 2


def test_a_thousand_mistakes_are_all_reported() -> None:
    codes, _ = examine({"tags": [1] * 1000})
    assert codes == ["wrong-type"] * 1000


def test_a_large_pattern_may_stand_in_many_places() -> None:
    codes, megabytes = examine(config({"properties": {f"k{n}": {"pattern": "^\\p{L}{9}$"} for n in range(200)}}, {}))
    assert codes == []
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("odd", [True, [], "a"])
def test_a_long_list_with_an_item_of_another_kind(odd: Any) -> None:
    condition = {"type": "email", "operator": "any", "targetValue": [*[1] * 90_000, odd]}
    codes, megabytes = examine({"rules": [{"name": "abc", "passPercentage": 1, "conditions": [condition]}]})
    assert "target-value-mixed" in codes
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("name", ["abc\n", "ab\nc", "abc\x00"])
def test_characters_that_only_one_engine_minds(name: str) -> None:
    codes, _ = examine({"id": name, "rules": [{}]})
    assert "text-characters" in codes
    assert "missing-key" in codes


def test_a_schema_with_a_great_many_faults() -> None:
    codes, megabytes = examine(config({"required": [1] * 100_000}, {}))
    assert "schema-invalid" in codes
    assert megabytes < MEGABYTES


@pytest.mark.parametrize("reference", ["$ref", "$dynamicRef", "$schema", "$id"])
def test_nothing_is_fetched(reference: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        asked = threading.Event()

        def wait() -> None:
            try:
                server.accept()
            except OSError:
                return
            asked.set()

        waiting = threading.Thread(target=wait)
        waiting.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/latest/meta-data"
        codes, _ = examine(config({"properties": {"a": {reference: address}}, "type": "object"}, {}))
        server.shutdown(socket.SHUT_RDWR)
        waiting.join()
    assert not asked.is_set()
    assert codes == (["schema-outside"] if reference != "$schema" else codes)
