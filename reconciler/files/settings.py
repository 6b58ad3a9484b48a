"""``reconciler.toml`` → ``Settings`` and ``Target``.

Nothing here reads the environment or a flag: ``cli`` passes those in, and they win. A finding names the file and
the key, since tomllib keeps no lines.
"""

from __future__ import annotations

import codecs
import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any
from urllib.parse import urlsplit

from reconciler import redactor
from reconciler.diagnostics import Diagnostic, Location, Severity

FILE_NAME = "reconciler.toml"
EMULATOR = "emulator"
DEFAULT_API = "https://statsigapi.net"
DEFAULT_KEY_ENV = "STATSIG_CONSOLE_KEY"
KNOWN_HOSTS = (DEFAULT_API, "https://api.statsig.com")
FIELDS_THAT_CAN_BE_UNMANAGED = ("description", "isEnabled", "rules", "defaultValue", "schema")
MAX_BYTES = 64 * 1024
MAX_DEPTH = 16

_TARGET_NAME = re.compile(r"(?!\.)[A-Za-z0-9_.-]{1,64}")
_NAMING = "write up to 64 letters (a to z), digits, _, - and ., and begin with another one than ."
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# As tomllib reads them; what is not closed goes on to the end of the text, since tomllib stops there.
_STRING_OR_COMMENT = re.compile(
    r"""\"{3}(?:\\[\s\S]|[^\\])*?(?:"{3,5}|\Z)|'{3}[\s\S]*?(?:'{3,5}|\Z)|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|\#[^\n]*"""
)
_NOT_KEY = re.compile(r"[^\w\-. \t]")
_BRACKET = re.compile(r"[\[\]{}]")


