"""JSON5 (json5.org), for the ``...Json5`` twins: strict, and refusing what JSON cannot hold.

Beyond the specification it refuses NaN, Infinity and duplicate keys: a twin "must parse to the same
JSON" as its value, and these have none.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NoReturn

from reconciler.emulator import js_values as values

_BLANK = re.compile(
    r"(?:[\t\n\v\f\r \u00a0\ufeff\u2028\u2029\u1680\u2000-\u200a\u202f\u205f\u3000]"
    r"|//[^\n\r\u2028\u2029]*|/\*(?s:.*?)\*/)*"
)
_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_NUMBER = re.compile(rf"([+-]?)(?:(0[xX][0-9a-fA-F]+)|((?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+){_EXPONENT}))")
_CHUNK = {quote: re.compile(rf"[^{quote}\\\n\r]*") for quote in "'\""}
_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_WORDS = {"true": True, "false": False, "null": None}
_START = {"Lu", "Ll", "Lt", "Lm", "Lo", "Nl"}
_PART = _START | {"Mn", "Mc", "Nd", "Pc"}


def parse(text: str) -> Any:
    """The one value in ``text``. Raises ``ValueError`` with the line and column."""
    return _Parser(text).document()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, message: str) -> NoReturn:
        line = self.text.count("\n", 0, self.at) + 1
        column = self.at - self.text.rfind("\n", 0, self.at)
        raise ValueError(f"{message} at {line}:{column}")

    def document(self) -> Any:
        value = self.value(0)
        if self.peek():
            self.fail(f"unexpected {self.peek()!r}")
        return value

    def peek(self) -> str:
        """The next character that is neither blank nor comment; "" at the end."""
        match = _BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        if depth >= values.MAX_DEPTH:
            self.fail("nested too deeply")
        first = self.peek()
        if first == "{":
            return self.object(depth)
        if first == "[":
            return self.array(depth)
        if first in ("'", '"'):
            return self.string(first)
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at) and not self.is_part(self.at + len(word)):
                self.at += len(word)
                return value
        return self.number()

    def object(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        self.at += 1
        while self.peek() != "}":
            key = self.key()
            if key in members:
                self.fail(f"duplicate key {key!r}")
            if self.peek() != ":":
                self.fail("expected ':'")
            self.at += 1
            members[key] = self.value(depth + 1)
            self.comma("}")
        self.at += 1
        return members

    def array(self, depth: int) -> list[Any]:
        items: list[Any] = []
        self.at += 1
        while self.peek() != "]":
            items.append(self.value(depth + 1))
            self.comma("]")
        self.at += 1
        return items

    def comma(self, closing: str) -> None:
        found = self.peek()
        if found == ",":
            self.at += 1
        elif found != closing:
            self.fail(f"expected ',' or {closing!r}")

    def key(self) -> str:
        first = self.peek()
        if first in ("'", '"'):
            return self.string(first)
        name = ""
        while self.at < len(self.text) and (self.text[self.at] == "\\" or self.is_part(self.at)):
            char = self.text[self.at]
            self.at += 1
            if char == "\\":
                char = self.identifier_escape()
            if not name and not _identifier(char, start=True):
                self.fail("a key cannot begin so")
            name += char
        return name or self.fail("expected a key")

    def identifier_escape(self) -> str:
        if self.text[self.at : self.at + 1] != "u":
            self.fail("only \\u may stand in a key")
        self.at += 1
        char = self.hexadecimal(4)
        return char if _identifier(char, start=False) else self.fail("not allowed in a key")

    def is_part(self, at: int) -> bool:
        return at < len(self.text) and _identifier(self.text[at], start=False)

    def number(self) -> int | float:
        match = _NUMBER.match(self.text, self.at)
        if match is None or self.is_part(match.end()) or self.text[match.end() : match.end() + 1] == ".":
            self.fail("expected a value")
        sign, hexadecimal, decimal = match.groups()
        try:
            size = values.number(str(int(hexadecimal, 16)) if hexadecimal else decimal)
        except ValueError:
            self.fail("a number out of range")
        self.at = match.end()
        return -size if sign == "-" else size

    def string(self, quote: str) -> str:
        parts: list[str] = []
        self.at += 1
        while True:
            chunk = _CHUNK[quote].match(self.text, self.at)
            if chunk is not None:
                parts.append(chunk.group())
                self.at = chunk.end()
            stop = self.text[self.at : self.at + 1]
            if stop != "\\":
                break
            self.at += 1
            parts.append(self.escape())
        if stop != quote:
            self.fail("unterminated string")
        self.at += 1
        return _joined("".join(parts))

    def escape(self) -> str:
        char = self.text[self.at : self.at + 1] or self.fail("unterminated string")
        self.at += 1
        if char == "x":
            return self.hexadecimal(2)
        if char == "u":
            return self.hexadecimal(4)
        if char == "\r":
            self.at += self.text.startswith("\n", self.at)
            return ""
        if char in "\n\u2028\u2029":
            return ""
        if char == "0" and not self.text[self.at : self.at + 1].isdigit():
            return "\0"
        if char in "0123456789":
            self.fail("an octal escape")
        return _ESCAPES.get(char, char)

    def hexadecimal(self, digits: int) -> str:
        found = self.text[self.at : self.at + digits]
        if not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", found):
            self.fail("a broken escape")
        self.at += digits
        return chr(int(found, 16))


def _identifier(char: str, *, start: bool) -> bool:
    if char in ("$", "_") or (not start and char in ("\u200c", "\u200d")):
        return True
    return unicodedata.category(char) in (_START if start else _PART)


def _joined(text: str) -> str:
    """Surrogate pairs written as two escapes become one character, as in JSON."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
