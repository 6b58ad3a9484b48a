"""Method and target → which endpoint is called, on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qs, unquote, urlsplit

from reconciler.emulator.errors import Refusal
from reconciler.emulator.wire import Request

COLLECTION = "/console/v1/dynamic_configs"


class Endpoint(Enum):
    LIST = auto()
    CREATE = auto()
    GET = auto()
    UPDATE = auto()
    PATCH = auto()
    DELETE = auto()
    ENABLE = auto()
    DISABLE = auto()
    ARCHIVE = auto()
    UNARCHIVE = auto()
    RULES = auto()
    RULE = auto()


# By the segments that follow the collection: "*" stands for an id.
_ROUTES = {
    ("GET", ()): Endpoint.LIST,
    ("POST", ()): Endpoint.CREATE,
    ("GET", ("*",)): Endpoint.GET,
    ("POST", ("*",)): Endpoint.UPDATE,
    ("PATCH", ("*",)): Endpoint.PATCH,
    ("DELETE", ("*",)): Endpoint.DELETE,
    ("PUT", ("*", "enable")): Endpoint.ENABLE,
    ("PUT", ("*", "disable")): Endpoint.DISABLE,
    ("PUT", ("*", "archive")): Endpoint.ARCHIVE,
    ("PUT", ("*", "unarchive")): Endpoint.UNARCHIVE,
    ("GET", ("*", "rules")): Endpoint.RULES,
    ("GET", ("*", "rule", "*")): Endpoint.RULE,
}


@dataclass(frozen=True, slots=True)
class Call:
    endpoint: Endpoint
    request: Request
    path: str
    query: dict[str, list[str]] = field(default_factory=dict)
    config_id: str = ""
    rule_id: str = ""

    @property
    def is_write(self) -> bool:
        return self.request.method != "GET"

    @property
    def dry_run(self) -> bool:
        return self.query.get("dryRun", ["false"])[-1].lower() in ("true", "1", "")


def route(request: Request) -> Call:
    """Raises ``Refusal`` 404 for what is no endpoint, in the words of the API's web framework."""
    try:
        target = urlsplit(request.target)
        query = parse_qs(target.query, keep_blank_values=True, max_num_fields=100)
    except ValueError as error:
        raise Refusal(400, f"Malformed request target: {error}") from error
    path = target.path.removesuffix("/")
    rest = path.removeprefix(COLLECTION)
    missing = Refusal(404, f"Cannot {request.method} {target.path}")
    if rest == path or (rest and not rest.startswith("/")):
        raise missing
    parts = [unquote(part) for part in rest.split("/")[1:]]
    pattern = tuple("*" if position in (0, 2) else part for position, part in enumerate(parts))
    endpoint = _ROUTES.get((request.method, pattern))
    if endpoint is None or "" in parts:
        raise missing
    config_id, _, rule_id = [*parts, "", "", ""][:3]
    return Call(endpoint, request, path, query, config_id, rule_id)
