"""Messages, error shapes, pages, and who may call."""

from __future__ import annotations

import json
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.emulator import Emulator, EmulatorError, Options, Request, load_seed

from .conftest import LIST, Client, rule

UPDATE = {"isEnabled": True, "description": "", "rules": []}


def test_success_messages(client: Client) -> None:
    one = f"{LIST}/checkout"
    calls: list[tuple[str, str, Any, int, str]] = [
        ("POST", LIST, {"name": "checkout", "rules": [rule(id="R")]}, 201, "Dynamic Config created successfully."),
        ("GET", LIST, None, 200, "Dynamic Configs listed successfully."),
        ("GET", one, None, 200, "Dynamic config read successfully."),
        ("GET", f"{one}/rules", None, 200, "Dynamic Config rules read successfully."),
        ("GET", f"{one}/rule/R", None, 200, "Dynamic Config rules read successfully."),
        ("POST", one, UPDATE, 200, "Dynamic config updated successfully."),
        ("PATCH", one, {}, 200, "Dynamic config updated successfully."),
        ("DELETE", one, None, 200, "Dynamic Config deleted successfully."),
    ]
    for method, target, body, status, message in calls:
        found, answer = client.call(method, target, body)
        assert (found, answer["message"]) == (status, message)
    assert answer == {"message": "Dynamic Config deleted successfully."}


def test_rules_are_read_in_the_apis_odd_shape(client: Client) -> None:
    [stored] = client.create(rules=[rule(passPercentage=5)])["rules"]
    assert client.call("GET", f"{LIST}/checkout/rules")[1]["data"] == [{"rules": [stored]}]
    assert client.call("GET", f"{LIST}/checkout/rule/{stored['baseID']}")[1]["data"] == stored
    assert client.call("GET", f"{LIST}/checkout/rule/nobody")[0] == 400


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_config_that_is_not_there(client: Client, method: str) -> None:
    expected = (404, {"status": 404, "message": "Dynamic config not found."})
    assert client.call(method, f"{LIST}/nobody", UPDATE) == expected


@pytest.mark.parametrize(
    "target",
    ["/", "/console/v1/gates", f"{LIST}x", f"{LIST}/a/b", f"{LIST}/a/enable", f"{LIST}//", f"{LIST}/a/rules/b"],
)
def test_what_is_no_endpoint(client: Client, target: str) -> None:
    assert client.call("GET", target) == (404, {"status": 404, "message": f"Cannot GET {target}"})


@pytest.mark.parametrize("key", ["", "secret-abc", "client-abc", "CONSOLE-abc"])
def test_a_wrong_key_is_echoed_as_the_api_does(client: Client, key: str) -> None:
    client.key = key
    text = "This endpoint only accepts an active CONSOLE key, but an invalid key was sent. Key: "
    assert client.call("GET", LIST) == (401, {"status": 401, "message": text + key})


def test_an_embedded_emulator_needs_no_key() -> None:
    emulator = Emulator(":memory:", require_key=False)
    assert emulator.handle(Request("GET", LIST)).status == 200
    emulator.close()


@pytest.mark.parametrize(
    ("method", "target"), [("POST", LIST), ("POST", f"{LIST}/checkout"), ("DELETE", f"{LIST}/checkout")]
)
def test_a_read_only_key_writes_nothing(client: Client, method: str, target: str) -> None:
    client.create()
    client.key = "console-readonly-1"
    assert client.call(method, target, UPDATE) == (403, {"status": 403, "message": "Forbidden resource"})
    assert client.get()["version"] == 1


def test_a_required_review_is_respected_where_asked(make: Callable[..., Client]) -> None:
    client = make(review_required=True)
    assert client.call("POST", LIST, {"name": "checkout"}, x_respect_review_settings="true")[0] == 403
    assert client.emulator.configs() == []
    assert client.call("POST", LIST, {"name": "checkout"})[0] == 201
    assert make().call("POST", LIST, {"name": "checkout"}, x_respect_review_settings="true")[0] == 201


