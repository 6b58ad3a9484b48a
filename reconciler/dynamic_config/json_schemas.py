"""The JSON Schemas (draft 2020-12) of a config file and of ``reconciler.toml``.

Prose and shape stand in the two JSON files beside this module. What is known of condition types is a table
(``conditions``), so the types, and per type the operators and keys, are filled in from there. Of these only the list
of types refuses anything: operators and per-type keys only make editors complete and explain, because what they hold
is what is known, and the checks say it with the right weight.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from reconciler.dynamic_config.condition_types import CONDITION_TYPES, ConditionType, Operator, Target


def config_schema() -> dict[str, Any]:
    """The JSON Schema of a config file, for editors and for the checks."""
    schema = _read("config.schema.json")
    condition = schema["$defs"]["condition"]
    kind = condition["properties"]["type"]
    kind["enum"] = list(CONDITION_TYPES)
    kind["enumDescriptions"] = [one.meaning for one in CONDITION_TYPES.values()]
    condition["allOf"] = [_branch(one) for one in CONDITION_TYPES.values()]
    return schema


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of ``reconciler.toml``."""
    return _read("settings.schema.json")


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(_text(name))
    return schema


def _branch(kind: ConditionType) -> dict[str, Any]:
    """What an editor offers once the type is written; ``then`` accepts everything."""
    offered: dict[str, Any] = {"targetValue": {"description": _target(kind)}}
    if kind.operators:
        offered["operator"] = {"anyOf": [{"enum": list(kind.operators)}, {}]}
    if kind.needs:
        offered[kind.needs] = {"description": f"Needed: {kind.meaning}."}
    return {
        "if": {"properties": {"type": {"const": kind.name}}, "required": ["type"]},
        "then": {"description": f"{kind.meaning[0].upper()}{kind.meaning[1:]}.", "properties": offered},
    }


def _target(kind: ConditionType) -> str:
    if kind.target is Target.NONE:
        return f"`{kind.name}` takes no target value."
    operators = "" if kind.operator is Operator.USELESS else ", as the operator needs it"
    return f"For `{kind.name}`: {kind.target.value}{operators}."
