"""JSON5 and JSON → events: one tokenizer and one grammar, strict by https://spec.json5.org and RFC 8259."""

from __future__ import annotations

import re
from collections.abc import Iterator
from re import Match
from typing import Any

from reconciler.files import flaws
from reconciler.files.events import END, FLAW, MAPPING, SCALAR, SEQUENCE, Event, Span
from reconciler.files.flaws import Flaw, UnreadableError, shortened
from reconciler.files.json5_literals import EscapeError, identifier, number, string

# A token's group says what it is; group 0 has the blanks and comments before it too.
_PUNCTUATION, _DOUBLE, _SINGLE, _ESCAPED, _NUMBER, _WORD, _TEXT_END, _OTHER = range(1, 9)

_SPACE = "\t\n\x0b\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
COMMENT = r"//[^\n\r\u2028\u2029]*|/\*(?s:.*?)\*/"
BETWEEN = rf"[{_SPACE}]*+(?:(?:{COMMENT})[{_SPACE}]*+)*+"
NUMBER_END = r"(?![\w$.\\+-])"
JSON5_NUMBER = (
    r"[+-]?(?:0[xX][0-9a-fA-F]++|(?:(?:0|[1-9][0-9]*+)(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?)" + NUMBER_END
)
STRING = r"""(?:"(?:[^"\\\n\r]|\\(?:\r\n|(?s:.)))*+"|'(?:[^'\\\n\r]|\\(?:\r\n|(?s:.)))*+')"""

_JSON5_TOKEN = re.compile(
    rf"{BETWEEN}(?:"
    r"([{}\[\],:])"
    r'|"([^"\\\x00-\x1f]*+)"'
    r"|'([^'\\\x00-\x1f]*+)'"
    rf"|({STRING})"
    rf"|({JSON5_NUMBER}|[+-](?:Infinity|NaN){NUMBER_END})"
    rf"|((?:[\w$\u200c\u200d]|\\u[0-9a-fA-F]{{4}}|[^\x00-\x7f{_SPACE}])++)"
    r"|(\Z)|((?s:.)))"
)
_JSON_TOKEN = re.compile(
    r"[ \t\n\r]*+(?:"
    r"([{}\[\],:])"
    r'|"([^"\\\x00-\x1f]*+)"'
    r"|((?!))"  # no single quotes
    r'|("(?:[^"\\\x00-\x1f]|\\.)*+")'
    rf"|(-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?{NUMBER_END})"
    r"|([A-Za-z_$]\w*+)"
    r"|(\Z)|((?s:.)))"
)

# What may come next, as bits.
_VALUE, _KEY, _COLON, _COMMA, _CLOSE, _OVER = 1, 2, 4, 8, 16, 32
_NAMES = {
    _VALUE: "a value",
    _KEY: "a key",
    _COLON: '":"',
    _COMMA: '","',
    _CLOSE: "a closing bracket",
    _OVER: "the end of the file",
}
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}
_NOT_FINITE = ("NaN", "Infinity")


