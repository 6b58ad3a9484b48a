"""YAML → events, by libyaml's parser.

Only its flat event stream is used. What PyYAML builds on top recurses in C and crashes on deep files, knows YAML 1.1's
values, and expands merge keys without end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from reconciler.files import flaws, yaml_core_schema
from reconciler.files.events import ALIAS, ANCHOR, END, MAPPING, REMARK, SCALAR, SEQUENCE, Event, Span
from reconciler.files.flaws import UnreadableError

# libyaml refuses most of these. It takes the three line separators, but as YAML 1.1 does, for ends of line: that would
# fold U+0085 into a blank, and U+2028 would start a new key. YAML 1.2 has them as ordinary characters.
NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")

_STANDARD = {MappingStartEvent: "tag:yaml.org,2002:map", SequenceStartEvent: "tag:yaml.org,2002:seq"}


class YamlSyntax:
    """A YAML text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def span(self, token: Any) -> Span:
        return token.start_mark.index, token.end_mark.index

    def events(self) -> Iterator[Event]:
        odd = NOT_ALLOWED.search(self.text)
        if odd is not None:
            raise UnreadableError(flaws.yaml_character(odd[0]), *odd.span())
        try:
            yield from self._events_to_our_limit()
        except yaml.MarkedYAMLError as error:
            raise self._unreadable(error) from error

    def _events_to_our_limit(self) -> Iterator[Event]:
        """The events of a text that may nest deeper than libyaml reads: all that come before its own limit.

        Newer versions of libyaml refuse 1,000 levels, and see a thousand brackets before they give the event of the
        first one, because all of it could be a key. The finding must not depend on the version. So what is behind the
        limit is made flat, character by character, and the text is read again: our own lower limit then comes first.
        """
        read = 0
        try:
            for event in _events(CParser(self.text).get_event):
                yield event
                read += 1
        except yaml.MarkedYAMLError as error:
            if _LIBYAML_LIMIT not in (error.problem or "") or error.problem_mark is None:
                raise
            at = error.problem_mark.index
            flat = self.text[:at] + self.text[at:].translate(_FLAT)
            yield from islice(_events(CParser(flat).get_event), read, None)
            raise

    def _unreadable(self, error: yaml.MarkedYAMLError) -> UnreadableError:
        mark = error.problem_mark or error.context_mark
        at = len(self.text) if mark is None else mark.index
        problem = error.problem or "this is not YAML"
        message = f"{problem}, {error.context}" if error.context else problem
        char = self.text[at : at + 1]
        hint = _ESCAPE_HINT if "character escape code" in problem else _HINTS.get(char)
        return UnreadableError(flaws.yaml_syntax(message, hint), at, at + len(char.strip("\r\n")))


_LIBYAML_LIMIT = "nesting depth"
_FLAT = str.maketrans("[{", ",,")
_HINTS = {
    "\t": "indent with spaces; YAML does not take tabs",
    "@": "put the value in quotes",
    "`": "put the value in quotes",
    "%": "put the value in quotes",
}
_ESCAPE_HINT = "write the character itself; YAML has no escapes in pairs, as JSON has"


def _events(get_event: Callable[[], Any]) -> Iterator[Event]:
    words, number_starts = yaml_core_schema.WORDS, yaml_core_schema.NUMBER_STARTS
    has_document = False
    while (event := get_event()) is not None:
        kind = type(event)
        if kind is ScalarEvent and event.tag is None and event.anchor is None:
            text = event.value
            if event.style or (text not in words and text[0] not in number_starts):
                yield SCALAR, text, event
            else:
                yield from _resolved(yaml_core_schema.resolve(text), event)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            yield END, None, event
        elif kind is MappingStartEvent or kind is SequenceStartEvent or kind is ScalarEvent:
            yield from _with_properties(kind, event)
        elif kind is AliasEvent:
            yield ALIAS, event.anchor, event
        elif kind is DocumentStartEvent:
            if has_document:
                yield REMARK, flaws.yaml_documents(), event
                return
            has_document = True


def _with_properties(kind: Any, event: Any) -> Iterator[Event]:
    """A value that may have an anchor and a tag."""
    if event.anchor is not None:
        yield ANCHOR, event.anchor, event
    if kind is ScalarEvent:
        if event.tag is not None:
            yield from _resolved(yaml_core_schema.tagged(event.tag, event.value), event)
        else:
            plain = not event.style
            yield from _resolved(yaml_core_schema.resolve(event.value) if plain else (SCALAR, event.value, None), event)
    else:
        if event.tag is not None and event.tag != _STANDARD[kind]:
            yield REMARK, flaws.yaml_tag(event.tag), event
        yield MAPPING if kind is MappingStartEvent else SEQUENCE, None, event


def _resolved(resolved: yaml_core_schema.Resolved, event: Any) -> Iterator[Event]:
    kind, value, flaw = resolved
    if flaw is None:
        yield kind, value, event
    else:
        yield kind, flaw, event
        yield SCALAR, value, event
