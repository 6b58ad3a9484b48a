"""Who a config is: an id taken from the file's name, and ids and names that clash across files.

An ``id`` that is written is held to its length and characters by the shape. Clashes are found among ``Identity``
facts, which are small enough to travel between processes; only the files that clash are asked for places.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.checks.findings import error, first_line
from reconciler.checks.shape import text_characters, text_length
from reconciler.diagnostics import Diagnostic
from reconciler.dynamic_config.sizes import ID_PATTERN, NAME_LENGTH, slug

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings


@dataclass(frozen=True, slots=True)
class Identity:
    """What other files' configs may clash with. ``name`` is None where the file writes none."""

    file: str
    id: str
    name: str | None


def identity(document: Document) -> Identity:
    """The facts of one document."""
    name = document.data.get("name")
    return Identity(document.file, document.id, name if isinstance(name, str) else None)


def stem(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """A file without ``id`` takes its name's stem, which must then be a good id."""
    if "id" in document.data:
        return
    name = document.id
    least, most = NAME_LENGTH
    found = []
    if not least <= len(name) <= most:
        limits = {"minLength": least, "maxLength": most}
        found.append(text_length(document, "", "the id that the file's name gives", name, limits))
    if not ID_PATTERN.match(name):
        found.append(text_characters(document, "", "the id that the file's name gives", name, ID_PATTERN.pattern))
    for one in found:
        yield replace(one, location=first_line(document), path="/id", hint=one.hint or "rename the file or write an id")


def clashes(identities: Iterable[Identity], document_of: Callable[[str], Document]) -> Iterator[Diagnostic]:
    """Configs that Statsig would take for one, each placed at the second file in path order."""
    ids: dict[str, Identity] = {}
    folded: dict[str, Identity] = {}
    slugs: dict[str, Identity] = {}
    names: dict[str, Identity] = {}
    for one in sorted(identities, key=lambda it: it.file):
        earlier = ids.setdefault(one.id, one)
        if earlier is not one:
            yield _same_id(document_of(one.file), earlier)
            continue
        by_case, by_slug = folded.setdefault(one.id.lower(), one), slugs.setdefault(slug(one.id), one)
        if by_case is not one:
            yield _same_but_for_case(document_of(one.file), by_case)
        elif by_slug is not one:
            yield _same_slug(document_of(one.file), by_slug)
        by_name = names.setdefault(slug(one.name or one.id), one)
        if by_name is not one and (one.name or by_name.name) and by_slug is one:
            yield _same_name(document_of(one.file), by_name)


def _same_id(document: Document, other: Identity) -> Diagnostic:
    return _at_id(
        document,
        error(
            document,
            "/id",
            "id-duplicate",
            f'both {other.file} and {document.file} are the config "{document.id}"',
            "give one of them another id, or remove it",
        ),
    )


def _same_but_for_case(document: Document, other: Identity) -> Diagnostic:
    return _at_id(
        document,
        error(
            document,
            "/id",
            "id-case-clash",
            f'"{document.id}" differs from "{other.id}" in {other.file} by case alone',
            "choose ids that differ in more than capitals",
        ),
    )


def _same_slug(document: Document, other: Identity) -> Diagnostic:
    return _at_id(
        document,
        error(
            document,
            "/id",
            "id-slug-clash",
            f'"{document.id}" and "{other.id}" in {other.file} are both "{slug(document.id)}" where Statsig'
            " writes names as ids",
            "choose ids that differ in a letter or digit",
        ),
    )


def _same_name(document: Document, other: Identity) -> Diagnostic:
    return _at_id(
        document,
        error(
            document,
            "/name" if "name" in document.data else "/id",
            "name-clash",
            f'the name "{document.data.get("name", document.id)}" is taken by {other.file}',
            "Statsig refuses a second config of one name; choose another",
        ),
    )


def _at_id(document: Document, found: Diagnostic) -> Diagnostic:
    """At the key that gives the id or name, or on the first line where the file's name gives it."""
    if found.path is not None and found.path[1:] in document.data:
        return found
    return replace(found, location=first_line(document))
