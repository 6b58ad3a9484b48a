"""Plans and outcomes for the renderers' tests, made of the nouns alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reconciler.diagnostics import Diagnostic, Location, Severity
from reconciler.model import (
    Action,
    Change,
    Failure,
    FieldChange,
    Hold,
    Kind,
    LiveVersion,
    Origin,
    Outcome,
    Plan,
    Request,
    Status,
    TargetRef,
)

TIME = 1707344887865  # 2024-02-07 22:28:07 UTC


def changed(path: str, before: Any, after: Any, **more: Any) -> FieldChange:
    return FieldChange(path, more.pop("kind", Kind.CHANGED), before, after, **more)


def added(path: str, after: Any, **more: Any) -> FieldChange:
    return FieldChange(path, Kind.ADDED, None, after, **more)


def removed(path: str, before: Any, **more: Any) -> FieldChange:
    return FieldChange(path, Kind.REMOVED, before, None, **more)


def update(config_id: str, *fields: FieldChange, file: str | None = None, held: Hold | None = None) -> Change:
    live = LiveVersion("sha256:" + "0" * 64, "Jane Console", TIME)
    request = Request("POST", f"/console/v1/dynamic_configs/{config_id}", {})
    return Change(config_id, Action.UPDATE, file or f"configs/{config_id}.yaml", fields, held, request, live)


def create(config_id: str, *fields: FieldChange, file: str | None = None) -> Change:
    request = Request("POST", "/console/v1/dynamic_configs", {"id": config_id})
    return Change(config_id, Action.CREATE, file or f"configs/{config_id}.yaml", fields, None, request, None)


def warning(
    code: str, message: str, config_id: str | None = None, place: Location | None = None, **more: Any
) -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, message, place or Location(""), id=config_id, **more)


def error(code: str, message: str, place: Location, **more: Any) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, message, place, **more)


def plan_of(changes: Sequence[Change] = (), **more: Any) -> Plan:
    made: dict[str, Any] = {
        "target": TargetRef("production", "https://statsigapi.net"),
        "commit": "3f2c91a0" + "1" * 32,
        "base": None,
        "changes": tuple(changes),
        "unchanged": 38,
        "unmanaged": (),
        "released": (),
        "diagnostics": (),
        "digest": "sha256:" + "d" * 64,
        "intent": "sha256:" + "8d1f" * 16,
    }
    return Plan(**{**made, **more})


def typical() -> Plan:
    """A held config, an update that shows every kind of change, a create, warnings: a plan of an ordinary day."""
    timeouts = update(
        "checkout_timeouts",
        changed(
            "/defaultValue/authoriseMs",
            3000,
            2500,
            origin=Origin.DRIFT,
            location=Location("configs/payments/checkout_timeouts.json5", 6, 5, 6, 9),
        ),
        file="configs/payments/checkout_timeouts.json5",
        held=Hold(
            "drift",
            "/defaultValue/authoriseMs was set to 3000 in live by Jane Console on 2024-02-07 22:28 UTC. Keep it: set"
            " authoriseMs to 3000 at line 6. Discard it: --overwrite checkout_timeouts",
        ),
    )
    staff = {
        "name": "staff",
        "passPercentage": 100,
        "conditions": [{"type": "custom_field", "operator": "any", "field": "role", "targetValue": ["staff", "admin"]}],
        "environments": ["production"],
        "returnValue": {"temperature": 0.1},
    }
    model = update(
        "assistant_model",
        changed("/rules/1/passPercentage", 10, 25, rule="beta users"),
        changed("/rules/0/passPercentage", 50, 12.5, rule="enterprise"),
        changed("/rules/0", 2, 0, rule="enterprise", kind=Kind.MOVED),
        changed("/rules/3/name", "slow", "slow regions", rule="slow regions", kind=Kind.RENAMED),
        changed("/rules/1/returnValue/temperature", 0.7, 0.2, rule="beta users"),
        changed("/rules/1/conditions/0/targetValue", ["DE"], ["DE", "AT"], rule="beta users"),
        changed(
            "/rules/3/returnValue", "{ a: 1 } // one", "{ a: 1 } // still one", rule="slow regions", kind=Kind.COMMENTS
        ),
        removed("/rules/2", {**staff, "name": "internal"}, rule="internal"),
        added("/rules/2", staff, rule="staff"),
        changed(
            "/defaultValue/system_prompt",
            "Be kind.\nYou are a helpful assistant.\nAnswer in the user's language.",
            "Be kind.\nYou are a helpful, brief assistant.\nAnswer in the user's language.",
        ),
        changed("/defaultValue/stop", ["a" * 20, "b" * 20, "c" * 20], ["a" * 20, "c" * 20, "d" * 20]),
        changed("/description", "", "What the assistant runs on. " * 12),
        added("/defaultValue/max_tokens", 1024),
        removed("/defaultValue/legacy", None),
        file="configs/ml/assistant_model.yaml",
    )
    banner = create(
        "winter_banner",
        added("/description", "Shown in winter."),
        added("/rules/0", staff, rule="staff"),
        added("/rules/1", staff, rule="more staff"),
        added("/defaultValue", {"text": "Let it snow", "on": False}),
        file="configs/growth/winter_banner.yaml",
    )
    return plan_of(
        [model, timeouts, banner],
        base="refs/reconciler/production at 3f2c91a0" + "1" * 32,
        unmanaged=("legacy_banner", "old_prices", "search_ranking", "zz_test"),
        released=("spring_banner",),
        diagnostics=(
            warning("project-unfamiliar", "none of the 12 new ids is live: is this the right project?"),
            warning(
                "rule-recreated",
                'rule "internal" is removed and "staff" added: its users are re-bucketed',
                "assistant_model",
                Location("configs/ml/assistant_model.yaml", 12, 5, 12, 10),
                hint='to keep them, give "staff" baseID: 38ttpCpzrQFTMKcqFKk02l',
            ),
        ),
    )


def outcomes_of(plan: Plan) -> list[Outcome]:
    """One outcome of each status, and many verified ones."""
    verified = [Outcome(update(f"config_{number:03}"), Status.VERIFIED) for number in range(20)]
    failed = Failure(
        "api-refused", "400: rules.0.name: Required", Location("configs/growth/winter_banner.yaml", 9, 5, 9, 9)
    )
    return [
        *verified,
        Outcome(plan.changes[2], Status.FAILED, failed),
        Outcome(
            update("search_ranking"),
            Status.STALE,
            Failure("stale", "changed by Sam in the console after this plan; plan again"),
        ),
        Outcome(
            update("ab_layout"),
            Status.UNKNOWN,
            Failure("unknown", "the answer was lost; live has the old value; run apply again"),
        ),
        Outcome(
            plan.changes[1], Status.HELD, Failure("drift", plan.changes[1].held.message if plan.changes[1].held else "")
        ),
        Outcome(update("zebra"), Status.SKIPPED, Failure("interrupted", "not started: the run was interrupted")),
    ]


def many(count: int) -> Plan:
    """``count`` changes: a tenth new, a tenth held, each of the rest with a few fields and a warning here and there."""
    changes: list[Change] = []
    found: list[Diagnostic] = []
    for number in range(count):
        config_id = f"config_{number:04}"
        if number % 10 == 3:
            changes.append(
                create(config_id, added("/defaultValue", {"size": number}), added("/rules/0", {"name": "all"}))
            )
            continue
        hold = (
            Hold("drift", f"/defaultValue/size was set in live; discard it: --overwrite {config_id}")
            if number % 10 == 7
            else None
        )
        drift = Origin.DRIFT if hold else Origin.INTENDED
        changes.append(
            update(
                config_id,
                changed(
                    "/defaultValue/size",
                    number,
                    number + 1,
                    origin=drift,
                    location=Location(f"configs/{config_id}.yaml", 3, 9, 3, 11),
                ),
                changed("/rules/0/passPercentage", 10, 25, rule="beta users"),
                changed("/defaultValue/prompt", "Be kind.\nBe helpful.\nThank you.", "Be kind.\nBe brief.\nThank you."),
                held=hold,
            )
        )
        if number % 25 == 0:
            found.append(
                warning(
                    "type-changed",
                    "another type than live's",
                    config_id,
                    Location(f"configs/{config_id}.yaml", 3, 9, 3, 11),
                )
            )
    return plan_of(changes, diagnostics=tuple(found))
