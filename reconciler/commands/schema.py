"""``reconciler schema``: print the JSON Schema of a config file, or of the settings, for editors."""

from __future__ import annotations

import json

from reconciler.dynamic_config.json_schemas import config_schema, settings_schema
from reconciler.session.command_error import Exit
from reconciler.session.terminal import Terminal


def run(terminal: Terminal, *, settings: bool = False) -> Exit:
    """Print one of the two schemas."""
    schema = settings_schema() if settings else config_schema()
    terminal.result(json.dumps(schema, indent=2, ensure_ascii=False) + "\n")
    return Exit.DONE
