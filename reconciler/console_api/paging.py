"""A list that adds up: pages are read again where configs moved between them meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.console_api import failures
from reconciler.console_api.answer import Page
from reconciler.console_api.waiting import Waits
from reconciler.ports import Payload

PAGE_SIZE = 100
"""The most that the API's sibling lists allow."""

SMALL_PAGE_SIZE = 20
"""For configs so large that a page of the usual size is more than an answer may hold: 100 kB of body each, written
twice where values have a JSON5 twin."""

_MOST_PAGES = 1_000
_MOST_LISTS = 3
_BETWEEN_LISTS = 1.0


class _InconsistentError(Exception):
    """The pages contradict each other; the text says how."""


def consistent_list(fetch: Callable[[int], Page], waits: Waits, call: str) -> list[Payload]:
    """Every config once. ``fetch`` gets a page by its number, from 1.

    Raises ``ApiError`` where the pages contradict each other three times over. Totals cannot show every move: a
    config that is gone while another one came leaves them as they were.
    """
    for attempt in range(1, _MOST_LISTS + 1):
        try:
            return _one_list(fetch, waits)
        except _InconsistentError as error:
            if attempt == _MOST_LISTS:
                raise failures.inconsistent_list(call, attempt, str(error)) from None
            waits.sleep(_BETWEEN_LISTS, "the list of configs to settle")
    raise AssertionError("the last attempt returns or raises")


def _one_list(fetch: Callable[[int], Page], waits: Waits) -> list[Payload]:
    found: dict[str, Payload] = {}
    total: int | None = None
    for number in range(1, _MOST_PAGES + 1):
        page = fetch(number)
        waits.go_on()
        if number > 1 and page.total != total:
            raise _InconsistentError(f"page 1 counts {total} configs, page {number} counts {page.total}")
        total = page.total
        for config in page.configs:
            if found.setdefault(config["id"], config) is not config:
                raise _InconsistentError(f'"{config["id"]}" is listed twice')
        if not page.more:
            break
        if not page.configs:
            raise _InconsistentError(f"page {number} is empty, yet another one is to follow")
    else:
        raise _InconsistentError(f"there is no end to it after {_MOST_PAGES} pages")
    if total is not None and total != len(found):
        raise _InconsistentError(f"{total} configs are counted, {len(found)} are listed")
    return list(found.values())
