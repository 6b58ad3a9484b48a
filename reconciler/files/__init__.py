"""Texts → documents: YAML, JSON5 and JSON read strictly, every finding placed.

sources    a directory, or the files of a git tree → the files that are configs
loading    bytes → Document and findings; the way in
document   Document: data, and where each part of it stands
yaml_syntax, json5_syntax         a text → one stream of events (events)
yaml_core_schema, json5_literals, numbers   what a scalar means
quick      an ordinary text → data at once; whatever is out of the ordinary goes the careful way
build      events → data; every rule on structure: keys, anchors, merges, limits
places     events → ranges, only when asked for
comments   the author's text of a JSON5 value, and its comments
file_writing   data → YAML or JSON5 text, for ``pull``
flaws      what can be wrong: one function a code
file_limits   how large a file may be
settings   reconciler.toml → what a team decided once
git        files of a commit or tree, and the commits that record what was applied
"""

from reconciler.files.comments import comments_of
from reconciler.files.document import Document
from reconciler.files.file_writing import json5_text, yaml_text
from reconciler.files.loading import JsonError, load, load_file, parse, parse_json5
from reconciler.files.sources import (
    DirectorySource,
    File,
    RefusedFileError,
    Source,
    TreeSource,
    read_regular,
    top_level,
)

__all__ = [
    "DirectorySource",
    "Document",
    "File",
    "JsonError",
    "RefusedFileError",
    "Source",
    "TreeSource",
    "comments_of",
    "json5_text",
    "load",
    "load_file",
    "parse",
    "parse_json5",
    "read_regular",
    "top_level",
    "yaml_text",
]
