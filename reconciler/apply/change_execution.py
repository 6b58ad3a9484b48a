"""One change on its way: look, send, and find out what came of it.

    look      right before each sending, when all waiting is over: only where live is still what the plan saw
              is anything sent; else the change is stale
    send      what a failed request may have done decides what comes next (``ports.Fate``):
                not sent, refused   failed; but where an earlier sending is in doubt, settle
                unknown             settle
    settle    look at growing distances until live shows the change. An update that does not show is sent again, a
              create never: late, it would be there twice
    verify    hold the answer, or else what is read, against what was meant and against what must not be lost; while
              reads still show the state before, look again at growing distances

The API has no conditional writes. What is left of the race is the one round trip between look and arrival; a
``version`` that rose by more than we sent tells afterwards that somebody came between.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from reconciler.core import normalize
from reconciler.core.fingerprint import fingerprint, version
from reconciler.core.holds import NOT_CONVERGED, who_and_when
from reconciler.core.verify import Difference, phrases, unmet
from reconciler.diagnostics import Location, parts, pointer
from reconciler.model import Action, Change, Failure, Outcome, Status
from reconciler.ports import ApiError, Clock, Fate, Payload, Reader, Writer

SETTLING = (1.0, 2.0, 4.0, 8.0, 8.0)
"""Seconds between the looks for a write whose answer was lost."""

SHOWING = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds between the looks for an accepted write whose answer does not show it: reads may lag 1 to 5 s behind."""

_SHOWING_STAGED = SHOWING[:3]  # what waits for a review does not show for days
_LOOKS_BEFORE_RESENDING = 3
_RESENDS = 2  # of one update; all updates of a run share a budget besides

RACED = "raced"

Locate = Callable[[str, str], Location | None]
"""(config id, JSON Pointer) → the place in its file."""


@dataclass(frozen=True, slots=True)
class Means:
    """What all the changes of a run share. ``resends`` counts down how often updates may be sent again in all."""

    reader: Reader
    writer: Writer
    clock: Clock
    locate: Locate
    may_be_reviewed: bool
    resends: threading.Semaphore


