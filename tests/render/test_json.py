from __future__ import annotations

import json as stdlib_json

import pytest

from reconciler.diagnostics import Location
from reconciler.model import Failure, Outcome, Status
from reconciler.render import json
from tests.render.plans import error, plan_of, typical, update, warning


def test_findings_are_the_document_of_validate() -> None:
    place = Location("configs/checkout.yaml", 12, 21, 12, 23)
    found = error(
        "condition-operator-unknown", "no such operator", place, hint="try any", id="checkout", path="/rules/0"
    )
    assert json.findings([found, warning("odd", "is odd", place=Location("configs/reconciler.toml"))], 3) == {
        "format_version": "1.0",
        "errored": True,
        "summary": {"files": 3, "errors": 1, "warnings": 1},
        "diagnostics": [
            {
                "severity": "error",
                "code": "condition-operator-unknown",
                "message": "no such operator",
                "hint": "try any",
                "file": "configs/checkout.yaml",
                "line": 12,
                "column": 21,
                "end_line": 12,
                "end_column": 23,
                "id": "checkout",
                "path": "/rules/0",
            },
            {
                "severity": "warning",
                "code": "odd",
                "message": "is odd",
                "hint": None,
                "file": "configs/reconciler.toml",
                "line": None,
                "column": None,
                "end_line": None,
                "end_column": None,
                "id": None,
                "path": None,
            },
        ],
    }


def test_a_finding_about_the_project_has_no_file() -> None:
    (found,) = json.findings([warning("odd", "is odd")], 0)["diagnostics"]
    assert found["file"] is None


def test_outcomes_are_the_document_of_apply() -> None:
    plan = typical()
    failure = Failure("api-refused", "400: Required", Location("configs/growth/winter_banner.yaml", 9, 5, 9, 9))
    results = [Outcome(plan.changes[0], Status.VERIFIED), Outcome(plan.changes[2], Status.FAILED, failure)]
    drawn = json.outcomes(results, plan)
    assert drawn["digest"] == plan.digest
    assert drawn["errored"] is True
    assert drawn["summary"] == {"verified": 1, "failed": 1, "stale": 0, "held": 0, "skipped": 0, "unknown": 0}
    assert drawn["results"][0] == {"id": "assistant_model", "action": "update", "status": "verified", "error": None}
    assert drawn["results"][1]["error"] == {
        "code": "api-refused",
        "message": "400: Required",
        "file": "configs/growth/winter_banner.yaml",
        "line": 9,
        "column": 5,
        "end_line": 9,
        "end_column": 9,
    }


@pytest.mark.parametrize("status", list(Status))
def test_errored_means_that_something_is_not_known_to_be_written(status: Status) -> None:
    failure = None if status is Status.VERIFIED else Failure("some-code", "why")
    drawn = json.outcomes([Outcome(update("a"), status, failure)], plan_of())
    assert drawn["errored"] is (status not in (Status.VERIFIED, Status.HELD))


def test_an_error_is_the_same_document_without_a_result() -> None:
    assert json.error("key-missing", "there is no key", "set it", status=401) == {
        "format_version": "1.0",
        "errored": True,
        "error": {"code": "key-missing", "message": "there is no key", "hint": "set it", "status": 401},
    }


def test_json_is_for_people_too() -> None:
    assert json.dumps({"b": "é日", "a": [1]}) == '{\n  "b": "é日",\n  "a": [\n    1\n  ]\n}\n'


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("\x1b", '"\\u001b"'),
        ("\x7f\x85", '"\\u007f\\u0085"'),
        ("\u202e", '"\\u202e"'),
        ("\U000e0041", '"\\udb40\\udc41"'),
        ("\ud800", '"\\ud800"'),
        ("\\##[x", '"\\\\\\u0023\\u0023[x"'),
    ],
)
def test_what_would_act_is_escaped_and_stays_the_same_value(value: str, written: str) -> None:
    assert json.dumps(value) == written + "\n"
    assert stdlib_json.loads(written) == value


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_does_not_have_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        json.dumps(value)
