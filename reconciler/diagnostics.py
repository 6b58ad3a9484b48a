"""What is wrong in users' files: findings, each with a place, returned and never raised.

A check speaks of a JSON Pointer (RFC 6901) into the file's data; a ``Document`` turns the pointer into a
``Location``. Only renderers put the two into words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is: an error stops a plan, a warning is shown beside it."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A range in a file. Lines and columns are 1-based characters; the end is exclusive.

    ``line`` 0 means that only the file is known (reconciler.toml: tomllib keeps no lines; an unreadable file);
    an empty ``file`` that the finding is about the project as a whole.
    """

    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``code`` is stable and occurs once in the source; ``path`` is a JSON Pointer or None.

    ``is_secret`` says that the lines at the location must not be shown: they hold what the finding warns of.
    """

    severity: Severity
    code: str
    message: str
    location: Location
    hint: str | None = None
    id: str | None = None
    path: str | None = None
    is_secret: bool = False

    @property
    def sort_key(self) -> tuple[Location, str, str, str]:
        """By place, then by what it says: the same for any order of work."""
        return (self.location, self.code, self.path or "", self.message)


def has_errors(diagnostics: list[Diagnostic] | tuple[Diagnostic, ...]) -> bool:
    """True where any finding is an error."""
    return any(one.severity is Severity.ERROR for one in diagnostics)


def pointer(*parts: str | int) -> str:
    """A JSON Pointer (RFC 6901) from its parts: ``pointer("rules", 0, "a/b")`` is ``/rules/0/a~1b``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def parts(path: str) -> list[str]:
    """The parts of a JSON Pointer, unescaped; list indices stay text."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
