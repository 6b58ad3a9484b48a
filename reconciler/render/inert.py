"""Makes text from configs and from the API harmless where it is shown: terminals, CI logs, Markdown.

Three readers act on what they are shown. A terminal obeys control characters. GitHub's runner obeys ``::command`` at
the start of a log line and ``##[command]`` anywhere in one. GitHub's Markdown obeys HTML, mentions and references.
What would act is shown escaped (``\\x1b``), never dropped: a reviewer must see that it is there. So is what draws
nothing, or draws what another text draws too: two values that differ never look alike. Joiners are no exception, though
emoji and Persian use them, since nobody sees whether one stands there.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

# Fixed here and not asked of Python, whose tables grow: the same plan is drawn the same everywhere.
CONTROL = (
    "\\x00-\\x1f\\x7f-\\x9f"  # C0, DEL, C1
    "\\xa0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\u2800"  # blanks other than the plain one
    "\\u2028\\u2029"  # line and paragraph separators
    # Unicode's Default_Ignorable_Code_Point: joiners, bidirectional marks, fillers, variation selectors, tags.
    "\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f"
    "\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufff8\\U0001bca0-\\U0001bca3\\U0001d173-\\U0001d17a"
    "\\U000e0000-\\U000e0fff"
    "\\ufff9-\\ufffc\\U00016fe4\\U0001d159"  # more that draws nothing: annotations, an object, a filler, a note
    "\\ud800-\\udfff\\ufdd0-\\ufdef\\ufffe\\uffff"  # what no text holds
    "\\ue000-\\uf8ff\\U000f0000-\\U0010ffff"  # private use: one box for all
)
_CONTROL = re.compile(f"[{CONTROL}]")
# Letters that, like marks, compose with what stands before them.
_JAMO = frozenset(map(chr, (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3))))
_FURTHER_BLANK = re.compile(r"(?<= ) ")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}

# The runner trims what .NET calls white space (the Unicode category Z and the C0 blanks), then looks for "::".
# Colours may stand between, should something strip them from the log before the runner reads it.
_COLOUR = r"\x1b\[[0-9;]*m"
_BLANK = rf"(?:[\s\x00-\x1f\x85\u180e\u200b\ufeff]|{_COLOUR})"
_LINE_COMMAND = re.compile(rf"((?:^|(?<=[\r\v\f\x1c-\x1e\x85\u2028\u2029])){_BLANK}*):((?:{_COLOUR})*:)", re.MULTILINE)
_ANYWHERE_COMMAND = re.compile(rf"#((?:{_COLOUR})*)#(?=(?:{_COLOUR})*\[)")

_MARKER = re.compile(r"<!(?=--\s*reconciler)", re.IGNORECASE)
_BACKTICKS = re.compile("`+")
# A word of prose: letters or a number, in ordinary punctuation. All else could mean something to Markdown or GitHub,
# and so could what may be the name of a commit.
_WORD = re.compile(
    r"(?!\S*\b[0-9a-fA-F]{7,40}\b)[(\"'“‘]*(?:[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+(?:[.,:-]\d+)*(?:st|nd|rd|th)?)?[)\"'”’.,;:!?%→–—…]*"
)

_STOPS = (".", ",", ";", ":", "!", "?")


def terminal(text: str) -> str:
    """One line's text with every control character escaped: ``\\n``, ``\\x1b``, ``\\u202e``, ``\\U000e0041``.

    Of what Unicode has two spellings for, the composed one (NFC) is left, and any other is escaped: ``e\\u0301``.
    """
    if not unicodedata.is_normalized("NFC", text):
        text = "".join(map(_only_composed, _clusters(text)))
    return _CONTROL.sub(lambda match: _escaped(match.group()), text)


def spaced(text: str) -> str:
    """A text for a page that draws several blanks as one, or that breaks lines at them: each further one escaped."""
    return _FURTHER_BLANK.sub(r"\\x20", text)


def verbatim(line: str) -> str:
    """A line of a text that is drawn without quotes: backslashes as in JSON, and a blank at its end can be seen."""
    line = line.replace("\\", "\\\\")
    return line[:-1] + "\\x20" if line.endswith(" ") else line


def _clusters(text: str) -> Iterator[str]:
    """The text in pieces: a character with all that combines with it."""
    start = 0
    for at, char in enumerate(text):
        if at > start and not (unicodedata.category(char)[0] == "M" or char in _JAMO):
            yield text[start:at]
            start = at
    yield text[start:]


def _only_composed(cluster: str) -> str:
    if unicodedata.is_normalized("NFC", cluster):
        return cluster
    return "".join(char if char.isascii() else _escaped(char) for char in cluster)


def _escaped(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    point = ord(char)
    return f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def runner(text: str) -> str:
    """A whole output, any number of lines, in which GitHub's runner finds no command."""
    if "##" not in text and "::" not in text and "\x1b" not in text:
        return text
    return _ANYWHERE_COMMAND.sub(r"#\1\\x23", _LINE_COMMAND.sub(r"\1\\x3a\2", text))