class Json5Syntax:
    """A JSON5 text, or a JSON one where ``strict_json``."""

    def __init__(self, text: str, strict_json: bool = False) -> None:
        self.text = text
        self.strict_json = strict_json

    def span(self, token: Match[str]) -> Span:
        kind = token.lastindex or 0
        start, end = token.span(kind)
        return (start - 1, end + 1) if kind in (_DOUBLE, _SINGLE) else (start, end)

    def events(self) -> Iterator[Event]:
        grammar = _Grammar(self.strict_json)
        for token in (_JSON_TOKEN if self.strict_json else _JSON5_TOKEN).finditer(self.text):
            kind = token.lastindex or 0
            if kind == _PUNCTUATION:
                event = grammar.punctuation(token[_PUNCTUATION])
                if event is not None:
                    if event == _UNEXPECTED:
                        raise self.unexpected(token, grammar)
                    yield event, None, token
            elif grammar.expected & _VALUE and kind < _TEXT_END:
                if kind in (_DOUBLE, _SINGLE):
                    yield SCALAR, token[kind], token
                else:
                    yield from self.literal(token, kind)
                grammar.value()
            elif grammar.expected & _KEY and kind in (_DOUBLE, _SINGLE, _ESCAPED, _WORD):
                yield from self.key(token, kind)
                grammar.expected = _COLON
            elif kind == _TEXT_END and grammar.may_end:
                return
            else:
                raise self.unexpected(token, grammar)

    def key(self, token: Match[str], kind: int) -> Iterator[Event]:
        if kind == _ESCAPED:
            yield from self.escaped(token)
        elif kind != _WORD:
            yield SCALAR, token[kind], token
        elif self.strict_json:
            raise self.wrong(token, f"the key {shortened(token[kind])} has no quotes", _NAME_IT_JSON5)
        else:
            name = identifier(token[kind])
            if name is None:
                raise self.wrong(token, f"{shortened(token[kind])} is not a name", "put the key in quotes")
            yield SCALAR, name, token

    def literal(self, token: Match[str], kind: int) -> Iterator[Event]:
        """A value that is no plain string: the events of it."""
        text = token[kind]
        if kind == _ESCAPED:
            yield from self.escaped(token)
        elif kind == _NUMBER:
            value, flaw = number(text)
            if flaw is not None:
                yield FLAW, flaw, token
            yield SCALAR, value, token
        elif text in _CONSTANTS:
            yield SCALAR, _CONSTANTS[text], token
        elif text in _NOT_FINITE and not self.strict_json:
            yield FLAW, flaws.value_not_finite(text), token
            yield SCALAR, 0, token
        else:
            raise self.wrong(token, f"{shortened(text)} is not a value", "put it in quotes if it is text")

    def escaped(self, token: Match[str]) -> Iterator[Event]:
        """A string that may hold escapes, as a key or value."""
        try:
            value, flaw = string(token[_ESCAPED], self.strict_json)
        except EscapeError as error:
            start = token.start(_ESCAPED) + error.at
            raise UnreadableError(
                self.flaw(f"{error.text} is not an escape", "write a backslash itself as two"),
                start,
                start + len(error.text),
            ) from None
        if flaw is not None:
            yield FLAW, flaw, token
        yield SCALAR, value, token

    def flaw(self, problem: str, hint: str | None = None) -> Flaw:
        return flaws.json_syntax(problem, hint) if self.strict_json else flaws.json5_syntax(problem, hint)

    def wrong(self, token: Match[str], problem: str, hint: str | None = None) -> UnreadableError:
        return UnreadableError(self.flaw(problem, hint), *self.span(token))

    def unexpected(self, token: Match[str], grammar: _Grammar) -> UnreadableError:
        """The syntax error at a token that may not stand here."""
        kind = token.lastindex or 0
        text = token[kind]
        if kind == _TEXT_END:
            return self.wrong(token, f"the file ends where {grammar.names} should stand")
        if kind == _OTHER:
            stray = self.stray(token.start(kind), grammar)
            if stray is not None:
                return self.wrong(token, *stray)
        if self.strict_json and grammar.was_comma and text in "]}":
            return self.wrong(token, "JSON has no comma before a closing bracket", "remove the comma")
        return self.wrong(token, f"here is {shortened(self._source(token))} where {grammar.names} should stand")

    def stray(self, at: int, grammar: _Grammar) -> tuple[str, str | None] | None:
        """What is wrong with a character that begins no token, and what to do; None where it simply may not stand."""
        char = self.text[at]
        if self.text.startswith(("/*", "//"), at):
            if self.strict_json:
                return "JSON has no comments", _NAME_IT_JSON5
            return "this comment does not end", "close it with */"
        if char == "'" and self.strict_json:
            return "JSON's strings are in double quotes", _NAME_IT_JSON5
        if char in "\"'":
            stop = _IN_STRING.match(self.text, at)
            control = self.text[stop.end() : stop.end() + 1] if stop else ""
            if self.strict_json and "" < control < " " and control not in "\r\n":
                return (
                    f"this string holds the control character U+{ord(control):04X}",
                    f"write it as \\u{ord(control):04x}",
                )
            return "this string does not end on its line", f"close it with {char}"
        word = _NUMBER_LIKE.match(self.text, at)
        if word and grammar.expected & _VALUE:
            return f"{shortened(word[0])} is not a number", "put it in quotes if it is text"
        return None

    def _source(self, token: Match[str]) -> str:
        start, end = self.span(token)
        return self.text[start:end]


_NAME_IT_JSON5 = "or name the file .json5"
_UNEXPECTED = -1
_IN_STRING = re.compile(r"""["'](?:[^"'\\\x00-\x1f]|\\.)*+""")
_NUMBER_LIKE = re.compile(r"[-+.0-9][\w.+-]*+")


class _Grammar:
    """Which token may come next."""

    def __init__(self, strict_json: bool) -> None:
        self.closers: list[str] = []
        self.expected = _VALUE
        self.was_comma = False
        self.after_comma = 0 if strict_json else _CLOSE

    def value(self) -> None:
        """A value has just ended."""
        self.expected = _COMMA | _CLOSE if self.closers else _OVER
        self.was_comma = False

    def punctuation(self, mark: str) -> int | None:
        """The event that a mark is, None for a comma or colon, ``_UNEXPECTED`` where it may not stand."""
        expected = self.expected
        if mark == ":" and expected == _COLON:
            self.expected = _VALUE
            return None
        if mark == "," and expected & _COMMA:
            self.expected = (_KEY if self.closers[-1] == "}" else _VALUE) | self.after_comma
            self.was_comma = True
            return None
        if mark == "{" and expected & _VALUE:
            self.closers.append("}")
            self.expected = _KEY | _CLOSE
            return MAPPING
        if mark == "[" and expected & _VALUE:
            self.closers.append("]")
            self.expected = _VALUE | _CLOSE
            return SEQUENCE
        if expected & _CLOSE and mark == self.closers[-1]:
            self.closers.pop()
            self.value()
            return END
        return _UNEXPECTED

    @property
    def may_end(self) -> bool:
        """True after the one value, and before it: an empty text is nobody's syntax error."""
        return not self.closers and self.expected in (_OVER, _VALUE)

    @property
    def names(self) -> str:
        """What may come next, in words."""
        words = [name for bit, name in _NAMES.items() if self.expected & bit]
        return " or ".join(words)