class _Ended(Exception):  # noqa: N818 - the look's verdict on its way out through the writer, no failure
    """Nothing is to be sent, and that is what became of the change."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Attempt:
    """Carries one change out. ``has_begun`` tells, also to another thread, that something may have been sent."""

    def __init__(self, change: Change, means: Means) -> None:
        self.change = change
        self.has_begun = False
        self._means = means
        self._before: Payload | None = None  # as it stood right before the last sending
        self._doubt: ApiError | None = None  # why it is not known what became of a sending
        self._landed = 0  # sendings that were, or may have been, carried out
        self._resends = _RESENDS

    def carry_out(self) -> Outcome:
        """What became of the change. Never raises for what the world refuses."""
        try:
            answer = self._send()
        except _Ended as ended:
            return ended.outcome
        except ApiError as error:
            return self._without_answer(error)
        self._landed += 1
        return self._verify(answer)

    def _send(self) -> Payload | None:
        writer, change = self._means.writer, self.change
        if change.action is Action.CREATE:
            return writer.create(change.request.body, self._look)
        if change.action is Action.UNARCHIVE:
            return writer.unarchive(change.id, self._look)
        return writer.update(change.id, change.request.body, self._look)

    def _look(self) -> None:
        if self._is_stopping():
            raise _Ended(self._unsent(skipped(self.change)))
        try:
            now = self._means.reader.get(self.change.id)
        except ApiError as error:
            raise _Ended(self._unsent(self._failed(error))) from None
        stale = moved(self.change, now)
        if stale is not None:
            in_doubt = self._shown(now) if self._doubt else None
            raise _Ended(in_doubt or Outcome(self.change, Status.STALE, stale))
        self._before, self.has_begun = now, True
        if self._is_stopping():  # asked while we read
            raise _Ended(self._unsent(skipped(self.change)))

    def _is_stopping(self) -> bool:
        return self._means.clock.stopping

    def _unsent(self, outcome: Outcome) -> Outcome:
        """The outcome of sending nothing; with an earlier sending in doubt that is not all there is to say."""
        return outcome if self._doubt is None else self._lost(self._doubt, "live did not show the change")

    def _without_answer(self, error: ApiError) -> Outcome:
        if error.fate is Fate.UNKNOWN:
            self._landed += 1
            self._doubt = error
            return self._settle(error, may_resend=self.change.action is not Action.CREATE)
        if self._doubt is None:
            return self._failed(error)
        # The sending in doubt may be why this one was refused: where it landed, the rules' ids have moved on.
        return self._settle(error, may_resend=False)

    def _settle(self, error: ApiError, *, may_resend: bool) -> Outcome:
        for looks, pause in enumerate(SETTLING, start=1):
            rested = self._means.clock.sleep(pause)
            try:
                now = self._means.reader.get(self.change.id)
            except ApiError:
                was_seen = False
            else:
                was_seen = True
                shown = self._shown(now)
                if shown is not None:
                    return shown
            if not rested:
                break
            if may_resend and was_seen and looks >= _LOOKS_BEFORE_RESENDING and self._take_resend():
                return self.carry_out()
        return self._lost(error, "live does not show the change")

    def _take_resend(self) -> bool:
        self._resends -= 1
        return self._resends >= 0 and self._means.resends.acquire(blocking=False)

    def _shown(self, now: Payload | None) -> Outcome | None:
        """What live tells of a sending in doubt; None where it is still as the plan saw it."""
        if now is not None and not unmet(self.change, now):
            return self._judged(now)
        return None if moved(self.change, now) is None else _overtaken(self.change, now)

    def _verify(self, answer: Payload | None) -> Outcome:
        if answer is not None and not self._wrong(answer):
            return self._judged(answer)
        try:  # an answer need not show every field; a read does, once it has caught up
            now = self._read_until_shown()
        except ApiError as error:
            return self._lost(error, "the write was accepted, but could not be read again")
        if not self._lags(now):
            return self._judged(now)
        return _staged(self.change, "live does not show it yet") if self._is_staged else _not_shown(self.change)

    def _read_until_shown(self) -> Payload | None:
        now = None
        for pause in _SHOWING_STAGED if self._is_staged else SHOWING:
            rested = self._means.clock.sleep(pause)
            now = self._means.reader.get(self.change.id)
            if not rested or not self._lags(now):
                break
        return now

    def _lags(self, now: Payload | None) -> bool:
        """Whether a read after an accepted write still shows the state before it."""
        if now is None:
            return self.change.action is Action.CREATE
        first, last = version(self._before), version(now)
        is_same_version = first is None or last is None or last <= first
        return is_same_version and bool(self._wrong(now)) and moved(self.change, now) is None

    @property
    def _is_staged(self) -> bool:
        return self._means.may_be_reviewed or bool(self.change.request.body.get("releasePipelineID"))

    def _judged(self, after: Payload | None) -> Outcome:
        wrong, seen = self._wrong(after), version(after)
        if wrong and self._is_staged:
            return _staged(self.change, f"live does not show it: {phrases(wrong)}")
        if wrong:
            return replace(_not_converged(self.change, wrong), read=after, version=seen)
        if self._somebody_between(after):
            return Outcome(self.change, Status.FAILED, _raced(self._before, after), version=seen)
        return Outcome(self.change, Status.VERIFIED, version=seen, sees_races=self._sees_races(after))

    def _sees_races(self, after: Payload | None) -> bool:
        """Whether the write raised the version; of a create nothing was there before."""
        first, last = version(self._before), version(after)
        return self._before is None or (first is not None and last is not None and last > first)

    def _wrong(self, after: Payload | None) -> list[Difference]:
        if after is None:
            return [Difference("", note="the config is not there")]
        return unmet(self.change, after, self._before)

    def _somebody_between(self, after: Payload | None) -> bool:
        """An effective write adds one to ``version``: more than we can have added was somebody else's."""
        first, last = version(self._before), version(after)
        return first is not None and last is not None and last > first + self._landed

    def _failed(self, error: ApiError) -> Outcome:
        if self._is_stopping() and error.fate is not Fate.REFUSED:
            return skipped(self.change)
        failure = Failure(error.code, error.message, place(self.change, error, self._means.locate))
        return Outcome(self.change, Status.FAILED, failure)

    def _lost(self, error: ApiError, what: str) -> Outcome:
        said = f"{error.message}; {what}; run apply again"
        return Outcome(self.change, Status.UNKNOWN, Failure("answer-lost", said))


