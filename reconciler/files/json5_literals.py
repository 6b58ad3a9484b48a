"""The value of a JSON5 or JSON string, number or name, once the tokenizer has found it."""

from __future__ import annotations

import re
import unicodedata
from re import Match

from reconciler.files import flaws
from reconciler.files.flaws import Flaw
from reconciler.files.numbers import decimal, integer

_ESCAPE = re.compile(
    r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(0(?![0-9]))|(\r\n|[\n\r\u2028\u2029])|([^0-9ux])|(.[^\"'\\]*))",
    re.DOTALL,
)
_JSON_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|((?!))|((?!))|((?!))|(["\\/bfnrt])|(.[^"\\]*))', re.DOTALL)
_OF_LETTER = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SURROGATE = re.compile("[\ud800-\udfff]")

_NAME_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ASCII_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_NAME_START = frozenset(("Lu", "Ll", "Lt", "Lm", "Lo", "Nl"))
_NAME_PART = _NAME_START | {"Mn", "Mc", "Nd", "Pc"}


class EscapeError(Exception):
    """``text``, ``at`` characters into the literal, is no escape."""

    def __init__(self, at: int, text: str) -> None:
        super().__init__(text)
        self.at = at
        self.text = text


def string(literal: str, strict_json: bool) -> tuple[str, Flaw | None]:
    """The value of a string with its quotes; raises ``EscapeError``. Half characters become U+FFFD and a flaw."""
    body = literal[1:-1]
    value = (_JSON_ESCAPE if strict_json else _ESCAPE).sub(_unescaped, body)
    if not _SURROGATE.search(value):
        return value, None
    utf16 = value.encode("utf-16-le", "surrogatepass")
    try:
        return utf16.decode("utf-16-le"), None
    except UnicodeDecodeError:
        return utf16.decode("utf-16-le", "replace"), flaws.lone_surrogate()


def _unescaped(match: Match[str]) -> str:
    code, latin, zero, line_end, char, wrong = match.groups()
    if code or latin:
        return chr(int(code or latin, 16))
    if zero:
        return "\0"
    if line_end:
        return ""
    if wrong:
        raise EscapeError(match.start() + 1, match[0][:6])
    return _OF_LETTER.get(char, char)


def number(text: str) -> tuple[int | float, Flaw | None]:
    """The value of a number: an int where it has neither point nor exponent, as in JSON."""
    digits = text.lstrip("+-")
    if digits[:2] in ("0x", "0X"):
        value, flaw = integer(digits[2:], 16)
        return (-value if text[0] == "-" else value), flaw
    if digits.isdecimal():
        return integer(text, 10)
    if digits in ("Infinity", "NaN"):
        return 0, flaws.value_not_finite(text)
    return decimal(text)


def identifier(text: str) -> str | None:
    """The name that an unquoted key spells (ES5 IdentifierName, https://262.ecma-international.org/5.1/#sec-7.6)."""
    if _ASCII_NAME.fullmatch(text):
        return text
    name = _NAME_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)
    starts = name[0] in "$_" or unicodedata.category(name[0]) in _NAME_START
    goes_on = all(char in "$_\u200c\u200d" or unicodedata.category(char) in _NAME_PART for char in name[1:])
    return name if starts and goes_on else None
