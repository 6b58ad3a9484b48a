"""YAML 1.2's core schema: what a plain scalar means.

https://yaml.org/spec/1.2.2/#103-core-schema. Where YAML 1.1 reads another value, a warning says so, since editors and
other tools may still follow it.
"""

from __future__ import annotations

import math
import re
from typing import Any

from reconciler.files import flaws
from reconciler.files.events import FLAW, MERGE, REMARK, SCALAR
from reconciler.files.flaws import Flaw
from reconciler.files.numbers import decimal, integer

_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_YAML_11_NUMBER = re.compile(r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+][0-9]+)?)")

Resolved = tuple[int, Any, Flaw | None]
"""Kind of event, value, and what there is to say about it."""

_NOT_FINITE = [sign + word for sign in ("", "-", "+") for word in (".inf", ".Inf", ".INF")] + [".nan", ".NaN", ".NAN"]

WORDS: dict[str, Resolved] = {
    **dict.fromkeys(("true", "True", "TRUE"), (SCALAR, True, None)),
    **dict.fromkeys(("false", "False", "FALSE"), (SCALAR, False, None)),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), (SCALAR, None, None)),
    **{
        spelling: (REMARK, spelling, flaws.yaml_11_boolean(spelling))
        for word in ("yes", "no", "on", "off")
        for spelling in (word, word.capitalize(), word.upper())
    },
    **{word: (FLAW, 0, flaws.value_not_finite(word)) for word in _NOT_FINITE},
    "<<": (MERGE, "<<", None),
}
"""Plain scalars that are not, or not only, a string; numbers aside."""

NUMBER_STARTS = frozenset("0123456789+-.")


def number(text: str) -> Resolved:
    """The meaning of a plain scalar that begins like a number; most of what begins so is still a string."""
    if _INTEGER.fullmatch(text):
        value, flaw = integer(text, 10)
        if flaw is not None:
            return FLAW, value, flaw
        digits = text.lstrip("+-")
        if len(digits) > 1 and digits[0] == "0":
            return REMARK, value, flaws.yaml_11_number(text, f"the number {value}")
        return SCALAR, value, None
    if _OTHER_BASE.fullmatch(text):
        value, flaw = integer(text[2:], 8 if text[1] == "o" else 16)
        return SCALAR if flaw is None else FLAW, value, flaw
    if _FLOAT.fullmatch(text):
        real, flaw = decimal(text)
        return SCALAR if flaw is None else FLAW, real, flaw
    if _YAML_11_NUMBER.fullmatch(text):
        return REMARK, text, flaws.yaml_11_number(text, "a string")
    return SCALAR, text, None


def resolve(text: str) -> Resolved:
    """The meaning of any plain scalar."""
    if text in WORDS:
        return WORDS[text]
    return number(text) if text[0] in NUMBER_STARTS else (SCALAR, text, None)


def tagged(tag: str, text: str) -> Resolved:
    """The meaning of a scalar with one of YAML's own tags, such as ``!!int``; any other tag is a flaw."""
    name = tag.removeprefix("tag:yaml.org,2002:")
    if name == "str":
        return SCALAR, text, None
    if name not in _OF_TAG or name == tag:
        return FLAW, text, flaws.yaml_tag(tag)
    kind, value, flaw = resolve(text)
    if kind == FLAW:
        return kind, value, flaw
    if name == "float" and type(value) is int and math.isfinite(value):
        return SCALAR, float(value), None
    if type(value) is not _OF_TAG[name]:
        return FLAW, text, flaws.yaml_tag_mismatch(name, text)
    return SCALAR, value, None


_OF_TAG: dict[str, type] = {"int": int, "float": float, "bool": bool, "null": type(None)}
