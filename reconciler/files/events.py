"""The stream that every format is read as, so that all rules on structure are written once.

An event is ``(kind, value, token)``. A mapping is its start, then keys and values in turn, then an end. ``token`` is
the format's own handle of the place; only ``Syntax.span`` understands it, and only findings and places ask.

    SCALAR   value: str, int, float, bool or None    a key or a value
    MERGE    "<<"                                    YAML's merge key where a key is due, else the string
    MAPPING  —                                       a mapping starts
    SEQUENCE —                                       a list starts
    END      —                                       the innermost mapping or list ends
    ANCHOR   name                                    the next value has this YAML anchor
    ALIAS    name                                    the anchored value again
    REMARK   Flaw                                    a finding on the next value
    FLAW     Flaw                                    the same, and the next value is only a placeholder
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

SCALAR: Final = 0
MERGE: Final = 1
MAPPING: Final = 2
SEQUENCE: Final = 3
END: Final = 4
ANCHOR: Final = 5
ALIAS: Final = 6
REMARK: Final = 7
FLAW: Final = 8

Event = tuple[int, Any, Any]
Span = tuple[int, int]
"""Offsets of the first character and of the one after the last."""


class Syntax(Protocol):
    """A text in one format."""

    @property
    def text(self) -> str: ...

    def events(self) -> Iterator[Event]:
        """The text's events; raises ``UnreadableError`` where it cannot be read on. None at all for an empty text."""
        ...

    def span(self, token: Any) -> Span:
        """Where a token stands."""
        ...