def test_duplicate_rule_names(client: Client) -> None:
    message = "Duplicate rule name(s) given"
    assert client.call("POST", LIST, {"name": "checkout", "rules": [rule(), rule()]}) == (
        400,
        {"status": 400, "message": message, "errors": [{"property": "rules", "errorMessage": message}]},
    )


def test_errors_may_be_left_out(make: Callable[..., Client]) -> None:
    expected = (400, {"status": 400, "message": "Bad Request Exception"})
    assert make(errors_key=False).call("POST", LIST, {}) == expected


@pytest.mark.parametrize("name", ["ab", "x" * 101])
def test_an_id_made_of_the_name_is_checked_like_any(client: Client, name: str) -> None:
    assert client.call("POST", LIST, {"name": name})[0] == 400


@pytest.mark.parametrize(
    "body",
    [b"{", b"NaN", b'{"name": Infinity}', b'{"a": 1e400}', b"\xff", b"[" * 100_000, b"9" * 5000, b"{} {}"],
)
def test_a_body_that_is_no_json(client: Client, body: bytes) -> None:
    status, answer = client.call("POST", LIST, body)
    assert status == 400
    assert answer["message"].startswith("Invalid JSON in the request body: ")


@pytest.mark.parametrize(("body", "kind"), [(b"[]", "array"), (b"null", "null"), (b'"x"', "string"), (b"1", "number")])
def test_a_body_that_is_no_object(client: Client, body: bytes, kind: str) -> None:
    assert client.problems("POST", LIST, body) == [("", f"Expected object, received {kind}")]


def test_depth_is_limited_but_not_where_people_write(client: Client) -> None:
    def nested(depth: int) -> bytes:
        return b'{"name":"n%d","defaultValue":{"a":%s%s}}' % (depth, b"[" * depth, b"]" * depth)

    assert client.call("POST", LIST, nested(100))[0] == 201
    assert client.call("POST", LIST, nested(300))[0] == 400


def test_a_payload_over_the_limit(client: Client) -> None:
    body = {"name": "checkout", "defaultValue": {"a": "x" * 102_400}}
    assert client.call("POST", LIST, body) == (413, {"status": 413, "message": "request entity too large"})
    assert client.create(defaultValue={"a": "x" * 99_000})["version"] == 1


def test_a_body_of_another_type(client: Client) -> None:
    assert client.call("POST", LIST, b"name=x", Content_Type="text/plain")[0] == 415
    assert client.call("POST", LIST, {"name": "checkout"}, Content_Type="application/json; charset=utf-8")[0] == 201


def _fill(client: Client, count: int) -> None:
    client.emulator.seed([{"id": f"config_{n}", "rules": []} for n in range(count)])


def test_pages(client: Client) -> None:
    _fill(client, 7)
    _, answer = client.call("GET", f"{LIST}?page=2&limit=3")
    assert [c["id"] for c in answer["data"]] == ["config_3", "config_4", "config_5"]
    assert answer["pagination"] == {
        "itemsPerPage": 3,
        "pageNumber": 2,
        "totalItems": 7,
        "nextPage": f"{LIST}?page=3&limit=3",
        "previousPage": f"{LIST}?page=1&limit=3",
        "all": LIST,
    }


