"""What the keywords of one schema cost on a value by themselves, in the unit of ``Costs.work``: about 4 microseconds.

What a keyword costs is not what it says: jsonschema_rs looks up plain integers and texts, but compares all other
numbers exactly, one by one, and matches a pattern that fits no automaton state by state.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from reconciler.checks.schema_parts import mapped
from reconciler.checks.schema_patterns import states
from reconciler.dynamic_config.sizes import SAFE_INTEGER

BACKTRACKING = 1000
"""What one match of a pattern that needs backtracking counts for."""

EXACT_STEP = 10
"""What one ``multipleOf`` counts for: it divides exactly, whatever the number."""

_NEEDS_BACKTRACKING = re.compile(r"\(\?(?:[=!>]|<[=!])|\\[1-9k]")


class Keywords:
    """Costs of one document's keywords; what is found once is remembered by the keyword's identity."""

    def __init__(self) -> None:
        self._states = cache(states)
        self._options: dict[int, tuple[int, bool]] = {}

    def work(self, schema: dict[str, Any], value: Any, size: int) -> int:
        """What the schema's own keywords cost on a value that holds ``size`` values."""
        work = self._matches(schema, value) + self._comparisons(schema, value, size)
        work += EXACT_STEP if "multipleOf" in schema else 0
        return work + (_alike(value) ** 2 // 8 if "uniqueItems" in schema and isinstance(value, list) else 0)

    def held(self, schema: dict[str, Any]) -> int:
        """How many values the keywords hold that an error copies."""
        return sum(self._about(schema[key])[0] for key in ("enum", "const", "not") if key in schema)

    def _about(self, keyword: Any) -> tuple[int, bool]:
        """How many values a keyword's value holds, and whether a list of options is looked up, not walked."""
        if id(keyword) not in self._options:
            options = keyword if isinstance(keyword, list) else [keyword]
            kinds = {type(one) for one in options}
            is_index = kinds == {str} or (kinds == {int} and all(map(_is_plain, options)))
            self._options[id(keyword)] = (nodes(keyword, {}), is_index)
        return self._options[id(keyword)]

    def _comparisons(self, schema: dict[str, Any], value: Any, size: int) -> int:
        """What comparing a value with the options of ``enum`` and ``const`` costs: numbers are compared exactly."""
        work = 0
        for keyword in (schema[name] for name in ("enum", "const") if name in schema):
            count, is_index = self._about(keyword)
            if is_index:
                work += 1 if _is_plain(value) else count // 3
            elif isinstance(value, dict | list):
                work += 2 * min(count, size * (len(keyword) if isinstance(keyword, list) else 1))
            elif isinstance(value, str | bool) or value is None:
                work += count // 50
            else:
                work += 2 * count
        return work

    def _matches(self, schema: dict[str, Any], value: Any) -> int:
        """What the patterns of one schema cost."""
        if isinstance(value, str) and isinstance(schema.get("pattern"), str):
            return self._match(schema["pattern"], 1, len(value))
        named = mapped(schema.get("patternProperties"))
        if not named or not isinstance(value, dict):
            return 0
        characters = sum(map(len, value))
        return sum(self._match(pattern, len(value), characters) for pattern in named)

    def _match(self, pattern: str, texts: int, characters: int) -> int:
        """What matching a pattern costs on so many texts of so many characters in all."""
        if _NEEDS_BACKTRACKING.search(pattern):
            return BACKTRACKING * texts
        return texts + self._states(pattern) * characters // 500


def _is_plain(value: Any) -> bool:
    """False for numbers that are not looked up but compared exactly, one by one."""
    return not isinstance(value, float) and not (isinstance(value, int) and abs(value) > SAFE_INTEGER)


def _alike(value: Any) -> int:
    """How many such integers a value holds: all of them look alike to ``uniqueItems``, which then compares each two."""
    if isinstance(value, dict | list):
        return sum(map(_alike, value.values() if isinstance(value, dict) else value))
    return isinstance(value, int) and not _is_plain(value)


def nodes(value: Any, known: dict[int, int]) -> int:
    """How many values a value holds, itself included; a long text counts by the hundred characters."""
    if isinstance(value, str):
        return 1 + len(value) // 100
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        inner = value.values() if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(nodes(one, known) for one in inner)
    return known[id(value)]


def longest_path(value: Any) -> int:
    """Characters of the longest JSON Pointer into a value, about."""
    if isinstance(value, dict):
        return max((1 + len(key) + longest_path(one) for key, one in value.items()), default=0)
    return max(map(longest_path, value), default=0) + 6 if isinstance(value, list) else 0
