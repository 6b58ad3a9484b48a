"""Any JSON value, and many ways to spell it in YAML, JSON and JSON5."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import strategies as st

TRICKY = (
    *(
        "yes",
        "No",
        "on",
        "OFF",
        "true",
        "~",
        "null",
        "",
        "<<",
        "=",
        "-",
        "?",
        ":",
        "|",
        ">",
        "&a",
        "*a",
        "!x",
        "%",
        "@x",
    ),
    *("010", "0x1f", "0o17", "1e3", ".5", "1_000", "12:30", "2024-01-01", ".inf", ".nan", "+1", "-", "1.", "0b1"),
    *("a: b", "a #b", "# c", "- a", "{a", "[a", "'", '"', "\\", " lead", "trail ", "\t", "a\tb", "// c", "/* c */"),
    *("two\nlines", "two\nlines\n", "\n", "\n\nx", " x\ny", "x\n\n", "a\r\nb", "\r", "x \ny", "  \n"),
    *("\x00", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\ufeff", "\u202e", "\U0001f600", "\ufffe", "\xa0"),
    *("café", "cafe\u0301", "__proto__", "NaN", "Infinity", "undefined", "$a", "a/b", "a~b", "'\"", "\\\n"),
)
texts = st.one_of(st.sampled_from(TRICKY), st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
numbers = st.one_of(
    st.integers(-(10**3), 10**3),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([10**300, 1e308, 5e-324, -0.0, 1e23, 9007199254740993]),
)
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)


def _tell_apart(mapping: dict[str, Any]) -> bool:
    return len({unicodedata.normalize("NFC", key) for key in mapping}) == len(mapping)


def mappings(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(texts, values, max_size=4).filter(_tell_apart)


values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), mappings(inner)), max_leaves=12)
configs = mappings(values)
randoms = st.randoms(use_true_random=False)


def same(one: Any, other: Any) -> bool:
    """Equal, and of equal types all through: ``1``, ``1.0`` and ``True`` are three values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


# ---- JSON and JSON5


def json_spelling(value: Any, random: Random) -> str:
    return json.dumps(
        value,
        ensure_ascii=random.random() < 0.5,
        indent=random.choice([None, None, 0, 1, "\t"]),
        separators=random.choice([None, (",", ":"), (" , ", " :\r\n")]),
    )


def json5_spelling(value: Any, random: Random) -> str:
    gap = _gap(random)
    match value:
        case dict():
            members = [f"{gap()}{_json5_key(key, random)}{gap()}:{json5_spelling(value[key], random)}" for key in value]
            return gap() + "{" + ",".join(members) + _trailing_comma(members, random) + gap() + "}" + gap()
        case list():
            items = [json5_spelling(item, random) for item in value]
            return gap() + "[" + ",".join(items) + _trailing_comma(items, random) + gap() + "]" + gap()
        case str():
            return gap() + _json5_string(value, random) + gap()
        case bool() | None:
            return gap() + json.dumps(value) + gap()
        case _:
            return gap() + _json5_number(value, random) + gap()


def _trailing_comma(items: list[str], random: Random) -> str:
    return random.choice(["", ","]) if items else ""


def _gap(random: Random) -> Callable[[], str]:
    gaps = (
        "",
        "",
        "",
        " ",
        "\n",
        "\r\n",
        "\t",
        "\xa0",
        "\u2028",
        "\ufeff",
        "\u3000",
        "// c'\"\n",
        "/* [*/",
        "/***/",
        "//\r",
    )
    return lambda: random.choice(gaps)


def _json5_key(key: str, random: Random) -> str:
    if re.fullmatch(r"[A-Za-z_$][\w$]*", key, re.ASCII) and random.random() < 0.7:
        if random.random() < 0.2:
            return f"\\u{ord(key[0]):04x}{key[1:]}"
        return key
    return _json5_string(key, random)


def _json5_string(text: str, random: Random) -> str:
    quote = random.choice("\"'")
    return quote + "".join(_json5_char(char, quote, random) for char in text) + quote


