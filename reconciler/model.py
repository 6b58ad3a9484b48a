"""The nouns: what files and live state become, and what a plan is made of. All frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from reconciler.diagnostics import Diagnostic, Location, has_errors


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    UNARCHIVE = "unarchive"


class Kind(StrEnum):
    """What happened to a field."""

    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    RENAMED = "renamed"
    COMMENTS = "comments"


class Origin(StrEnum):
    """Who made a difference between file and live, as the base tells."""

    INTENDED = "intended"
    DRIFT = "drift"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"


class Status(StrEnum):
    """What is known of a change after an apply."""

    VERIFIED = "verified"
    FAILED = "failed"
    STALE = "stale"
    HELD = "held"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"


class Places(Protocol):
    """Where the parts of a desired config stand: what ``Resource.origin`` offers of its ``Document``."""

    @property
    def file(self) -> str: ...

    def locate(self, path: str, key: bool = False) -> Location: ...


@dataclass(frozen=True, slots=True)
class Twin:
    """A value as its author wrote it in JSON5.

    ``comments`` are (anchor, text) pairs: the same for any white space outside comments. Empty where there are none.
    """

    text: str
    comments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, or a variant of one: ``spec`` is canonical and without ids, ``raw`` is what stood there, at ``path``."""

    path: str
    spec: Mapping[str, Any]
    raw: Mapping[str, Any]
    twins: Mapping[str, Twin]

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def twin(self) -> Twin | None:
        """The author's text of ``returnValue``."""
        return self.twins.get(f"{self.path}/returnValue")

    @property
    def variants(self) -> tuple[Rule, ...]:
        return _rules(f"{self.path}/variants", self.spec["variants"], self.raw.get("variants"), self.twins)


@dataclass(frozen=True, slots=True)
class Resource:
    """One dynamic config in canonical form; both sides, file and live, become this.

    ``spec`` maps the API's field names to canonical values; in a desired config an absent key is unmanaged.
    ``raw`` is what stood there, for the body. ``twins`` maps a JSON Pointer (``/defaultValue``,
    ``/rules/0/returnValue``) to the author's text of that value. ``origin`` knows the file's places; None for live.
    """

    id: str
    spec: Mapping[str, Any]
    raw: Mapping[str, Any]
    twins: Mapping[str, Twin] = field(default_factory=dict)
    origin: Places | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in their order; empty too where the file does not manage them."""
        return _rules("/rules", self.spec.get("rules", ()), self.raw.get("rules"), self.twins)


def _rules(path: str, specs: Any, raws: Any, twins: Mapping[str, Twin]) -> tuple[Rule, ...]:
    both = zip(specs, raws or (), strict=True)
    return tuple(Rule(f"{path}/{at}", spec, raw, twins) for at, (spec, raw) in enumerate(both))


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference. ``path`` points into the file's shape (a removed rule: its live place).

    ``before`` and ``after`` are JSON values in the file's spelling; for ``moved`` they are 0-based indices, for
    ``added`` and ``removed`` the missing side is None, for ``comments`` they are the two JSON5 texts.
    """

    path: str
    kind: Kind
    before: Any
    after: Any
    rule: str | None = None
    origin: Origin = Origin.UNKNOWN
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a change is not written: ``archived``, ``drift``, ``conflict`` or ``rollout-pending``, and what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request that carries a change out."""

    method: str
    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LiveVersion:
    """The live state a change was planned against. ``last_modified_time`` is epoch milliseconds."""

    fingerprint: str
    last_modifier_name: str | None = None
    last_modified_time: int | float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One config that differs. ``live`` is None for a create; ``then`` is what follows on ``request``, if anything."""

    id: str
    action: Action
    file: str
    fields: tuple[FieldChange, ...]
    held: Hold | None
    request: Request
    live: LiveVersion | None
    then: Request | None = None

    @property
    def body(self) -> Mapping[str, Any]:
        """What the config is written as; empty where it is only unarchived."""
        return (self.then or self.request).body


@dataclass(frozen=True, slots=True)
class TargetRef:
    """Where a plan was made for. ``api_url`` is the URL, or ``emulator`` for the embedded one."""

    name: str
    api_url: str


@dataclass(frozen=True, slots=True)
class LimitExceeded:
    """More updates than the settings allow at once: ``updates`` of the ``managed`` configs that exist live."""

    updates: int
    managed: int
    max_changed_percent: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What apply would do, and all that a reviewer sees of it. Made by ``plan.make``; sorted there, once."""

    target: TargetRef
    commit: str | None
    base: str | None
    changes: tuple[Change, ...]
    unchanged: int
    unmanaged: tuple[str, ...]
    released: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    digest: str
    intent: str
    limit: LimitExceeded | None = None

    @property
    def errored(self) -> bool:
        return has_errors(self.diagnostics)

    @property
    def writes(self) -> tuple[Change, ...]:
        """The changes that apply carries out."""
        return tuple(change for change in self.changes if change.held is None)

    def count(self, action: Action) -> int:
        """How many configs are created or updated; held ones do not count."""
        return sum(change.action is action for change in self.writes)

    @property
    def held(self) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.held is not None)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an outcome is not ``verified``: a stable code, one line for people, and where it points, if anywhere."""

    code: str
    message: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change. ``error`` is None exactly for ``verified``.

    ``read`` is the payload that the server made of the write, where it made something else of it. ``version`` is
    live's, as read after the write. ``sees_races`` is False where live shows no rising version, so that nobody can
    tell whether somebody else wrote in the same moment.
    """

    change: Change
    status: Status
    error: Failure | None = None
    read: Mapping[str, Any] | None = None
    version: int | None = None
    sees_races: bool = True
