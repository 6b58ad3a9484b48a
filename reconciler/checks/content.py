"""What a file holds, wherever it stands: integers that clients would round, credentials, more than the API takes.

The first two look at the text before they look at the data: nearly every file is clean, and one search is cheap.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reconciler.checks.findings import error, first_line, short
from reconciler.diagnostics import Diagnostic, Severity, pointer
from reconciler.dynamic_config.sizes import PAYLOAD_BYTES, SAFE_INTEGER

if TYPE_CHECKING:
    from reconciler.files import Document
    from reconciler.files.settings import Settings

_MANY_DIGITS = re.compile(r"[0-9][0-9a-fA-FxXo_]{14}")

_CREDENTIALS = {
    "a private key": r"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20}",
    "a Slack token": r"\bxox[abeoprs]-[A-Za-z0-9-]{10}",
    "a Stripe key": r"\b[rs]k_live_[A-Za-z0-9]{16}",
    "a Google API key": r"\bAIza[A-Za-z0-9_-]{35}",
    "a Statsig key": r"\b(?:console|secret)-[A-Za-z0-9]{20}",
    "an API key": r"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32}",
    "a JSON Web Token": r"\beyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{10}",
    "a URL with a password": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"]{1,100}:[^\s/:@'\"]{3,100}@",
}
_CREDENTIAL = re.compile("|".join(f"({pattern})" for pattern in _CREDENTIALS.values()))
_CREDENTIAL_START = re.compile(
    r"PRIVATE KEY|A[KS]IA|gh[pousr]_|github_pat|glpat-|xox[abeoprs]-|k_live_|AIza|console-|secret-|sk-|eyJ|://"
)


def unsafe_integers(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """JavaScript clients read numbers as doubles, and would silently see another integer."""
    if not _MANY_DIGITS.search(document.text):
        return
    for path, value in _integers(document.data, ""):
        if abs(value) > SAFE_INTEGER:
            yield error(
                document,
                path,
                "integer-unsafe",
                f"{_digits(value)} is beyond 2^53, where JavaScript and JSON readers lose digits",
                "write it as text, in quotes",
            )


def credentials(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Configs are sent to every client, comments and all; the finding does not repeat what it found."""
    if not _CREDENTIAL_START.search(document.text):
        return
    from reconciler.files.places import location

    names = list(_CREDENTIALS)
    for found in _CREDENTIAL.finditer(document.text):
        what = names[(found.lastindex or 1) - 1]
        yield Diagnostic(
            Severity.WARNING,
            "credential",
            f"this looks like {what}; configs reach every client",
            location(document.file, document.text, *found.span()),
            "keep secrets in a secret store, and revoke this one if it is real",
            id=document.id,
            is_secret=True,
        )


def payload_size(document: Document, _settings: Settings) -> Iterator[Diagnostic]:
    """Statsig documents a limit on the payload; the file's text is nearly always far below it."""
    if len(document.text) < PAYLOAD_BYTES // 8 and "&" not in document.text:
        return  # no text becomes eight times its length as JSON, but for YAML's aliases
    sent = {key: value for key, value in document.data.items() if key != "$schema"}
    size = sent_bytes(sent)
    if size > PAYLOAD_BYTES:
        yield Diagnostic(
            Severity.WARNING,
            "payload-too-large",
            f"this config is {size:,} bytes as JSON; Statsig takes {PAYLOAD_BYTES:,}",
            first_line(document),
            "split it, or keep long lists in a segment",
            id=document.id,
        )


def sent_bytes(body: Any) -> int:
    """How many bytes of UTF-8 a body is on its way: JSON without blanks."""
    return len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _integers(value: Any, path: str) -> Iterator[tuple[str, int]]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _integers(one, path + pointer(key))
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _integers(one, f"{path}/{index}")
    elif type(value) is int:
        yield path, value


def _digits(value: int) -> str:
    return f"{value:,}" if abs(value) < 10**30 else short(f"an integer of {value.bit_length()} bits")
