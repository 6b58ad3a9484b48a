"""What a run writes down for the next one, beside the files as applied: ``.reconciler/record.json``.

target     the URL that was written to: the record of one project never becomes that of another one
source     the commit that the files came from
configs    the folder of the configs, from the top level of the repository
versions   id → live's version as last seen: a live state below it is a read that lags behind
open       id → a write of which nobody knows yet that live shows it (it may have been cut off at any moment)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

PATH = ".reconciler/record.json"
FORMAT_VERSION = "1.0"
_STATSIG = {"https://api.statsig.com": "https://statsigapi.net"}  # two hosts of one API
_NONE: Mapping[str, Any] = MappingProxyType({})


class RecordError(Exception):
    """A text that is not a record; the message is one line for people."""


@dataclass(frozen=True, slots=True)
class OpenWrite:
    """A write that was begun and is not known to have ended as meant.

    ``body`` is what was, or was about to be, sent. ``fingerprint`` and ``version`` are live's as planned, None for a
    create. ``read`` holds the writable fields of what the server made of the body, where it made something else of it.
    ``between`` is live's fingerprint after the first of two requests, which unarchives and writes nothing else.
    ``was`` is what live held of an earlier write when this one was planned, where that one was still open: then the
    file before them says less than that.
    """

    body: Mapping[str, Any]
    fingerprint: str | None
    version: int | None
    read: Mapping[str, Any] | None = None
    between: str | None = None
    was: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The parsed file; an empty one for a base that has none."""

    api_url: str | None = None
    source: str | None = None
    configs: str | None = None
    versions: Mapping[str, int] = field(default_factory=lambda: _NONE)
    open: Mapping[str, OpenWrite] = field(default_factory=lambda: _NONE)

    def is_about(self, api_url: str) -> bool:
        """Whether this is the record of the project behind a URL, as far as it says."""
        return self.api_url is None or _project(self.api_url) == _project(api_url)


def _project(api_url: str) -> str:
    return _STATSIG.get(api_url, api_url)


def to_text(record: Record) -> str:
    """The file: equal records give equal bytes."""
    document = {
        "format_version": FORMAT_VERSION,
        "target": {"api_url": record.api_url},
        "source": record.source,
        "configs": record.configs,
        "versions": dict(record.versions),
        "open": {config_id: _open(write) for config_id, write in record.open.items()},
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"  # in ASCII: live may hold half a character


def _open(write: OpenWrite) -> dict[str, Any]:
    more = {"read": write.read, "between": write.between, "was": write.was}
    known = {"body": write.body, "fingerprint": write.fingerprint, "version": write.version}
    return known | {name: given for name, given in more.items() if given is not None}


def from_text(text: str | bytes) -> Record:
    """The record of a file's text; raises ``RecordError``."""
    try:
        document = json.loads(text)
        if str(document["format_version"]).partition(".")[0] != FORMAT_VERSION.partition(".")[0]:
            raise RecordError(f"its format is {document['format_version']}, which this version cannot read")
        return Record(
            _text_or_none(document["target"]["api_url"]),
            _text_or_none(document["source"]),
            _text_or_none(document["configs"]),
            {config_id: int(number) for config_id, number in document["versions"].items()},
            {config_id: _read(given) for config_id, given in document["open"].items()},
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"it is not a record ({type(error).__name__})") from error


def _read(given: Mapping[str, Any]) -> OpenWrite:
    version = given["version"]
    if version is not None and not isinstance(version, int):
        raise TypeError("a version is a number")
    return OpenWrite(
        dict(given["body"].items()),
        _text_or_none(given["fingerprint"]),
        version,
        _mapping_or_none(given.get("read")),
        _text_or_none(given.get("between")),
        _mapping_or_none(given.get("was")),
    )


def _text_or_none(given: Any) -> str | None:
    if given is not None and (not isinstance(given, str) or "\0" in given):
        raise TypeError("a text is wanted")
    return given


def _mapping_or_none(given: Any) -> dict[str, Any] | None:
    if given is not None and not isinstance(given, dict):
        raise TypeError("a mapping is wanted")
    return given
