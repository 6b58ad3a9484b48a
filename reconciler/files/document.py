"""A config file that was read: its data, and where each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, Literal

from reconciler.diagnostics import Location
from reconciler.files.comments import twin_at
from reconciler.files.events import Syntax
from reconciler.files.json5_syntax import Json5Syntax
from reconciler.files.places import Place, first_line_end, location, places
from reconciler.files.yaml_syntax import YamlSyntax
from reconciler.model import Twin

Format = Literal["yaml", "json", "json5"]

FORMATS: dict[str, Format] = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".json5": "json5"}
"""What a file's ending says."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One config file.

    ``file`` is the path that people are shown; ``text`` has no BOM, its line ends are kept; ``data`` is plain JSON
    data. ``placeholders`` are the JSON Pointers where data holds a stand-in for what a finding already speaks of.
    """

    file: str
    text: str
    format: Format
    data: dict[str, Any]
    placeholders: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """The config's id: as written, or else the file's stem."""
        written = self.data.get("id")
        return written if isinstance(written, str) else PurePosixPath(self.file).stem

    def locate(self, path: str, key: bool = False) -> Location:
        """The range of the value at a JSON Pointer, or with ``key`` of its key.

        Where there is no such value: the key of its nearest parent, or the first line of a parent that has none.
        """
        place, is_exact = _root(self.format, self.text).find(path)
        if place.key is not None and (key or not is_exact):
            return location(self.file, self.text, *place.key)
        if is_exact:
            return location(self.file, self.text, place.start, place.end)
        return location(self.file, self.text, place.start, first_line_end(self.text, place.start, place.end))

    def twin(self, path: str) -> Twin | None:
        """The author's text of the value at a JSON Pointer; None where it is missing or the file is no ``.json5``."""
        if self.format != "json5":
            return None
        place, is_exact = _root(self.format, self.text).find(path)
        return twin_at(self.text, place) if is_exact else None


def syntax_of(text: str, text_format: Format) -> Syntax:
    """The reader for a format."""
    return YamlSyntax(text) if text_format == "yaml" else Json5Syntax(text, strict_json=text_format == "json")


@lru_cache(maxsize=16)  # findings come file by file, so a few texts are enough; not kept in the document: it travels
def _root(text_format: Format, text: str) -> Place:
    return places(syntax_of(text, text_format))
