"""Compares a drawing with the file that holds how it should look."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def matches(name: str, drawn: str) -> None:
    """Fails where the drawing is not what the golden file holds; ``UPDATE_GOLDEN=1`` writes the file instead."""
    path = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(drawn, encoding="utf-8", newline="")
    accept = f"read the difference; to accept it: UPDATE_GOLDEN=1 pytest {Path(__file__).parent.name}"
    assert path.exists(), f"there is no golden/{name}; {accept}"
    with path.open(encoding="utf-8", newline="") as file:
        assert drawn == file.read(), accept