class SettingsError(Exception):
    """A target or URL that cannot be used; ``hint`` says what to do."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(redactor.without_pasted_keys(message))  # people paste the key where a name belongs
        self.message = redactor.without_pasted_keys(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Target:
    """One Statsig project. ``api`` is a checked base URL without a trailing slash, or ``"emulator"``."""

    name: str = "default"
    api: str = DEFAULT_API
    key_env: str = DEFAULT_KEY_ENV
    base: str | None = None
    respect_review_settings: bool = False

    @property
    def is_embedded(self) -> bool:
        return self.api == EMULATOR


@dataclass(frozen=True, slots=True)
class Settings:
    """What a team decided once, in ``DIR/reconciler.toml``; every field has a working default.

    ``checks`` maps a finding's code to ``off``, ``warning`` or ``error``. The two windows are mutations a project
    may make in 10 s and in 15 min, a little under what the API documents, since other clients share them.
    """

    targets: Mapping[str, Target] = field(default_factory=dict)
    default_target: str | None = None
    unmanaged_fields: frozenset[str] = frozenset()
    drift_policy: str = "hold"
    max_changed_percent: float = 30
    environments: tuple[str, ...] | None = None
    checks: Mapping[str, str] = field(default_factory=dict)
    mutations_per_10s: int = 95
    mutations_per_15min: int = 880

    def target(self, name: str | None = None, api_url: str | None = None) -> Target:
        """The target that flags and settings choose; raises ``SettingsError`` for a name or URL that cannot be used."""
        if name is None and self.default_target is None and len(self.targets) > 1 and api_url is None:
            raise SettingsError("the settings name several targets and no default_target", _known(self.targets))
        only = next(iter(self.targets)) if len(self.targets) == 1 else None
        chosen = self._named(name or self.default_target or only)
        if api_url is None:
            return chosen
        return replace(chosen, api=checked_url(api_url))

    def _named(self, name: str | None) -> Target:
        if name is None:
            return Target()
        if name in self.targets:
            return self.targets[name]
        raise SettingsError(f'there is no target "{name}"', _suggest(name, self.targets) or _known(self.targets))


def parse(content: bytes, file: str) -> tuple[Settings, list[Diagnostic]]:
    """The settings that a file holds, which findings call ``file``; defaults where it is wrong.

    The file comes from a branch, so it is untrusted: tomllib's time and memory grow with the square of a key's parts,
    and it recurses into arrays, so both are bounded before it sees the text.
    """
    if len(content) > MAX_BYTES:
        said = f"is larger than {MAX_BYTES:,} bytes"
        return Settings(), [_finding(file, "settings-too-large", said, "keep only settings in it")]
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        said = f"is not UTF-8: the byte at offset {error.start}"
        return Settings(), [_finding(file, "settings-unreadable", said, "save the file as UTF-8")]
    if _depth(text) > MAX_DEPTH:
        said = f"nests tables, arrays or parts of a key more than {MAX_DEPTH} deep"
        return Settings(), [_finding(file, "settings-too-deep", said, "settings are never more than three deep")]
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a plain ValueError: an integer of thousands of digits
        return Settings(), [_finding(file, "settings-syntax", f"is not TOML: {_shortened(str(error), 200)}")]
    return _Reading(file).settings(data)


def _depth(text: str) -> int:
    """How deep a TOML text nests at most, never too low: strings and comments left out, the rest not understood."""
    bare = _STRING_OR_COMMENT.sub("_", text)
    parts = max(run.count(".") for run in _NOT_KEY.split(bare)) + 1
    depth = deepest = 0
    for bracket in _BRACKET.findall(bare):
        depth = depth + 1 if bracket in "[{" else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return max(parts, deepest)


def checked_url(url: str) -> str:
    """A base URL that the key may be sent to: https, or http to a loopback address; scheme, host and port alone."""
    if url == EMULATOR:
        return url
    try:
        split = urlsplit(url)
        host, port = split.hostname, split.port
    except ValueError:
        host, port = None, None
    if host is None or any(ord(char) <= 32 or ord(char) == 127 for char in url):
        raise SettingsError(f'"{url}" is not a URL', f"write it like {DEFAULT_API}")
    if split.username is not None or split.password is not None:
        raise SettingsError("the API's URL must not hold a user name or password", "leave out what stands before the @")
    if split.query or split.fragment or split.path not in ("", "/"):
        raise SettingsError(f'"{url}" has a path, query or fragment', "give scheme, host and port alone")
    if split.scheme != "https" and not (split.scheme == "http" and is_loopback(host)):
        raise SettingsError(
            f'"{url}" would send the key unencrypted', "use https; http is for 127.0.0.1, ::1 and localhost"
        )
    named = f"[{host}]" if ":" in host else host
    return f"{split.scheme}://{named}" + (f":{port}" if port is not None else "")


def is_loopback(host: str) -> bool:
    """True for localhost and the loopback addresses."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Reading:
    """Reads one file's table by hand, so that each finding says its key; keeps the findings as it goes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Diagnostic] = []

    def settings(self, data: Mapping[str, Any]) -> tuple[Settings, list[Diagnostic]]:
        self.known(data, "", ("default_target", "environments", "targets", "fields", "drift", "limits", "checks"))
        limits = self.table(data, "limits", ("max_changed_percent", "mutations_per_10s", "mutations_per_15min"))
        fields = self.table(data, "fields", ("unmanaged",))
        drift = self.table(data, "drift", ("policy",))
        targets = {name: self.target(name, value) for name, value in self.table(data, "targets").items()}
        default_target = self.value(data, "", "default_target", None, _is_text, "a target's name")
        if default_target is not None and default_target not in targets:
            self.report(
                "settings-target-unknown",
                "default_target",
                f'names "{_shortened(default_target)}", which is not one of the targets',
                targets,
            )
        environments = self.value(data, "", "environments", None, _is_texts, "a list of environment names")
        unmanaged = self.value(fields, "fields.", "unmanaged", [], _is_texts, "a list of field names")
        for name in unmanaged:
            if name not in FIELDS_THAT_CAN_BE_UNMANAGED:
                self.report(
                    "settings-field-unknown",
                    "fields.unmanaged",
                    f'holds "{_shortened(name)}"',
                    FIELDS_THAT_CAN_BE_UNMANAGED,
                )
        read = Settings(
            targets=targets,
            default_target=default_target,
            unmanaged_fields=frozenset(unmanaged),
            drift_policy=self.value(
                drift,
                "drift.",
                "policy",
                "hold",
                lambda it: it in ("hold", "overwrite"),
                '"hold" or "overwrite"',
            ),
            max_changed_percent=self.value(
                limits, "limits.", "max_changed_percent", 30, _is_percentage, "a number from 0 to 100"
            ),
            environments=None if environments is None else tuple(environments),
            checks=self.severities(data),
            mutations_per_10s=self.window(limits, "mutations_per_10s", 95, 100),
            mutations_per_15min=self.window(limits, "mutations_per_15min", 880, 900),
        )
        return read, self.findings

    def window(self, limits: Mapping[str, Any], key: str, default: int, most: int) -> int:
        def fits(value: Any) -> bool:
            return type(value) is int and 1 <= value <= most

        number: int = self.value(limits, "limits.", key, default, fits, f"a whole number from 1 to {most}")
        return number

    def severities(self, data: Mapping[str, Any]) -> dict[str, str]:
        found = {}
        for code, level in self.table(data, "checks").items():
            if level in ("off", "warning", "error"):
                found[code] = level
            else:
                self.wrong(f"checks.{code}", 'must be "off", "warning" or "error"')
        return found

    def target(self, name: str, value: Any) -> Target:
        where = f"targets.{name}."
        if not _TARGET_NAME.fullmatch(name):
            self.report(
                "settings-target-name", f"targets.{_shortened(name)}", "is not a name for a target", hint=_NAMING
            )
            return Target()
        if not isinstance(value, dict):
            self.wrong(f"targets.{name}", "must be a table")
            return Target(name=name)
        self.known(value, where, ("api", "key_env", "base", "respect_review_settings"))
        return Target(
            name=name,
            api=self.api(value, where),
            key_env=self.key_env(value, where),
            base=self.value(value, where, "base", None, _is_printable, "a git ref"),
            respect_review_settings=self.value(
                value,
                where,
                "respect_review_settings",
                False,
                lambda it: isinstance(it, bool),
                "true or false",
            ),
        )

    def key_env(self, value: Mapping[str, Any], where: str) -> str:
        given = value.get("key_env", DEFAULT_KEY_ENV)
        if isinstance(given, str) and _VARIABLE.fullmatch(given):
            return given
        hint = f"write the variable's name, like {DEFAULT_KEY_ENV}"
        if isinstance(given, str) and given.strip().lower().startswith(redactor.PREFIX):
            hint = "the key itself never stands in a file: put it into the variable, and revoke this one"
        self.report("settings-value", f"{where}key_env", "must be the name of an environment variable", hint=hint)
        return DEFAULT_KEY_ENV

    def api(self, value: Mapping[str, Any], where: str) -> str:
        text: str = self.value(value, where, "api", DEFAULT_API, _is_text, "a URL")
        try:
            url = checked_url(text)
        except SettingsError as error:
            self.report("settings-api", where + "api", error.message, hint=error.hint)
            return DEFAULT_API
        if url in (EMULATOR, *KNOWN_HOSTS) or is_loopback(urlsplit(url).hostname or ""):
            return url
        self.report(
            "settings-api-host",
            where + "api",
            f'"{url}" is not one of Statsig\'s hosts',
            hint=f'use {", ".join(KNOWN_HOSTS)}, a loopback URL or "emulator"; any other host only by --api-url, '
            "so that no change of this file can send the key elsewhere",
        )
        return DEFAULT_API

    def table(self, data: Mapping[str, Any], key: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.wrong(key, "must be a table")
            return {}
        if known:
            self.known(value, key + ".", known)
        return value

    def value(
        self,
        table: Mapping[str, Any],
        where: str,
        key: str,
        default: Any,
        fits: Callable[[Any], bool],
        wanted: str,
    ) -> Any:
        if key not in table:
            return default
        if fits(table[key]):
            return table[key]
        self.wrong(where + key, f"must be {wanted}")
        return default

    def wrong(self, key: str, message: str) -> None:
        self.report("settings-value", key, message)

    def known(self, table: Mapping[str, Any], where: str, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                self.report("settings-key-unknown", where + key, "is not a setting", known, nearest=key)

    def report(
        self,
        code: str,
        key: str,
        message: str,
        known: Mapping[str, Any] | tuple[str, ...] = (),
        *,
        nearest: str | None = None,
        hint: str | None = None,
    ) -> None:
        suggestion = _suggest(nearest, known) if nearest else None
        self.findings.append(
            _finding(
                self.file,
                code,
                f"{_shortened(key)} {message}",
                hint or suggestion or (_known(known) if known else None),
                key,
            )
        )


def _finding(file: str, code: str, message: str, hint: str | None = None, key: str | None = None) -> Diagnostic:
    path = None if key is None else "/" + redactor.without_pasted_keys(key).replace(".", "/")
    return Diagnostic(Severity.ERROR, code, redactor.without_pasted_keys(message), Location(file), hint, path=path)


def _suggest(word: str, known: Mapping[str, Any] | tuple[str, ...]) -> str | None:
    near = get_close_matches(word, list(known), n=1)
    return f'did you mean "{near[0]}"?' if near else None


def _known(names: Mapping[str, Any] | tuple[str, ...]) -> str:
    return "known: " + ", ".join(names) if names else f"{FILE_NAME} has no [targets.NAME]"


def _shortened(text: str, most: int = 60) -> str:
    text = redactor.without_pasted_keys(text)  # before what is left of a key looks like none
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_printable(value: Any) -> bool:
    return _is_text(value) and value.isprintable()


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_percentage(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100
