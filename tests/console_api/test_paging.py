"""The list adds up, or is read again, or fails plainly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console_api.conftest import CONFIGS, Served, VirtualClock, live
from reconciler.console_api import connect
from reconciler.emulator import Response
from reconciler.files.settings import Target
from reconciler.ports import ApiError

Pages = list[tuple[list[str], Any, Any]]


class Shifting:
    """A list whose pages are given: for each time it is listed, (ids, totalItems, nextPage) a page."""

    def __init__(self, *times: Pages) -> None:
        self._times = list(times)
        self.asked: list[str] = []
        self.clock = VirtualClock()

    def __call__(self, request: Any) -> Response:
        self.asked.append(request.target)
        query = parse_qs(urlsplit(request.target).query)
        number = int(query["page"][0])
        if number == 1 and len(self.asked) > 1 and len(self._times) > 1:
            self._times.pop(0)
        pages = self._times[0]
        ids, total, following = pages[min(number, len(pages)) - 1]
        body = {"data": [live(name) for name in ids], "pagination": {"totalItems": total, "nextPage": following}}
        return Response(200, {}, json.dumps(body).encode())

    def listed(self) -> list[str]:
        reader = connect(Target(api="emulator"), None, self.clock, handle=self).reader
        return [config["id"] for config in reader.list_configs()]


GOOD: Pages = [(["aaa", "bbb"], 3, "/more"), (["ccc"], 3, None)]
BAD: dict[str, Pages] = {
    "an id twice on a page": [(["aaa", "aaa"], 2, None)],
    "an id on two pages": [(["aaa", "bbb"], 3, "/more"), (["bbb", "ccc"], 3, None)],
    "a page repeated for ever": [(["aaa", "bbb"], 3, "/more")],
    "an empty page repeated for ever": [(["aaa"], 1, "/more"), ([], 1, "/more")],
    "a total that changes": [(["aaa", "bbb"], 3, "/more"), (["ccc"], 4, None)],
    "a total that is dropped": [(["aaa", "bbb"], 3, "/more"), (["ccc"], None, None)],
    "fewer than the total": [(["aaa", "bbb"], 3, None)],
    "more than the total": [(["aaa", "bbb"], 1, None)],
}


def test_pages_are_asked_for_by_number_and_joined() -> None:
    shifting = Shifting(GOOD)
    assert shifting.listed() == ["aaa", "bbb", "ccc"]
    assert shifting.asked == [f"{CONFIGS}?limit=100&page=1", f"{CONFIGS}?limit=100&page=2"]


def test_a_list_without_a_total_is_believed() -> None:
    assert Shifting([(["aaa"], None, "/more"), (["bbb"], None, "")]).listed() == ["aaa", "bbb"]


@pytest.mark.parametrize("pages", BAD.values(), ids=BAD)
def test_a_list_that_does_not_add_up_is_read_again(pages: Pages) -> None:
    assert Shifting(pages, pages, GOOD).listed() == ["aaa", "bbb", "ccc"]


@pytest.mark.parametrize("pages", BAD.values(), ids=BAD)
def test_three_times_is_enough(pages: Pages) -> None:
    shifting = Shifting(pages)
    with pytest.raises(ApiError, match="3 times in a row") as caught:
        shifting.listed()
    assert caught.value.code == "list-inconsistent"
    assert sum("page=1" in target for target in shifting.asked) == 3
    assert len(shifting.asked) <= 9


def test_a_list_without_end_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(range(10**9))
    clock = VirtualClock()

    def endless(_request: Any) -> Response:
        body = {"data": [{"id": f"config_{next(numbers)}"}], "pagination": {"nextPage": "/more"}}
        return Response(200, {}, json.dumps(body).encode())

    with pytest.raises(ApiError, match="no end"):
        connect(Target(api="emulator"), None, clock, handle=endless).reader.list_configs()


@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=5),
    repeat=st.booleans(),
    drop=st.booleans(),
    total=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_a_list_is_returned_only_where_it_has_every_config_once(
    counts: list[int], repeat: bool, drop: bool, total: bool
) -> None:
    names = iter(f"config_{number}" for number in range(100))
    pages = [[next(names) for _ in range(count)] for count in counts]
    everything = [name for page in pages for name in page]
    if repeat and len(pages) > 1:
        pages[-1] = pages[-1] + pages[0][:1]
    if drop:
        pages[0] = pages[0][1:]
    stated = len(everything) if total else None
    last = len(pages) - 1
    shifting = Shifting([(page, stated, "/more" if number < last else None) for number, page in enumerate(pages)])
    try:
        listed = shifting.listed()
    except ApiError:
        return
    assert len(set(listed)) == len(listed)
    if total:
        assert sorted(listed) == sorted(everything)


@pytest.mark.parametrize("configs", [0, 1, 99, 100, 101, 250])
def test_over_a_socket_every_config_is_listed(served: Callable[..., Served], configs: int) -> None:
    listed = served(configs=configs).reader.list_configs()
    assert sorted(config["id"] for config in listed) == sorted(f"config_{number}" for number in range(configs))


def test_configs_too_large_for_a_full_page_are_listed_in_small_ones(served: Callable[..., Served]) -> None:
    api = served(configs=0)
    api.emulator.seed([live(f"config_{number}", defaultValue={"text": "x" * 180_000}) for number in range(50)])
    assert len(api.reader.list_configs()) == 50


def test_archived_configs_are_listed(served: Callable[..., Served]) -> None:
    api = served()
    api.emulator.seed([live("old_config", status="Archived")])
    assert [config["status"] for config in api.reader.list_configs()] == ["Archived"]