def _json5_char(char: str, quote: str, random: Random) -> str:
    code = ord(char)
    if char in (quote, "\\", "\n", "\r") or random.random() < 0.05:
        if code > 0xFFFF:
            high, low = divmod(code - 0x10000, 0x400)
            return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
        return f"\\x{code:02x}" if code < 0x100 and random.random() < 0.5 else f"\\u{code:04X}"
    return char + (random.choice(["\\\n", "\\\r\n", "\\\u2028"]) if random.random() < 0.03 else "")


def _json5_number(value: float, random: Random) -> str:
    if isinstance(value, int) and random.random() < 0.3:
        return f"{'-' if value < 0 else random.choice(['', '+'])}0{random.choice('xX')}{abs(value):x}"
    text = json.dumps(value)
    if isinstance(value, float) and "e" not in text:
        if text.endswith(".0") and random.random() < 0.5:
            text = text[:-1]
        elif text.startswith("0."):
            text = text[1:]
    return text if text[0] == "-" or random.random() < 0.8 else "+" + text


# ---- YAML


def yaml_spelling(value: Any, random: Random, indent: int = 0) -> str:
    """A document, or with an indent the rest of a line and what belongs to it."""
    at_top = indent == 0
    if random.random() < 0.25 or not (isinstance(value, (dict, list)) and value):
        text = _yaml_inline(value, random, block=not at_top, indent=indent)
        return text + "\n"
    pad = " " * indent
    lines = [] if at_top else [random.choice(["", "  # a comment"]) + "\n"]
    for key in value if isinstance(value, dict) else range(len(value)):
        head = f"{_yaml_string(key, random, is_key=True)}:" if isinstance(value, dict) else "-"
        lines.append(random.choice(["", "", "# c\n", "\n"]))
        lines.append(f"{pad}{head} {yaml_spelling(value[key], random, indent + random.choice([1, 2, 4]))}")
    return "".join(lines)


def _yaml_inline(value: Any, random: Random, block: bool, indent: int) -> str:
    match value:
        case dict():
            members = [f"{_yaml_string(key, random, is_key=True)}: {yaml_flow(value[key], random)}" for key in value]
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(yaml_flow(item, random) for item in value) + "]"
        case str() if block and _fits_block(value) and random.random() < 0.7:
            return "|" + ("" if value.endswith("\n") else "-") + _block_lines(value, indent)
        case str():
            return _yaml_string(value, random)
        case None:
            return random.choice(["null", "~", "Null", "NULL"] + ([""] if block else []))
        case bool():
            return random.choice([str(value), str(value).lower(), str(value).upper()])
        case int() if value >= 0 and random.random() < 0.3:
            return random.choice([f"0x{value:x}", f"0o{value:o}", f"+{value}"])
        case _:
            return json.dumps(value)


def yaml_flow(value: Any, random: Random) -> str:
    return _yaml_inline(value, random, block=False, indent=0)


def _fits_block(text: str) -> bool:
    lines = text.removesuffix("\n").split("\n")
    return all(line and line[0] not in " \t#" and line.isascii() and line.isprintable() for line in lines)


def _block_lines(text: str, indent: int) -> str:
    return "".join("\n" + " " * (indent + 1) + line for line in text.removesuffix("\n").split("\n"))


def _yaml_string(text: str, random: Random, is_key: bool = False) -> str:
    if re.fullmatch(r"[a-z]{3,}", text) and text not in ("yes", "off", "true", "false", "null"):
        return text
    if text.isascii() and text.isprintable() and random.random() < 0.5:
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(map(_yaml_char, text)) + '"'


def _yaml_char(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if " " <= char <= "~" or "\xa0" < char < "\u2000" or char > "\uffff":
        return char
    return f"\\u{ord(char):04X}"


SPELLINGS: dict[str, Callable[[Any, Random], str]] = {
    "yaml": yaml_spelling,
    "json": json_spelling,
    "json5": json5_spelling,
}
