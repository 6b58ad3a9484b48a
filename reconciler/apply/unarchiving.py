"""An archived config: unarchive it, then update it.

Two requests, each with a look before it, a check after it and second sendings by the rules of any change
(``attempt``), and one outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.apply.change_execution import RACED, SETTLING, Attempt, Means, moved
from reconciler.core import normalize
from reconciler.core.fingerprint import planned_state
from reconciler.core.holds import NOT_CONVERGED
from reconciler.dynamic_config.fields import ARCHIVED
from reconciler.model import Action, Change, Failure, Outcome, Status
from reconciler.ports import ApiError, Payload

UNARCHIVED_ONLY = "unarchived-only"
_UPDATED = (NOT_CONVERGED, RACED)  # failures of an update that was carried out


def unarchived(live: Payload) -> Payload:
    """An archived config as the first of the two requests leaves it."""
    return {**live, "status": "Enabled" if live.get("isEnabled") else "Disabled"}


class Unarchiving:
    """Carries out a change that unarchives; ``has_begun`` as of an ``Attempt``."""

    def __init__(self, change: Change, means: Means) -> None:
        self.change = change
        self._means = means
        self._first = Attempt(replace(change, then=None), means)

    @property
    def has_begun(self) -> bool:
        return self._first.has_begun

    def carry_out(self) -> Outcome:
        """What became of the change. Never raises for what the world refuses."""
        outcome = self._first.carry_out()
        if outcome.status is Status.VERIFIED and self.change.then is not None:
            outcome = self._update()
        return replace(outcome, change=self.change)

    def _update(self) -> Outcome:
        try:
            now = self._unarchived()
        except ApiError as error:
            return self._halfway(error.message)
        # Apart from its status it must still be what the plan saw: the update was made against that.
        stale = moved(self.change, None if now is None else {**now, "status": ARCHIVED})
        if now is None or stale is not None:
            return self._halfway("" if stale is None else stale.message)
        outcome = Attempt(self._second(now), self._means).carry_out()
        is_unsent = outcome.status in (Status.FAILED, Status.STALE, Status.SKIPPED)
        if is_unsent and outcome.error is not None and outcome.error.code not in _UPDATED:
            return self._halfway(outcome.error.message)
        return outcome

    def _unarchived(self) -> Payload | None:
        """Live, once a read shows what was just written."""
        for now in self._reads():
            if now is None or now.get("status") != ARCHIVED:
                return now
        return now

    def _reads(self) -> Iterator[Payload | None]:
        yield self._means.reader.get(self.change.id)
        for pause in SETTLING:
            if not self._means.clock.sleep(pause):
                return
            yield self._means.reader.get(self.change.id)

    def _second(self, now: Payload) -> Change:
        assert self.change.then is not None
        live = planned_state(normalize.live(now))
        return replace(self.change, action=Action.UPDATE, request=self.change.then, then=None, live=live)

    def _halfway(self, why: str) -> Outcome:
        failure = Failure(UNARCHIVED_ONLY, f"it was unarchived, and then not updated: {why}")
        return Outcome(self.change, Status.FAILED, failure)
