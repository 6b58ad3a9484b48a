"""Plan × Reader × Writer → Outcomes: read, compare, write, verify, for each change by itself.

What a failed request may have done decides what comes next (``ports.Fate``):

    not sent     the change failed; nothing was written
    refused      the same, with the API's reason, mapped back to the line that it speaks of
    unknown      an update is read again, and sent again only where live is still what the plan saw;
                 a create is looked for until it had the time to settle, and never sent again

The API has no conditional writes. Each config is read right before its write, so that the time in which somebody's
edit could be lost is one round trip; ``version`` tells afterwards whether somebody came between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeVar

from reconciler import normalize
from reconciler import plan as plans
from reconciler.diagnostics import Location
from reconciler.holds import who_and_when
from reconciler.model import Action, Change, Failure, Outcome, Plan, Status
from reconciler.ports import ApiError, Clock, Fate, Payload, Reader, Writer
from reconciler.verify import differences

_T = TypeVar("_T")

WORKERS = 8
_SETTLING = (1.0, 2.0, 4.0, 8.0, 8.0)  # seconds between looks for a create whose answer was lost
_RESENDS = 3  # times that an update whose answer was lost is sent again
_STOPPING_GRACE = 5.0  # seconds that what is in flight has to end once the run was asked to stop
_TICK = 0.1

_NOT_CONVERGED = "not-converged"
_RACED = "raced"
_NOT_CONVERGED_AT_THE_END = "not-converged-at-the-end"

Locate = Callable[[str, str], Location | None]
"""(config id, JSON Pointer) → the place in its file."""


def apply(
    plan: Plan,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    *,
    locate: Locate = lambda _id, _path: None,
    may_be_reviewed: bool = False,
    workers: int = WORKERS,
) -> Iterator[Outcome]:
    """Carry a plan out and yield what became of each change, as it is known; held ones first.

    ``may_be_reviewed``: an accepted write may wait for a review, so one that does not show is unknown, not failed.
    Never raises for what the world refuses. Once ``clock.stopping``, no new write begins: what is in flight is
    finished or classified within seconds, and the remainder is ``skipped``.
    """
    yield from filter(None, map(_held, plan.changes))
    one = _Run(reader, writer, clock, locate, may_be_reviewed)
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="apply")
    try:
        yield from _collect({pool.submit(one.carry_out, change): change for change in plan.writes}, clock)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def stale(plan: Plan, fresh: Sequence[Payload]) -> list[Outcome]:
    """The changes for which live is no longer what the plan saw; empty where the plan still holds."""
    live = {str(payload.get("id")): payload for payload in fresh}
    moved = {change.id: _moved(change, live.get(change.id)) for change in plan.changes}
    return [Outcome(change, Status.STALE, moved[change.id]) for change in plan.changes if moved[change.id] is not None]


def until_stopped(clock: Clock, read: Callable[[], _T]) -> _T | None:
    """What ``read`` returns or raises; None once the run was asked to stop: a slow answer is then not waited for."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")
    try:
        answer = pool.submit(read)
        while not clock.stopping:
            if wait([answer], timeout=_TICK).done:
                return answer.result()
        return None
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def was_written(outcome: Outcome) -> bool:
    """Whether the API accepted the change: all that is verified, and failures that showed only afterwards."""
    afterwards = (_NOT_CONVERGED, _RACED, _NOT_CONVERGED_AT_THE_END)
    return outcome.error is None or outcome.error.code in afterwards


def undone(outcome: Outcome, paths: Iterable[str]) -> Outcome:
    """The outcome of a change that was verified, but of which ``paths`` differed when the run ended."""
    said = f"verified after its write, but by the end of the run live differed in {', '.join(paths)}"
    return Outcome(outcome.change, Status.FAILED, Failure(_NOT_CONVERGED_AT_THE_END, said))


def not_begun(changes: Iterable[Change], why: Failure) -> list[Outcome]:
    """The outcomes of a run that wrote nothing: what is held stays held, all else was skipped."""
    return [_held(change) or Outcome(change, Status.SKIPPED, why) for change in changes]


def _held(change: Change) -> Outcome | None:
    held = change.held
    return None if held is None else Outcome(change, Status.HELD, Failure(held.code, held.message))


def _collect(pending: dict[Future[Outcome], Change], clock: Clock) -> Iterator[Outcome]:
    deadline: float | None = None
    while pending:
        done, _ = wait(pending, timeout=_TICK, return_when=FIRST_COMPLETED)
        for future in done:
            yield _result(future, pending.pop(future))
        if not clock.stopping:
            continue
        for future in [one for one in pending if one.cancel()]:
            yield _skipped(pending.pop(future))
        deadline = deadline or clock.monotonic() + _STOPPING_GRACE
        if clock.monotonic() >= deadline:
            for change in pending.values():
                yield Outcome(change, Status.UNKNOWN, Failure("cut-off", "the run was stopped before the answer came"))
            return


def _result(future: Future[Outcome], change: Change) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a bug of ours in one change must not hide what became of the others
        said = f"an error of reconciler itself ({type(error).__name__}); whether it was written is not known"
        return Outcome(change, Status.UNKNOWN, Failure("internal-error", said))


def _skipped(change: Change) -> Outcome:
    return Outcome(change, Status.SKIPPED, stopped())


