"""Reads drawings as those do who would obey them: GitHub's runner, a terminal, a Markdown renderer.

Written from those readers' rules, sharing nothing with the code under test.
"""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

# System.Char.IsWhiteSpace: what String.TrimStart() takes away.
DOTNET_BLANKS = "\t\n\v\f\r\x85" + "".join(
    chr(point) for point in range(0x10000) if unicodedata.category(chr(point)) in ("Zs", "Zl", "Zp")
)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_REFERENCE = re.compile(
    r"@[A-Za-z0-9]|#\d|\bGH-\d|https?:|www\.\w|\S+@\S+\.\S|:[a-z0-9_+-]+:|\$|\[\^|\b[0-9a-f]{7,40}\b|\w/\w",
    re.IGNORECASE,
)
# Format characters that shape a script or a notation, and neither hide nor reorder what stands beside them.
_SHAPING = "\n\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
_NOTATION = ("KAITHI N", "EGYPTIAN", "SHORTHAN", "MUSICAL ")
OTHER_BLANKS = [chr(point) for point in range(0x80, 0x10000) if unicodedata.category(chr(point)) == "Zs"] + ["\u2800"]
# Default_Ignorable_Code_Point, as DerivedCoreProperties.txt of Unicode 16 lists it.
_IGNORABLE = (
    *((0xAD, 0xAD), (0x34F, 0x34F), (0x61C, 0x61C), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F)),
    *((0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x206F), (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF)),
    *((0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF)),
)
INVISIBLE_SAMPLES = sorted({point for ends in _IGNORABLE for point in ends})
_TAGS = {"details", "summary", "code"}


def runner_commands(log: str) -> list[str]:
    """The lines in which GitHub's runner finds a command, in the log as it is and with its colours taken away."""
    lines = [line for text in (log, COLOUR.sub("", log)) for line in re.split(r"\r\n|\n|\r", text)]
    return [line for line in lines if line.lstrip(DOTNET_BLANKS).startswith("::") or "##[" in line]


def is_invisible(char: str) -> bool:
    """Whether a character draws nothing by itself."""
    return any(first <= ord(char) <= last for first, last in _IGNORABLE)


def raw_controls(text: str) -> set[str]:
    """Characters that a terminal acts on or that hide what a line says; line feeds are the drawing's own."""
    hidden = {char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    return {char for char in hidden if char not in _SHAPING and unicodedata.name(char, "")[:8] not in _NOTATION}


def markdown_live(markdown: str) -> list[str]:
    """Whatever GitHub would act on that is not the comment's own: HTML, links, images, mentions, references."""
    first, _, rest = markdown.partition("\n")
    found = [] if re.fullmatch(r"<!-- reconciler( [a-z]+=[\w:/.%~-]*){3} -->", first) else [f"marker: {first}"]
    found += ["a second marker"] if re.search(r"<!--\s*reconciler", rest, re.IGNORECASE) else []
    for token in _flat(parse(rest)):
        if token.type in ("html_block", "html_inline"):
            found += _foreign_html(token.content)
        elif token.type in ("link_open", "image", "hr", "em_open", "s_open"):
            found.append(token.type)
        elif token.type == "text":
            own = re.sub(r"commit [0-9a-f]{12}$", "", token.content)
            found += [f"reference: {match.group()} in {own!r}" for match in _REFERENCE.finditer(own)]
    return found


def blocks(markdown: str) -> list[str]:
    """The comment's structure, without its words."""
    return [token.type for token in parse(markdown)]


def fences(markdown: str) -> list[str]:
    return [token.content for token in parse(markdown) if token.type == "fence"]


def parse(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown)


def _flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in ([token, *_flat(token.children)] if token.children else [token])]


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.in_code = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.in_code = tag == "code"
        if tag not in _TAGS or attrs:
            self.found.append(f"<{tag} {attrs}>")

    def handle_endtag(self, tag: str) -> None:
        self.in_code = False
        if tag not in _TAGS:
            self.found.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.in_code and _REFERENCE.search(data):
            self.found.append(f"reference: {data!r}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"<?{data}>")


def _foreign_html(text: str) -> list[str]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    return reader.found