def moved(change: Change, live: Payload | None) -> Failure | None:
    """Why live is not what the plan saw, or None where it is."""
    if change.live is None:
        if live is None:
            return None
        return _stale(f"the config was created since the plan by {who_and_when(live)}")
    if live is None:
        return _stale("the config was deleted since the plan")
    try:
        same = fingerprint(normalize.live(live)) == change.live.fingerprint
    except normalize.PayloadError as error:
        return _stale(f"live cannot be compared with the plan ({error})")
    return None if same else _stale(f"changed since the plan by {who_and_when(live)}")


def _stale(said: str) -> Failure:
    return Failure("stale", f"{said}; plan again")


def skipped(change: Change) -> Outcome:
    """A change that a stopped run did not begin."""
    return Outcome(change, Status.SKIPPED, stopped())


def stopped() -> Failure:
    """Why a change was not begun by a run that was asked to stop."""
    return Failure("not-started", "the run was stopped before this change began")


def place(change: Change, error: ApiError, locate: Locate) -> Location:
    """Where in the file stands what the API found fault with: ``rules.0.name`` → its line.

    Without the file (a saved plan) the nearest field that the plan shows; else the file as a whole.
    """
    name = next((name for name, _ in error.errors if name), "")
    steps = [step for step in re.split(r"[.\[\]]+", name) if step]
    return locate(change.id, pointer(*steps)) or _nearest(change, steps) or Location(change.file)


def _nearest(change: Change, steps: Sequence[str]) -> Location | None:
    def shared(path: str) -> int:
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(parts(path), steps, strict=False)))

    placed = [one for one in change.fields if one.location is not None and shared(one.path)]
    return max(placed, key=lambda one: shared(one.path)).location if placed else None


def _overtaken(change: Change, now: Payload | None) -> Outcome:
    """Live is neither what was there nor what was meant, and our answer was lost."""
    there = "it is gone" if now is None else f"it was changed by {who_and_when(now)}"
    said = f"the answer was lost, and live is neither what it was nor what was meant: {there}; plan again"
    return Outcome(change, Status.UNKNOWN, Failure("overtaken", said))


def _staged(change: Change, what: str) -> Outcome:
    said = f"accepted, but {what}; it may wait for a review or a release pipeline"
    return Outcome(change, Status.UNKNOWN, Failure("staged", said))


def _not_shown(change: Change) -> Outcome:
    """The write was accepted, and reads still show the state before it."""
    said = f"accepted, but after {sum(SHOWING):g} s live still shows the state before it; run apply again"
    return Outcome(change, Status.UNKNOWN, Failure("not-shown", said))


def _not_converged(change: Change, wrong: Sequence[Difference]) -> Outcome:
    what = "no longer has what it had before" if all(one.is_lost for one in wrong) else "differs from what was sent"
    return Outcome(change, Status.FAILED, Failure(NOT_CONVERGED, f"written, but live {what}: {phrases(wrong)}"))


def _raced(before: Payload | None, after: Payload | None) -> Failure:
    return Failure(
        RACED,
        "written, but somebody else wrote in the same moment "
        f"(version {version(before)} → {version(after)}); look at the config's history in the console for what was "
        "replaced",
    )