def stopped() -> Failure:
    """Why a change was not begun by a run that was asked to stop."""
    return Failure("not-started", "the run was stopped before this change began")


@dataclass(frozen=True, slots=True)
class _Run:
    """One run's ways out; ``carry_out`` is what a worker does with one change."""

    reader: Reader
    writer: Writer
    clock: Clock
    locate: Locate
    may_be_reviewed: bool

    def carry_out(self, change: Change) -> Outcome:
        if self._is_stopping():
            return _skipped(change)
        try:
            before = self.reader.get(change.id)
        except ApiError as error:
            return self._failed(change, error)
        moved = _moved(change, before)
        if moved is not None:
            return Outcome(change, Status.STALE, moved)
        if self._is_stopping():  # asked while we read
            return _skipped(change)
        return self._write(change, before, _RESENDS)

    def _is_stopping(self) -> bool:
        return self.clock.stopping

    def _write(self, change: Change, before: Payload | None, resends: int) -> Outcome:
        try:
            if change.action is Action.CREATE:
                answer = self.writer.create(change.request.body)
            else:
                answer = self.writer.update(change.id, change.request.body)
        except ApiError as error:
            if error.fate is not Fate.UNKNOWN:
                return self._failed(change, error)
            return self._settle(change, before, error, resends)
        return self._verify(change, before, answer, resent=resends < _RESENDS)

    def _settle(self, change: Change, before: Payload | None, error: ApiError, resends: int) -> Outcome:
        """The answer was lost: look what live says before anything else."""
        for pause in _SETTLING:
            rested = self.clock.sleep(pause)
            try:
                now = self.reader.get(change.id)
            except ApiError:
                now = None
                if not rested:
                    break
                continue
            if now is not None and not differences(change.id, change.request.body, now, before):
                return Outcome(change, Status.VERIFIED)
            if now is not None and _moved(change, now) is not None:
                return _lost(change, error, f"live is neither what was there nor what was meant: {who_and_when(now)}")
            if not rested:
                break
            if now is not None and resends > 0:  # live is still what the plan saw
                return self._write(change, before, resends - 1)
        return _lost(change, error, "live does not show the change")

    def _verify(self, change: Change, before: Payload | None, answer: Payload | None, *, resent: bool) -> Outcome:
        after = answer
        wrong = ["the answer"] if after is None else differences(change.id, change.request.body, after, before)
        if wrong:  # an answer need not show every field; a read does
            try:
                after = self.reader.get(change.id)
            except ApiError as error:
                return _lost(change, error, "it was accepted, but could not be read again")
            gone = ["the config, which is not there"]
            wrong = gone if after is None else differences(change.id, change.request.body, after, before)
        if wrong:
            staged = self.may_be_reviewed or bool(change.request.body.get("releasePipelineID"))
            return _not_converged(change, wrong, staged=staged)
        if before is not None and after is not None and not resent and _somebody_between(before, after):
            return Outcome(change, Status.FAILED, _raced(before, after))
        return Outcome(change, Status.VERIFIED)

    def _failed(self, change: Change, error: ApiError) -> Outcome:
        if error.fate is Fate.NOT_SENT and self.clock.stopping:
            return _skipped(change)
        return Outcome(change, Status.FAILED, Failure(error.code, error.message, self._place(change, error)))

    def _place(self, change: Change, error: ApiError) -> Location | None:
        """The first place in the file that the API's findings name: ``rules.0.name`` → its line."""
        for name, _ in error.errors:
            path = "/" + re.sub(r"\[(\d+)\]", r".\1", name).replace(".", "/")
            return self.locate(change.id, path if name else "")
        return self.locate(change.id, "")


def _moved(change: Change, live: Payload | None) -> Failure | None:
    """Why live is not what the plan saw, or None where it is."""
    if change.live is None:
        if live is None:
            return None
        return Failure("stale", f"the config was created since the plan by {who_and_when(live)}; plan again")
    if live is None:
        return Failure("stale", "the config was deleted since the plan; plan again")
    try:
        same = plans.fingerprint(normalize.live(live)) == change.live.fingerprint
    except normalize.PayloadError as error:
        return Failure("stale", f"live cannot be compared with the plan: {error}")
    return None if same else Failure("stale", f"changed since the plan by {who_and_when(live)}; plan again")


def _lost(change: Change, error: ApiError, what: str) -> Outcome:
    return Outcome(change, Status.UNKNOWN, Failure("answer-lost", f"{error.message}; {what}; run apply again"))


def _not_converged(change: Change, wrong: Sequence[str], *, staged: bool) -> Outcome:
    named = ", ".join(wrong[:5]) + (f" and {len(wrong) - 5} more" if len(wrong) > 5 else "")
    if staged:
        said = f"accepted, but not to be seen in {named}: it may wait for a review or a release pipeline"
        return Outcome(change, Status.UNKNOWN, Failure("staged", said))
    return Outcome(change, Status.FAILED, Failure(_NOT_CONVERGED, f"written, but live differs from it in {named}"))


def _somebody_between(before: Payload, after: Payload) -> bool:
    first, last = before.get("version"), after.get("version")
    return isinstance(first, int) and isinstance(last, int) and last > first + 1


def _raced(before: Payload, after: Payload) -> Failure:
    return Failure(
        _RACED,
        f"written, but somebody else wrote in the same moment (version {before['version']} → {after['version']}); "
        "look at the config's history in the console for what was replaced",
    )
