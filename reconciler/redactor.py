"""The Console API key, struck out of whatever leaves the process: the one mechanism for every way out.

Values are redacted before anything draws them (``Redactor.value``, ``Redactor.source``), since a renderer escapes, cuts
and folds: of a key that was cut in two, no text shows any more that it is one. The finished text is gone over once
more, for what was never a value: a traceback, a library's message.
"""

from __future__ import annotations

import dataclasses
import html
import json
import operator
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any, TypeVar

T = TypeVar("T")

PREFIX = "console-"
STRUCK_OUT = PREFIX + "***"

_ENOUGH = 8  # characters of a secret after its prefix, of which a message that cut off the rest is still rid
_ENOUGH_ALONE = 16  # the same without its prefix
_LONG = 12  # characters from which on a whole secret is found without its prefix
_NO_WORD = len(PREFIX) + 20  # characters that no name of something else has
_ANY_KEY = re.compile(re.escape(PREFIX) + r"(?!\*\*\*)[\w.~+/=…*-]+", re.IGNORECASE)

# How a letter begins where it is escaped for no need, and how it looks.
_ESCAPES = {"%": "%{:02x}", "u00": "u{:04x}", "&#": "#{};", "&#x": "x{:x};"}


class Redactor:
    """Knows the keys of a run. ``redactor(text)`` is the text with each of them struck out.

    A key is found in any case, escaped as in JSON, a JSON Pointer, a URL or HTML, once or repeatedly, and also where
    only its beginning is left.
    """

    def __init__(self, *keys: str) -> None:
        self._keys = {key: _Key(key) for key in keys if len(key) > len(PREFIX)}

    def __call__(self, text: str) -> str:
        if not self._may_be_in(text):
            return text
        if "\n" in text:  # no key spans lines; most lines need no closer look
            return "\n".join(map(self, text.split("\n")))
        for key in self._keys.values():
            text = key.struck_out_of(text)
        return text

    def also(self, key: str) -> Redactor:
        """One that knows another key too."""
        return Redactor(*self._keys, key)

    def value(self, value: T) -> T:
        """The same value, a JSON value or a dataclass of such, with the keys struck out of every text in it."""
        return value if not self._keys or self._is_clean(value) else self._within(value)

    def source(self, text: str) -> str:
        """A file's text, its lines and columns kept: of a line with a key no more than that it is there."""
        return "\n".join(line if self(line) == line else "…" for line in text.split("\n")) if self._keys else text

    def _may_be_in(self, text: str) -> bool:
        lower = text.lower() if self._keys else ""
        return any(key.may_be_in(lower) for key in self._keys.values())

    def _is_clean(self, value: Any) -> bool:
        """Whether a value surely holds no key: in one text, which is faster than walking through it."""
        try:
            return not self._may_be_in(json.dumps(value, ensure_ascii=False, default=_parts))
        except (TypeError, ValueError, RecursionError):
            return False

    def _within(self, value: Any) -> Any:
        if type(value) is str:
            text = self(value)
            return value if text == value else text
        if type(value) in (dict, list) and self._is_clean(value):
            return value
        if isinstance(value, Mapping):
            found = [(self._within(key), self._within(one)) for key, one in value.items()]
            same = all(key is old and one is value[old] for (key, one), old in zip(found, value, strict=True))
            return value if same else dict(found)
        if type(value) in (list, tuple):
            items = [self._within(one) for one in value]
            return value if all(map(operator.is_, items, value)) else type(value)(items)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            given = {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
            changed = {name: new for name, one in given.items() if (new := self._within(one)) is not one}
            return dataclasses.replace(value, **changed) if changed else value
        return value


def of_environment(environ: Mapping[str, str]) -> Redactor:
    """Of every key that the environment holds, under whatever name: which one is used, the settings say later."""
    values = [value.strip() for name, value in environ.items() if not name.startswith("RECONCILER_")]
    return Redactor(*(one for one in values if one.lower().startswith(PREFIX) and len(one) >= _NO_WORD))


def without_keys(text: str, *, least: int = len(PREFIX)) -> str:
    """A text with whatever looks like a Console API key, known or not, struck out where it has ``least`` characters."""
    return _ANY_KEY.sub(lambda match: STRUCK_OUT if len(match[0]) >= least else match[0], text)


def without_pasted_keys(text: str) -> str:
    """The same for a text with names that people chose, which may begin like a key."""
    return without_keys(text, least=_NO_WORD)


class _Key:
    """One key, and how to find it: a beginning that is searched for, then as much more as follows."""

    def __init__(self, key: str) -> None:
        secret = key[len(PREFIX) :] if key.lower().startswith(PREFIX) else key
        spelled = [_any_spelling(char) for char in secret]
        named = "".join(map(_any_spelling, PREFIX)) + "".join(spelled[:_ENOUGH])
        # A short secret may be a word, and so may the beginning of one that was made up for an emulator.
        bare = "|" + "".join(spelled[:_ENOUGH_ALONE]) if len(secret) >= _LONG else ""
        self._head = re.compile(f"({named}){bare}", re.IGNORECASE)
        self._chars = [re.compile(one, re.IGNORECASE) for one in spelled]
        self._plain = "".join(takewhile(str.isalnum, secret[:_ENOUGH])).lower()
        points = {ord(char) for char in self._plain + self._plain.upper()}
        self._escapes = {begins: {form.format(point) for point in points} for begins, form in _ESCAPES.items()}

    def may_be_in(self, lower: str) -> bool:
        """False where a text in lower case holds neither the key's beginning nor a letter of that escaped."""
        return self._plain in lower or any(
            begins in lower and any(one in lower for one in escapes) for begins, escapes in self._escapes.items()
        )

    def struck_out_of(self, text: str) -> str:
        return "".join(self._pieces(text))

    def _pieces(self, text: str) -> Iterator[str]:
        at = 0
        while match := self._head.search(text, at):
            yield text[at : match.start()]
            yield STRUCK_OUT
            at = match.end()
            for char in self._chars[_ENOUGH if match[1] else _ENOUGH_ALONE :]:
                following = char.match(text, at)
                if following is None:
                    break
                at = following.end()
        yield text[at:]


def _parts(value: Any) -> Any:
    """What json.dumps does not know, as what it knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [getattr(value, one) for one in value.__dataclass_fields__]
    raise TypeError


def _any_spelling(char: str) -> str:
    point = ord(char)
    pointer = {"~": "~0", "/": "~1"}.get(char, char)
    names = {pointer, html.escape(char), f"&#{point};", f"&#x{point:x};", f"&#x0{point:x};", f"&#0{point};"}
    quoted = "".join(f"%(?:25){{0,3}}{byte:02x}" for byte in char.encode("utf-8", "replace"))
    spelled = "|".join(re.escape(one) for one in sorted(names - {char}))
    # The character itself comes last: it may begin another spelling of itself, as in %25.
    return rf"(?:\\{{1,8}}u{point:04x}|{quoted}|{spelled}|\\{{0,8}}{re.escape(char)})"
