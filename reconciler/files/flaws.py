"""What can be wrong with a file, each as one function: its code, its sentence, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.diagnostics import Severity
from reconciler.files import file_limits


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong, without its place."""

    code: str
    message: str
    hint: str | None = None
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Found:
    """A flaw with its place: offsets into the text, and the JSON Pointer where there is one."""

    flaw: Flaw
    start: int
    end: int
    path: str | None = None


class UnreadableError(Exception):
    """Nothing after this place can be read: a syntax error, or a limit that protects the reader."""

    def __init__(self, flaw: Flaw, start: int, end: int) -> None:
        super().__init__(flaw.message)
        self.flaw = flaw
        self.start = start
        self.end = end


# ---- the source


def configs_missing(folder: str) -> Flaw:
    return Flaw("configs-missing", f"there is no folder {folder}", "name the configs' folder with --configs")


def configs_empty(folder: str) -> Flaw:
    return Flaw("configs-empty", f"{folder} holds no config", "a config is a .yaml, .yml, .json or .json5 file")


def symlink_outside(target: str) -> Flaw:
    return Flaw("symlink-outside", f"is a link that leads out of the configs, to {target}", "put the file itself here")


def symlink_inside(target: str) -> Flaw:
    return Flaw(
        "symlink-not-read",
        f"is a link to {target} and is not read: one file is one config",
        "remove the link, or put a file of its own here",
        Severity.WARNING,
    )


def ending_not_read(ending: str) -> Flaw:
    return Flaw(
        "ending-not-read",
        f"is not read, because of its ending {ending}",
        "a config ends in .yaml, .yml, .json or .json5, in lower case; a leading _ leaves one out",
        Severity.WARNING,
    )


def not_a_regular_file() -> Flaw:
    return Flaw("not-a-regular-file", "is not a regular file", "only regular files are read")


def git_lfs_pointer() -> Flaw:
    return Flaw(
        "git-lfs-pointer",
        "is a Git LFS pointer, not the file itself",
        "fetch the file: git lfs pull (in a workflow, lfs: true at actions/checkout)",
    )


def name_not_utf8() -> Flaw:
    return Flaw("name-not-utf8", "has a name that is not UTF-8", "rename it")


def unreadable(reason: str) -> Flaw:
    return Flaw("unreadable", f"cannot be read: {reason}")


def folder_unreadable(reason: str) -> Flaw:
    return Flaw("folder-unreadable", f"this folder cannot be read: {reason}")


# ---- the text


def too_large() -> Flaw:
    return Flaw("too-large", f"is larger than {file_limits.MAX_BYTES:,} bytes", "the API takes bodies of up to 100 kB")


def not_utf8(hint: str) -> Flaw:
    return Flaw("not-utf8", "this byte is not UTF-8", hint)


def empty_file() -> Flaw:
    return Flaw("empty-file", "there is nothing in it", "write a mapping with the config's fields, or remove the file")


def yaml_syntax(problem: str, hint: str | None) -> Flaw:
    return Flaw("yaml-syntax", problem, hint)


def yaml_character(char: str) -> Flaw:
    return Flaw(
        "yaml-character",
        f"the character U+{ord(char):04X} must not stand in YAML as it is",
        f'write it in double quotes as "\\u{ord(char):04X}"',
    )


def json_syntax(problem: str, hint: str | None) -> Flaw:
    return Flaw("json-syntax", problem, hint)


def json5_syntax(problem: str, hint: str | None) -> Flaw:
    return Flaw("json5-syntax", problem, hint)


# ---- the structure


def not_a_mapping(found: str) -> Flaw:
    return Flaw(
        "not-a-mapping", f"a config is a mapping, this is {found}", "begin with the config's fields, like `id:`"
    )


def duplicate_key(key: str) -> Flaw:
    return Flaw("duplicate-key", f'the key "{shortened(key)}" is here for the second time', "keep one of the two")


def key_forms(key: str) -> Flaw:
    return Flaw(
        "key-look-alike",
        f'the key "{shortened(key)}" looks the same as another one here but is encoded otherwise (Unicode NFC and NFD)',
        "keep one of the two",
    )


def key_not_string(found: str) -> Flaw:
    return Flaw("key-not-string", f"a key must be a string, this is {shortened(found)}", "put it in quotes")


def too_deep() -> Flaw:
    return Flaw("too-deep", f"more than {file_limits.MAX_DEPTH} mappings and lists inside each other")


def too_many_nodes() -> Flaw:
    return Flaw("too-many-nodes", f"the file has more than {file_limits.MAX_NODES:,} keys and values")


def too_many_keys() -> Flaw:
    return Flaw(
        "too-many-keys",
        f"this mapping has more than {file_limits.MAX_KEYS:,} keys",
        "the API takes bodies of up to 100 kB; split the config, or use a list",
    )


def too_many_findings() -> Flaw:
    return Flaw(
        "too-many-findings", f"more than {file_limits.MAX_FINDINGS:,} findings in this file: no more are looked for"
    )


# ---- values


def value_not_finite(text: str) -> Flaw:
    return Flaw(
        "value-not-finite", f"{shortened(text)} is not a finite number: JSON cannot hold it", "use a finite number"
    )


def integer_too_long() -> Flaw:
    return Flaw(
        "integer-too-long",
        f"this integer has more than {file_limits.MAX_INTEGER_DIGITS} digits",
        "put it in quotes if it is text",
    )


def lone_surrogate() -> Flaw:
    return Flaw(
        "lone-surrogate",
        "this string holds half of a character (a lone surrogate), which no UTF-8 text can hold",
        "write the character itself, or both halves",
    )


# ---- YAML alone


def yaml_documents() -> Flaw:
    return Flaw("yaml-documents", "a second YAML document begins here", "one file holds one config")


def yaml_tag(tag: str) -> Flaw:
    shown = shortened(tag.replace("tag:yaml.org,2002:", "!!"))
    return Flaw("yaml-tag", f"the tag {shown} is not read", "leave it out; a config holds plain JSON values")


def yaml_tag_mismatch(tag: str, text: str) -> Flaw:
    return Flaw("yaml-tag-mismatch", f"{shortened(text)} is no {tag}", f"leave !!{tag} out, or correct the value")


def yaml_11_boolean(text: str) -> Flaw:
    meant = "true" if text.lower() in ("yes", "on") else "false"
    return Flaw(
        "yaml-11-boolean",
        f'{text} is the string "{text}" here (YAML 1.2), but a boolean to other readers of YAML',
        f'write {meant} for the boolean, "{text}" for the string',
        Severity.WARNING,
    )


def yaml_11_number(text: str, meaning: str) -> Flaw:
    return Flaw(
        "yaml-11-number",
        f"{shortened(text)} is {meaning} here (YAML 1.2), but another number to other readers of YAML",
        f'write the number plainly, or "{shortened(text)}" for the string',
        Severity.WARNING,
    )


def merge_not_mapping() -> Flaw:
    return Flaw("merge-not-mapping", "<< merges a mapping or a list of mappings, this is neither")


def alias_unknown(name: str) -> Flaw:
    return Flaw(
        "alias-unknown", f"there is no anchor &{shortened(name)} above this alias", "set the anchor before it is used"
    )


def alias_recursive(name: str) -> Flaw:
    return Flaw("alias-recursive", f"the alias *{shortened(name)} stands inside the very value that it repeats")


def alias_growth() -> Flaw:
    return Flaw("alias-growth", "the aliases up to here repeat too much", "write what is meant, or repeat less of it")


def shortened(text: str) -> str:
    """A text as a message can hold it."""
    return text if len(text) <= 40 else text[:37] + "…"
