"""Plan × Reader × Writer → Outcomes: a whole plan carried out, several changes at a time.

What becomes of one change by itself is ``attempt``; here is what concerns them all: the workers, the staleness of a
plan as a whole, and the end of a run that is asked to stop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol, TypeVar

from reconciler.apply.change_execution import RACED, Attempt, Locate, Means, moved, skipped, stopped
from reconciler.apply.unarchiving import UNARCHIVED_ONLY, Unarchiving
from reconciler.core.holds import NOT_CONVERGED
from reconciler.core.verify import Difference, phrases
from reconciler.model import Action, Change, Failure, Outcome, Plan, Status
from reconciler.ports import Clock, Payload, Reader, Writer

__all__ = ["Locate", "apply", "may_be_live", "not_begun", "stale", "stopped", "undone", "until_stopped", "was_written"]

_T = TypeVar("_T")

WORKERS = 8
_STOPPING_GRACE = 4.5  # seconds that what is in flight has to end once the run was asked to stop
_TICK = 0.1

_NOT_CONVERGED_AT_THE_END = "not-converged-at-the-end"


def apply(
    plan: Plan,
    reader: Reader,
    writer: Writer,
    clock: Clock,
    *,
    locate: Locate = lambda _id, _path: None,
    may_be_reviewed: bool = False,
    workers: int = WORKERS,
    on_tick: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Carry a plan out and yield what became of each change, as it is known; held ones first.

    ``may_be_reviewed``: an accepted write may wait for a review, so one that does not show is unknown, not failed.
    ``on_tick`` is called several times a second.
    Never raises for what the world refuses. Once ``clock.stopping``, no new write begins: what is in flight is
    finished or classified within seconds, and the remainder is ``skipped``.
    """
    yield from filter(None, map(_held, plan.changes))
    resends = threading.Semaphore(max(20, len(plan.writes) // 10))
    means = Means(reader, writer, clock, locate, may_be_reviewed, resends)
    attempts = [_attempt(change, means) for change in plan.writes]
    pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="apply")
    try:
        yield from _collect({pool.submit(one.carry_out): one for one in attempts}, clock, on_tick)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Carrier(Protocol):
    """What carries one change out, however many requests it takes."""

    change: Change

    @property
    def has_begun(self) -> bool: ...

    def carry_out(self) -> Outcome: ...


def _attempt(change: Change, means: Means) -> _Carrier:
    return Unarchiving(change, means) if change.action is Action.UNARCHIVE else Attempt(change, means)


def stale(plan: Plan, fresh: Sequence[Payload]) -> list[Outcome]:
    """The changes for which live is no longer what the plan saw; empty where the plan still holds."""
    live = {str(payload.get("id")): payload for payload in fresh}
    found = [(change, moved(change, live.get(change.id))) for change in plan.changes]
    return [Outcome(change, Status.STALE, why) for change, why in found if why is not None]


def until_stopped(clock: Clock, read: Callable[[], _T], on_tick: Callable[[], None] = lambda: None) -> _T | None:
    """What ``read`` returns or raises; None once the run was asked to stop: a slow answer is then not waited for."""
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="read")
    try:
        answer = pool.submit(read)
        while not wait([answer], timeout=_TICK).done:
            on_tick()
            if clock.stopping:
                return None
        return None if clock.stopping else answer.result()  # a read that was itself cut short raises
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def was_written(outcome: Outcome) -> bool:
    """Whether the API accepted the change: all that is verified, and failures that showed only afterwards."""
    afterwards = (NOT_CONVERGED, RACED, UNARCHIVED_ONLY, _NOT_CONVERGED_AT_THE_END)
    return outcome.error is None or (outcome.status is Status.FAILED and outcome.error.code in afterwards)


def may_be_live(outcome: Outcome) -> bool:
    """Whether live may show what a change writes: all but what certainly was not sent, or was refused."""
    is_halfway = outcome.error is not None and outcome.error.code == UNARCHIVED_ONLY
    return outcome.status is Status.UNKNOWN or (was_written(outcome) and not is_halfway)


def undone(outcome: Outcome, wrong: Sequence[Difference]) -> Outcome:
    """The outcome of a change that was verified, and of which something differed when the run ended."""
    said = f"verified after its write, but by the end of the run live differed: {phrases(wrong)}"
    return Outcome(outcome.change, Status.FAILED, Failure(_NOT_CONVERGED_AT_THE_END, said))


def not_begun(changes: Iterable[Change], why: Failure) -> list[Outcome]:
    """The outcomes of a run that wrote nothing: what is held stays held, all else was skipped."""
    return [_held(change) or Outcome(change, Status.SKIPPED, why) for change in changes]


def _held(change: Change) -> Outcome | None:
    held = change.held
    return None if held is None else Outcome(change, Status.HELD, Failure(held.code, held.message))


def _collect(pending: dict[Future[Outcome], _Carrier], clock: Clock, on_tick: Callable[[], None]) -> Iterator[Outcome]:
    deadline: float | None = None
    done = _as_they_end(pending)
    while pending:
        for future in _taken(done):
            yield _result(future, pending.pop(future))
        on_tick()
        if not clock.stopping:
            continue
        deadline = deadline or clock.monotonic() + _STOPPING_GRACE
        if clock.monotonic() >= deadline:
            yield from map(_cut_off, pending.values())
            return


def _as_they_end(futures: Iterable[Future[Outcome]]) -> SimpleQueue[Future[Outcome]]:
    """What has ended, one by one. ``concurrent.futures.wait`` looks at all that has not, each time it is called."""
    ended: SimpleQueue[Future[Outcome]] = SimpleQueue()
    for future in futures:
        future.add_done_callback(ended.put)
    return ended


def _taken(ended: SimpleQueue[Future[Outcome]]) -> Iterator[Future[Outcome]]:
    """All that has ended by now; where nothing has, the first one that does within a tick."""
    with suppress(Empty):
        yield ended.get(timeout=_TICK)
        while True:
            yield ended.get_nowait()


def _cut_off(attempt: _Carrier) -> Outcome:
    """A stopped run waits no longer. What has not begun by now will not begin."""
    if not attempt.has_begun:
        return skipped(attempt.change)
    said = "the run was stopped before the answer came; run apply again"
    return Outcome(attempt.change, Status.UNKNOWN, Failure("cut-off", said))


def _result(future: Future[Outcome], attempt: _Carrier) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001 - a bug of ours in one change must not hide what became of the others
        known = "whether it was written is not known" if attempt.has_begun else "nothing was written"
        failure = Failure("internal-error", f"internal error in reconciler ({type(error).__name__}); {known}")
        return Outcome(attempt.change, Status.UNKNOWN if attempt.has_begun else Status.FAILED, failure)