@pytest.mark.parametrize("count", [0, 1, 3, 6, 7])
def test_following_the_pages_finds_each_config_once(client: Client, count: int) -> None:
    _fill(client, count)
    found, pages, target = [], 0, f"{LIST}?page=1&limit=3"
    while target:
        _, answer = client.call("GET", target)
        found += [c["id"] for c in answer["data"]]
        pages += 1
        target = answer["pagination"]["nextPage"]
    assert pages == max(1, -(-count // 3))
    assert found == [f"config_{n}" for n in range(count)]


def test_the_default_limit_is_also_the_highest(client: Client) -> None:
    _fill(client, 103)
    for target in (LIST, f"{LIST}?limit=1000"):
        _, answer = client.call("GET", target)
        assert (len(answer["data"]), answer["pagination"]["itemsPerPage"]) == (100, 100)
    _, beyond = client.call("GET", f"{LIST}?page=9")
    assert (beyond["data"], beyond["pagination"]["nextPage"]) == ([], None)


@pytest.mark.parametrize("query", ["page=0", "limit=0", "page=x", "limit=-1", "page=1.5", "page=", "page=²"])
def test_a_page_that_is_no_number(client: Client, query: str) -> None:
    [(path, _)] = client.problems("GET", f"{LIST}?{query}", None)
    assert path == query.partition("=")[0]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("tags=a", ["one", "two"]),
        ("tags=a&tags=b", ["one", "two", "three"]),
        ("tags=zzz", []),
        ("creatorID=u1", ["two"]),
        ("creatorName=Jane%20Doe&tags=b", ["three"]),
        ("releasePipelineID=p1", ["one"]),
    ],
)
def test_filters(client: Client, query: str, ids: list[str]) -> None:
    client.emulator.seed(
        [
            {"id": "one", "rules": [], "tags": ["a"], "releasePipelineID": "p1"},
            {"id": "two", "rules": [], "tags": ["a", "b"], "creatorID": "u1"},
            {"id": "three", "rules": [], "tags": ["b"], "creatorName": "Jane Doe"},
        ]
    )
    found, target = [], f"{LIST}?limit=1&{query}"
    while target:
        _, answer = client.call("GET", target)
        assert answer["pagination"]["totalItems"] == len(ids)
        found += [c["id"] for c in answer["data"]]
        target = answer["pagination"]["nextPage"]
    assert found == ids


def test_an_edited_config_keeps_its_place_in_the_list(client: Client) -> None:
    _fill(client, 3)
    client.update("config_0", description="new")
    assert [c["id"] for c in client.call("GET", LIST)[1]["data"]] == ["config_0", "config_1", "config_2"]


def _documented_body(**fields: Any) -> dict[str, Any]:
    """The request of the API's reference page, with its placeholders filled in."""
    condition = {
        "targetValue": ["1.0"],
        "operator": "any",
        "field": "string",
        "customID": "string",
        "type": "app_version",
    }
    return {
        "isEnabled": True,
        "description": "helpful summary of what this dynamic config does",
        "rules": [
            {
                "name": "All Conditions",
                "passPercentage": 50,
                "conditions": [condition],
                "environments": ["development"],
                "id": "38ttpCpzrQFTMKcqFKk02l",
                "baseID": "38ttpCpzrQFTMKcqFKk02l",
                "returnValue": {"key": True},
                "returnValueJson5": "{key: true}",
            }
        ],
        "defaultValue": {},
        "defaultValueJson5": "{}",
        "idType": "userID",
        "tags": ["a tag"],
        "creatorID": "1vaQaBoLlkauH9iiuOSBP2",
        "owner": {
            "ownerID": "user123",
            "ownerType": "USER",
            "ownerName": "John Doe",
            "ownerEmail": "owner123@test.com",
        },
        "creatorEmail": "johnsmith@mydomain.com",
        "schema": "{}",
        "schemaJson5": "{}",
        "targetApps": "web",
        "team": "team",
        "teamID": "teamID",
        "precommitWebhook": {"url": "https://a.example", "internalStatusUrl": "https://b.example"},
        **fields,
    }


