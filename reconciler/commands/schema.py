"""``reconciler schema``: print the JSON Schema of a config file, or of the settings, for editors."""

from __future__ import annotations

import json

from reconciler.commands.problems import Exit
from reconciler.commands.terminal import Terminal
from reconciler.dynamic_config.schema import config_schema, settings_schema


def run(terminal: Terminal, *, settings: bool = False) -> Exit:
    """Print one of the two schemas."""
    schema = settings_schema() if settings else config_schema()
    terminal.result(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return Exit.DONE
