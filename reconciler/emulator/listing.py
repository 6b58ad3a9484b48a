"""The list endpoint's query string: filters, pages, and the API's pagination object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from reconciler.emulator.errors import Problem, invalid

Query = Mapping[str, Sequence[str]]

MAX_LIMIT = 100  # the most that sibling endpoints take; also taken as the default
_SCALARS = ("creatorID", "creatorName", "releasePipelineID")


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    number: int  # 1-based

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.limit


def read_page(query: Query) -> Page:
    """A limit over the maximum is clamped; raises ``Refusal`` for what is no number from 1 up."""
    return Page(min(_positive(query, "limit", MAX_LIMIT), MAX_LIMIT), _positive(query, "page", 1))


def _positive(query: Query, name: str, default: int) -> int:
    text = query[name][-1] if name in query else str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise invalid([Problem(name, "Expected number, received nan")])
    if int(text) < 1:
        raise invalid([Problem(name, "Number must be greater than or equal to 1")])
    return int(text)


def has_filters(query: Query) -> bool:
    return bool({"tags", "tags[]", *_SCALARS} & query.keys())


def matches(config: Mapping[str, Any], query: Query) -> bool:
    """Each filter that is given holds; of several tags any one is enough."""
    tags = [*query.get("tags", []), *query.get("tags[]", [])]
    if tags and not set(tags) & set(config.get("tags") or []):
        return False
    return all(config.get(name) in query[name] for name in _SCALARS if name in query)


def pagination(path: str, query: Query, page: Page, total: int) -> dict[str, Any]:
    """As the API sends it: links are paths, null where there is no such page."""

    def link(number: int) -> str:
        filters = [(key, value) for key in query for value in query[key] if key not in ("page", "limit")]
        return f"{path}?{urlencode([('page', number), ('limit', page.limit), *filters])}"

    return {
        "itemsPerPage": page.limit,
        "pageNumber": page.number,
        "totalItems": total,
        "nextPage": link(page.number + 1) if page.offset + page.limit < total else None,
        "previousPage": link(page.number - 1) if page.number > 1 else None,
        "all": path,
    }
