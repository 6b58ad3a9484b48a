"""Sizes and ranges of a dynamic config that checks count by, as the Console API documents them.

Other lengths stand in the JSON Schema alone.
"""

from __future__ import annotations

import re

NAME_LENGTH = (3, 100)
"""Shortest and longest ``id`` and ``name``, in characters. So no id is ``.`` or ``..``, which URLs would fold."""

ID_PATTERN = re.compile(r"[a-zA-Z0-9_\-.]*\Z")
"""The characters of an ``id``; a ``name`` may hold blanks too."""

PAYLOAD_BYTES = 100_000
"""Largest JSON payload of a dynamic config, in bytes of UTF-8: 100 kB."""

PERCENTAGE = (0, 100)
"""Lowest and highest ``passPercentage``."""

SAFE_INTEGER = 2**53
"""Integers up to this, and down to its negative, are exact in JavaScript and in every other reader of doubles."""

PLAUSIBLE_EPOCH_MS = 10**11
"""A moment below this (March 1973 in milliseconds) was most likely written in seconds."""


def slug(text: str) -> str:
    """What Statsig makes of a name: lower case, and ``_`` for every character that is no letter or digit."""
    return re.sub(r"[^a-z0-9]", "_", text.lower())