def code_span(text: str) -> str:
    """Markdown that shows the text as code, literally, whatever it holds."""
    shown = _unmarked(terminal(text)) or " "
    ticks = "`" * (_longest_run(shown) + 1)
    # One blank on either side is taken away again by Markdown where both are there and something else stands between.
    pad = " " if shown.strip(" ") and (shown[0] in "` " or shown[-1] in "` ") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def fence(lines: list[str], language: str = "diff") -> str:
    """A fenced block of Markdown, longer fenced than any run of backticks within; each item is one line."""
    shown = [_unmarked(terminal(line)) for line in lines]
    ticks = "`" * max(3, max((_longest_run(line) for line in shown), default=0) + 1)
    return "\n".join([ticks + language, *shown, ticks])


def _unmarked(text: str) -> str:
    """Whoever looks for our marker in the source of a comment must not find one that a config wrote."""
    return _MARKER.sub(r"<\\x21", text)


def _longest_run(text: str) -> int:
    return max(map(len, _BACKTICKS.findall(text)), default=0)


def prose(text: str) -> str:
    """A sentence as Markdown: plain words stay, and whatever might mean something there stands in a code span.

    That holds for use within a line, after text of ours: ``1.`` as a line's first word would begin a list.
    """
    pieces: list[str] = []
    code: list[str] = []
    for token in spaced(terminal(text)).split():
        if _WORD.fullmatch(token):
            pieces += [*_closed(code), token]
            code = []
            continue
        code.append(token)
        if token.endswith(_STOPS):
            pieces += _closed(code)
            code = []
    return " ".join([*pieces, *_closed(code)])


def _closed(code: list[str]) -> list[str]:
    """Words of code as one span, with the punctuation that ends them behind it."""
    text = " ".join(code)
    bare = text.rstrip("".join(_STOPS))
    return [code_span(bare) + text[len(bare) :]] if bare else [code_span(text)] if text else []


def cell(markdown: str) -> str:
    """A finished piece of Markdown for a table's cell: its pipes no longer end the cell."""
    # After a backslash GitHub and CommonMark's libraries read "\|" differently, so there the pipe is spelled out.
    return re.sub(r"(?<!\\)\|", r"\\|", re.sub(r"(?<=\\)\|", r"\\x7c", markdown))


def html_code(text: str) -> str:
    """The text as an HTML ``code`` element, for inside a line of HTML, where Markdown's code spans mean nothing."""
    return "<code>" + html.escape(_unmarked(terminal(text))) + "</code>"


def comment_value(text: str) -> str:
    """A value for inside an HTML comment: it cannot end the comment, nor hold a blank."""
    return quote(text.encode("utf-8", "backslashreplace"), safe=":/")