def test_the_documented_requests_get_the_documented_answers(client: Client) -> None:
    status, answer = client.call(
        "POST", LIST, _documented_body(name="a dynamic config", id="a_dynamic_config"), Content_Type="application/json"
    )
    assert (status, answer["message"]) == (201, "Dynamic Config created successfully.")
    documented = (
        "id name description idType lastModifierID lastModifiedTime lastModifierName lastModifierEmail creatorID "
        "createdTime creatorName creatorEmail targetApps holdoutIDs tags isEnabled rules defaultValue"
    )
    assert set(documented.split()) <= answer["data"].keys()
    body = _documented_body(defaultValue={"key": "the default value"}, defaultValueJson5="{key: 'the default value'}")
    body["rules"][0]["passPercentage"] = 10
    status, answer = client.call("POST", f"{LIST}/a_dynamic_config", body)
    assert (status, answer["message"]) == (200, "Dynamic config updated successfully.")
    config = answer["data"]
    assert config["rules"][0]["id"] == "38ttpCpzrQFTMKcqFKk02l:10.00:1"
    assert config["rules"][0]["baseID"] == "38ttpCpzrQFTMKcqFKk02l"
    assert (config["defaultValue"], config["tags"]) == ({"key": "the default value"}, ["a tag"])


def test_rate_windows_slide(make: Callable[..., Client]) -> None:
    now = [1000.0]
    emulator = Emulator(":memory:", options=Options(rate_limits=((2, 10.0), (3, 60.0))), monotonic=lambda: now[0])
    client = Client(emulator)

    def create(name: str) -> tuple[int, str | None]:
        response = client.send("POST", LIST, {"name": name})
        return response.status, response.headers.get("Retry-After")

    assert [create("one"), create("two"), create("three")] == [(201, None), (201, None), (429, "10")]
    now[0] += 9.5
    assert create("three") == (429, "1")
    assert client.call("GET", LIST)[0] == 200
    now[0] += 0.5
    assert [create("three"), create("four")] == [(201, None), (429, "50")]
    now[0] += 50
    assert create("four") == (201, None)
    emulator.close()


def test_a_refused_mutation_counts_and_a_429_does_not(make: Callable[..., Client]) -> None:
    client = make(rate_limits=((1, 900.0),), retry_after=False)
    assert client.call("POST", LIST, {})[0] == 400
    response = client.send("POST", LIST, {"name": "checkout"})
    assert (response.status, response.body) == (429, b'{"status":429,"message":"Too Many Requests"}')
    assert "Retry-After" not in response.headers


def test_seed_files(tmp_path: Any, client: Client) -> None:
    file = tmp_path / "seed.json"
    for text in ('[{"id": "one"}]', '{"message": "x", "data": [{"id": "one"}]}'):
        file.write_text(text)
        assert load_seed(file) == [{"id": "one"}]
    for text in ("{", '{"data": {}}', '"x"'):
        file.write_text(text)
        with pytest.raises(EmulatorError, match=r"seed\.json"):
            load_seed(file)
    with pytest.raises(EmulatorError, match="entry 1"):
        client.emulator.seed([{"id": "one"}, {"name": "two"}])
    assert client.emulator.configs() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["name", "id", "rules", "isEnabled", "defaultValue", "schema", "tags", "defaultValueJson5"])
BODY = (
    st.dictionaries(KEYS, JSON).map(lambda body: json.dumps(body).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary()
)


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from(["GET", "POST", "PATCH", "PUT", "DELETE", "BREW"]),
    tail=st.sampled_from(["", "/one", "/one/rules", "/one/enable", "?page=1"]) | st.text(string.printable),
    headers=st.dictionaries(st.text(), st.text(), max_size=3),
    body=BODY,
)
def test_no_input_raises_or_breaks_it(method: str, tail: str, headers: dict[str, str], body: bytes) -> None:
    emulator = Emulator(":memory:", require_key=False)
    emulator.seed([{"id": "one", "rules": [rule(id="r")]}])
    response = emulator.handle(Request(method, LIST + tail, headers, body))
    assert response.status in (200, 201, 400, 404, 413, 415)
    assert isinstance(json.loads(response.body), dict)
    emulator.close()
