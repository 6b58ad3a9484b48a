"""Which reconciler a runner installs: the very copy that runs here, or a line that fails and says why.

    installed from                      what is written
    ──────────────────────────────────  ──────────────────────────────────────────────────────
    a git repository (https, ssh)       its URL and the full commit
    an archive at an https URL          its URL and its SHA-256
    an index, a folder, or not known    a line that pip refuses, with the reason

By its name alone nothing is ever written: whoever registers a name that is free, or can publish under it, would get
every key. Of what came from an index pip keeps no hash, so such a copy cannot be pinned without asking the index, and
what the index gives today need not be what runs here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import reconciler

_NAME = "statsig-reconciler"
_PLAIN = re.compile(r"[A-Za-z0-9._~:/@%+-]+")  # of a URL: nothing that pip or a shell could read otherwise, no query
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")

_PINNED = """\
# The reconciler that the workflows install: the one that `reconciler init` ran with. Beside this file, dependencies.txt
# pins all that it needs. To move on, install a newer one, delete both files, and run `reconciler init` again.
{requirement}
"""
_NOT_PINNED = """\
# The reconciler that the workflows install. `reconciler init` does not know which one that is: the copy that ran it
# {why}.
# Replace the last line by what you trust, one of:
#
#   {name} @ git+https://github.com/OWNER/reconciler@COMMIT     (the full commit)
#   {name} @ https://HOST/PATH.whl#sha256=SHA256
#   {name}==VERSION --hash=sha256:SHA256
#
# Never the name alone: whoever publishes under it would get your keys.
{name} is not pinned: the copy that ran init {why}
"""


class _UnknownError(Exception):
    """It is not known what a runner could install; the text completes "the copy that ran init …"."""


@dataclass(frozen=True, slots=True)
class Pin:
    """``text`` is a whole requirements file. ``problem`` is empty, or says why that file fails."""

    text: str
    problem: str = ""


def pin() -> Pin:
    """What is known of the copy that runs here."""
    try:
        return Pin(_PINNED.format(requirement=_requirement()))
    except _UnknownError as error:
        return Pin(_NOT_PINNED.format(name=_NAME, why=error), str(error))


def _requirement() -> str:
    """Raises ``_UnknownError``."""
    origin = _direct_url()
    url = _clean(str(origin.get("url")))
    if "vcs_info" in origin:
        return f"{_NAME} @ git+{url}@{_commit(origin['vcs_info'])}{_subdirectory(origin)}"
    return f"{_NAME} @ {url}#sha256={_sha256(origin.get('archive_info'))}"


def _direct_url() -> Mapping[str, Any]:
    """What PEP 610's file says of the copy that runs here, and not of another one that happens to be installed."""
    try:
        installed = metadata.distribution(_NAME)
    except metadata.PackageNotFoundError:
        raise _UnknownError("is not installed, it runs from a folder") from None
    text = installed.read_text("direct_url.json")
    try:
        origin = None if text is None else json.loads(text)
    except ValueError:
        origin = {}
    if isinstance(origin, dict) and "dir_info" in origin:
        raise _UnknownError("was installed from a local folder, which a runner does not have")
    here, there = Path(reconciler.__file__), Path(str(installed.locate_file("reconciler/__init__.py")))
    if here.resolve() != there.resolve():
        raise _UnknownError("runs from a folder, beside another one that is installed")
    if origin is None:
        raise _UnknownError("was installed by its name from an index, and pip keeps no hash of that")
    if not isinstance(origin, dict):
        raise _UnknownError("has a direct_url.json that cannot be read")
    return origin


def _clean(text: str) -> str:
    """Without user and password, which are nobody's business in a repository; ssh needs its user."""
    try:
        url = urlsplit(text)
    except ValueError:
        url = SplitResult("", "", "", "", "")
    if url.scheme not in ("https", "ssh") or not url.hostname:
        raise _UnknownError("was not installed from an https or ssh URL, so a runner cannot get it")
    host = url.netloc.rpartition("@")[2]
    user = f"{url.username}@" if url.scheme == "ssh" and url.username else ""
    cleaned = f"{url.scheme}://{user}{host}{url.path}"
    if url.query or not text.isprintable() or not _PLAIN.fullmatch(cleaned):
        raise _UnknownError("was installed from a URL that cannot be written down safely")
    return cleaned


def _commit(vcs: Any) -> str:
    commit = str(vcs.get("commit_id")) if isinstance(vcs, dict) and vcs.get("vcs") == "git" else ""
    if not _COMMIT.fullmatch(commit):
        raise _UnknownError("was installed from a repository of which no full git commit is known")
    return commit


def _subdirectory(origin: Mapping[str, Any]) -> str:
    folder = str(origin.get("subdirectory") or "")
    if ".." in folder or (folder and not _PLAIN.fullmatch(folder)):
        raise _UnknownError("was installed from a folder of a repository that cannot be written down safely")
    return f"#subdirectory={folder}" if folder else ""


def _sha256(archive: Any) -> str:
    """By ``hashes``, or by ``hash``, as older versions of pip write it."""
    archive = archive if isinstance(archive, dict) else {}
    hashes = archive.get("hashes")
    found = str(hashes.get("sha256")) if isinstance(hashes, dict) else str(archive.get("hash")).removeprefix("sha256=")
    if not _SHA256.fullmatch(found):
        raise _UnknownError("was installed from an archive of which no SHA-256 is known")
    return found
