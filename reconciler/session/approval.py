"""May this plan be carried out? What the caller agreed to beforehand, and what a person says now."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model import Plan
from reconciler.session.command_error import Exit, Problem
from reconciler.session.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Consent:
    """What the flags agree to: not to be asked, one digest or intent, exactly so many updates over the limit."""

    yes: bool = False
    expect: str | None = None
    allow_changes: int | None = None


def check(plan: Plan, consent: Consent) -> None:
    """The reasons not to begin that need nobody's answer; raises ``Problem``, the weightiest exit code first."""
    if consent.expect is not None and consent.expect not in (plan.digest, plan.intent):
        raise Problem(
            Exit.REFUSED,
            "expect-differs",
            f"the plan is not the expected one: its digest is {plan.digest}, its intent {plan.intent}",
            "look at the plan again, then pass the digest or the intent that it shows",
        )
    limit = plan.limit
    if limit is not None and consent.allow_changes != limit.updates:
        raise Problem(
            Exit.REFUSED,
            "over-limit",
            f"the files would update {limit.updates} of {limit.managed} live configs, selected or not: "
            f"over {limit.max_changed_percent:g} %",
            f"if that is meant: the same command with --allow-changes {limit.updates}",
        )
    if plan.errored:
        said = "the plan has errors; nothing was written"
        raise Problem(Exit.INVALID, "plan-errored", said, diagnostics=plan.diagnostics)


def ask(plan: Plan, terminal: Terminal) -> None:
    """Ask whoever is at the terminal; raises ``Problem`` where nobody is, or the answer is no."""
    if not terminal.can_ask:
        raise Problem(
            Exit.REFUSED,
            "not-confirmed",
            "no terminal to confirm on; nothing was written",
            "pass --yes to apply without asking",
        )
    if not terminal.ask(f"Apply to {plan.target.name} ({plan.target.api_url})? [y/N]"):
        raise Problem(Exit.REFUSED, "not-confirmed-by-hand", "not confirmed; nothing was written")
