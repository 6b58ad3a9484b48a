"""Data → the text of a config file, as a person would write it; for ``pull``.

What is written reads back equal: the strings that YAML would take for something else are in quotes, and comments stand
where they stood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

from reconciler.diagnostics import pointer
from reconciler.files.comments import comments_of, indented, twin_at
from reconciler.files.events import SCALAR
from reconciler.files.json5_syntax import Json5Syntax
from reconciler.files.places import places
from reconciler.files.yaml_core_schema import resolve
from reconciler.files.yaml_syntax import NOT_ALLOWED

_INDENT = "  "
_LINE = 100
_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


def yaml_text(data: Mapping[str, Any]) -> str:
    """Block style, keys in the given order, strings of several lines as ``|`` blocks where that is exact."""
    text: str = yaml.dump(
        dict(data), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6, default_flow_style=False
    )
    return text


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML asks of each value)
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 (PyYAML's own)
        super().increase_indent(flow, indentless=False)


def _string(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # PyYAML adds the quotes that YAML 1.1 needs, for other readers; NOT_ALLOWED is what YAML 1.2 wants escaped.
    style = None
    if NOT_ALLOWED.search(text) or "\r" in text:
        style = '"'
    elif "\n" in text:
        style = "|"
    elif resolve(text) != (SCALAR, text, None):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _string)


def json5_text(data: Mapping[str, Any], twins: Mapping[str, str]) -> str:
    """JSON5 in which the values at some JSON Pointers are their authors' texts, comments and all.

    A text with comments outside of its value, or one that an indentation would change, is put into the ``…Json5`` key
    beside the value.
    """
    return _json5(data, "", twins, "") + "\n"


def _json5(value: Any, path: str, twins: Mapping[str, str], indent: str) -> str:
    inner = indent + _INDENT
    if isinstance(value, Mapping) and value:
        members = [line for key in value for line in _members(key, value[key], path, twins, inner)]
        return "{\n" + "".join(f"{inner}{member},\n" for member in members) + indent + "}"
    if isinstance(value, list) and value:
        items = [_json5(item, f"{path}/{at}", twins, inner) for at, item in enumerate(value)]
        short = "[" + ", ".join(items) + "]"
        if len(indent) + len(short) <= _LINE and not any(isinstance(item, (list, Mapping)) for item in value):
            return short
        return "[\n" + "".join(f"{inner}{item},\n" for item in items) + indent + "]"
    return _scalar(value)


def _members(key: str, value: Any, path: str, twins: Mapping[str, str], indent: str) -> list[str]:
    """The lines of one key: two where its text cannot stand in the file as it is."""
    name = key if _NAME.fullmatch(key) else _scalar(key)
    here = path + pointer(key)
    if here not in twins:
        return [f"{name}: {_json5(value, here, twins, indent)}"]
    written = _verbatim(twins[here], indent)
    if written is not None:
        return [f"{name}: {written}"]
    return [f"{name}: {_json5(value, here, {}, indent)}", f"{key}Json5: {_scalar(twins[here])}"]


def _verbatim(text: str, indent: str) -> str | None:
    """An author's text for a place in a file; None where reading it there would find other comments."""
    twin = comments_of(text)
    if twin is None:
        return None
    place = places(Json5Syntax(text))
    written = indent + indented(text[place.start : place.end], indent)
    back = twin_at(written, places(Json5Syntax(written)))
    return written.removeprefix(indent) if back.comments == twin.comments else None


def _scalar(value: Any) -> str:
    if isinstance(value, str) and NOT_ALLOWED.search(value):
        # Control characters, and what editors take for ends of line. JSON's escapes are JSON5's too, while json5 leaves
        # U+007F to U+009F as they are, and writes U+0000 as \0 even before a digit, where it would be an octal escape.
        return json.dumps(value)
    import json5  # 40 ms that only `pull` has to spend

    text: str = json5.dumps(value, ensure_ascii=False)
    return text
