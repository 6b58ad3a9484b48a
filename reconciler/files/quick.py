"""The short way for ordinary files: data straight from the parser's events or a text's tokens, at a third of the time.

Whatever is out of the ordinary (an anchor, a tag, a finding of any kind, a limit that could be near) is left to the
careful reading of ``build``: then None is returned and the text is read again. What is returned is what ``build``
would return, without findings; a property test holds the two together.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml
from yaml._yaml import CParser
from yaml.events import (
    DocumentEndEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.files import yaml_core_schema
from reconciler.files.events import SCALAR
from reconciler.files.file_limits import MAX_DEPTH, MAX_KEYS
from reconciler.files.json5_literals import EscapeError, number, string
from reconciler.files.json5_syntax import BETWEEN, JSON5_NUMBER, NUMBER_END, STRING
from reconciler.files.yaml_syntax import NOT_ALLOWED

Data = dict[str, Any]
_NEAR_A_LIMIT = 3 * MAX_KEYS  # characters: that many different keys take more, and more nodes still more
_DUE = object()  # instead of a key: where a mapping is read, its next key


def quick(text: str, text_format: str) -> Data | None:
    """The mapping that an ordinary text holds, or None."""
    if len(text) > _NEAR_A_LIMIT:
        return None
    try:
        if text_format == "yaml":
            return _yaml_mapping(text)
        return _json5_mapping(text) if text_format == "json5" else None
    except (_OddError, EscapeError, yaml.MarkedYAMLError):
        return None


class _OddError(Exception):
    """The text is not an ordinary one."""


def _yaml_mapping(text: str) -> Data:
    if NOT_ALLOWED.search(text):
        raise _OddError
    get_event: Callable[[], Any] = CParser(text).get_event
    get_event()  # the stream starts
    get_event()  # the document starts
    roots: list[Any] = []
    here: Any = roots
    outer: list[Any] = []
    key: Any = _DUE
    while True:
        event = get_event()
        kind = type(event)
        if kind is MappingEndEvent or kind is SequenceEndEvent:
            here = outer.pop()
            if outer:
                continue
            break
        value = _yaml_scalar(event) if kind is ScalarEvent else _yaml_container(event, len(outer))
        if type(here) is list:
            here.append(value)
        elif key is not _DUE:
            here[key] = value
            key = _DUE
        elif type(value) is str and value.isascii() and value not in here:
            key = value
        else:
            raise _OddError
        if kind is not ScalarEvent:
            outer.append(here)
            here = value
    if [type(get_event()) for _ in range(3)] != [DocumentEndEvent, StreamEndEvent, type(None)]:
        raise _OddError
    return _only_mapping(roots)


def _yaml_scalar(event: Any) -> Any:
    text: str = event.value
    if event.anchor is not None or event.tag is not None:
        raise _OddError
    if event.style or (text not in yaml_core_schema.WORDS and text[0] not in yaml_core_schema.NUMBER_STARTS):
        return text
    kind, value, flaw = yaml_core_schema.resolve(text)
    if kind != SCALAR or flaw is not None:
        raise _OddError
    return value


def _yaml_container(event: Any, depth: int) -> Any:
    kind = type(event)
    if depth >= MAX_DEPTH or kind not in (MappingStartEvent, SequenceStartEvent):
        raise _OddError
    if event.anchor is not None or event.tag is not None:
        raise _OddError
    return {} if kind is MappingStartEvent else []


def _only_mapping(roots: list[Any]) -> Data:
    if len(roots) != 1 or type(roots[0]) is not dict:
        raise _OddError
    root: Data = roots[0]
    return root


# One step: a comma, a key with its colon, then a value or bracket; each may be missing.
_COMMA, _DOUBLE_KEY, _SINGLE_KEY, _NAME_KEY, _DOUBLE, _SINGLE, _ESCAPED, _NUMBER, _WORD, _OPEN, _CLOSE, _END = range(
    1, 13
)
_STEP = re.compile(
    rf"{BETWEEN}(?:(,){BETWEEN})?"
    rf"""(?:(?:"([ !#-\[\]-~]*+)"|'([ -&(-\[\]-~]*+)'|([A-Za-z_$][A-Za-z0-9_$]*+)){BETWEEN}:{BETWEEN})?"""
    rf"""(?:"([^"\\\x00-\x1f]*+)"|'([^'\\\x00-\x1f]*+)'|({STRING})"""
    rf"|({JSON5_NUMBER})|(true|false|null){NUMBER_END}|([{{\[])|([}}\]])|(\Z)|(?s:.))"
)
_CONSTANTS = {"true": True, "false": False, "null": None}


def _json5_mapping(text: str) -> Data:
    roots: list[Any] = []
    here: Any = roots
    outer: list[Any] = []
    is_mapping = False
    comma_due = False
    for step in _STEP.finditer(text):
        kind = step.lastindex or 0
        comma, double_key, single_key, name_key = step.group(_COMMA, _DOUBLE_KEY, _SINGLE_KEY, _NAME_KEY)
        key = name_key or (single_key if double_key is None else double_key)
        if _DOUBLE <= kind < _CLOSE:
            if (comma is not None) is not comma_due or (key is not None) is not is_mapping:
                raise _OddError
            value = step[kind] if kind <= _SINGLE else _value(kind, step[kind])
            if not is_mapping:
                here.append(value)
            elif key in here:
                raise _OddError
            else:
                here[key] = value
            comma_due = True
            if kind == _OPEN:
                outer.append(here)
                here = value
                is_mapping = type(value) is dict
                comma_due = False
        elif kind < _CLOSE or key is not None or (comma is not None and not comma_due):
            raise _OddError
        elif kind == _CLOSE:
            if not 0 < len(outer) <= MAX_DEPTH or step[_CLOSE] != ("}" if is_mapping else "]"):
                raise _OddError
            here = outer.pop()
            is_mapping = type(here) is dict
            comma_due = True
        elif outer or comma is not None:
            raise _OddError
    return _only_mapping(roots)


def _value(kind: int, text: str) -> Any:
    """The value of a step that is no plain string."""
    if kind == _OPEN:
        return {} if text == "{" else []
    if kind == _WORD:
        return _CONSTANTS[text]
    value, flaw = number(text) if kind == _NUMBER else string(text, strict_json=False)
    if flaw is not None:
        raise _OddError
    return value
