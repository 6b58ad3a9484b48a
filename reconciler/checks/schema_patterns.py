"""How large a regular expression becomes when it is compiled: repetitions multiply, and Unicode's classes are long.

Time to compile, memory, and time to match where no automaton fits its limit all grow with the number of states.
"""

from __future__ import annotations

import re

LARGEST = 1_000_000_000
"""States that are counted; beyond this a pattern is only "too large"."""

_TOKEN = re.compile(r"\\[pP]\{[^}]*\}|\\.|\[(?:\\.|[^\]\\])*\]|\{(?P<least>\d{1,9}),?(?P<most>\d{1,9})?\}|.", re.DOTALL)
_UNICODE_CLASS = 2_000
_WIDE_CLASS = 20
_WIDE = (".", "[^", r"\W", r"\D", r"\S")


def states(pattern: str) -> int:
    """About how many states the pattern compiles to, at most ``LARGEST``."""
    groups = [0]  # of each group that is open
    last = 0  # of what a repetition would repeat
    for token in _TOKEN.finditer(pattern):
        text = token.group()
        if text == "(":
            groups.append(0)
        elif text == ")" and len(groups) > 1:
            last = groups.pop()
            groups[-1] += last
        elif token["least"]:
            times = max(int(token["least"]), int(token["most"] or 0), 1)
            groups[-1] += last * (times - 1)
            last *= times
        elif text not in "*+?|^$":
            last = _size(text)
            groups[-1] += last
        last, groups[-1] = min(last, LARGEST), min(groups[-1], LARGEST)
    return min(sum(groups) * (10 if "(?i" in pattern else 1), LARGEST)


def _size(part: str) -> int:
    """The states of a character or a class."""
    if len(part) == 1 and part != ".":
        return len(part.encode("utf-8", "surrogatepass"))
    unicode_classes = part.count(r"\p") + part.count(r"\P")
    return unicode_classes * _UNICODE_CLASS + (_WIDE_CLASS if part.startswith(_WIDE) else 1 + len(part) // 3)
