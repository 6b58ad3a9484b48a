"""argv, environment, streams and exit codes; the one ``except``. Thin: every command is a call into ``commands``.

Every flag can also come from the environment as ``RECONCILER_<FLAG>``; repeated ones are separated by blanks there.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from reconciler import __version__
from reconciler.session.command_error import Exit, Problem
from reconciler.session.signals import Signals, handled
from reconciler.session.terminal import Terminal, standard

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code; never raises for what users or the world do."""
    terminal = standard()
    with handled() as signals:
        try:
            with _cli.make_context("reconciler", list(argv), obj=_Session(terminal, signals)) as context:
                code: int = _cli.invoke(context)
        except BaseException as error:  # noqa: BLE001 - the one place where every failure becomes an exit code
            signals.only_note()
            code = _failed(error, terminal, argv)
        if signals.exit_code is not None:
            _leave(signals.exit_code)
        return int(code)


def _failed(error: BaseException, terminal: Terminal, argv: Sequence[str]) -> int:
    """Words, a document where JSON was asked for, and an exit code, for whatever was raised."""
    from reconciler.session import error_report

    match error:
        case click.exceptions.Exit():
            return error.exit_code
        case click.UsageError():
            see = f"see {error.ctx.command_path if error.ctx else 'reconciler'} --help"
            error = Problem(Exit.USAGE, "usage", error.format_message(), see)
    return error_report.tell(
        error_report.problem(error), error, terminal, command=_command_of(argv), output=_format_of(argv)
    )


def _leave(code: int) -> NoReturn:
    """After a signal a worker may still wait for an answer; nobody waits for it."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


class _Session:
    """What click hands to each command."""

    def __init__(self, terminal: Terminal, signals: Signals) -> None:
        self.terminal = terminal
        self.signals = signals


def _command_of(argv: Sequence[str]) -> str:
    return next((word for word in argv if not word.startswith("-")), "")


def _format_of(argv: Sequence[str]) -> str:
    """The format that was asked for, found also where the rest of argv is wrong; the last one counts."""
    asked = os.environ.get("RECONCILER_FORMAT") or "text"
    for word, following in zip(argv, [*argv[1:], ""], strict=False):
        if word.startswith("--format="):
            asked = word.partition("=")[2]
        elif word == "--format":
            asked = following
    return asked


# ── flags ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _option(*names: str, **more: Any) -> Callable[[Any], Any]:
    """An option that can come from ``RECONCILER_<FLAG>`` too."""
    flag = next(name for name in names if name.startswith("--"))
    more.setdefault("envvar", "RECONCILER_" + flag.strip("-").replace("-", "_").upper())
    return click.option(*names, **more)


def _formats(*formats: str) -> Callable[[Any], Any]:
    return _option(
        "--format",
        "output",
        type=click.Choice(formats),
        default="text",
        show_default=True,
        help="How to draw the result.",
    )


def _flags(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def add(command: Any) -> Any:
        return functools.reduce(lambda made, option: option(made), reversed(options), command)

    return add


_CONFIGS = _option(
    "--configs",
    type=click.Path(path_type=Path),
    default=Path("configs"),
    show_default=True,
    metavar="DIR",
    help="The directory of config files and reconciler.toml.",
)
_TARGET = _option("--target", metavar="NAME", help="The target of reconciler.toml to work with.")
_API_URL = _option("--api-url", metavar="URL", help="Another Console API: https, or http to loopback.")
_NO_COLOR = _option("--no-color", is_flag=True, help="No colours.")
_QUIET = _option("-q", "--quiet", is_flag=True, help="Leave out progress and notes.")
_VERBOSE = _option("-v", "--verbose", is_flag=True, help="Say more about what is done.")
_BASE = _option(
    "--base",
    metavar="REF",
    help="The files as they were at this git commit or tree: what console edits are found by.",
)
_ONLY = _option("--only", multiple=True, metavar="ID", help="Only this config; may be repeated.")
_EXCLUDE = _option("--exclude", multiple=True, metavar="ID", help="Not this config; may be repeated.")
_OVERWRITE = _option("--overwrite", multiple=True, metavar="ID", help="Write over live's edits of this held config.")
_LIMIT = _option(
    "--comment-limit", type=click.IntRange(min=2000), metavar="BYTES", help="Largest Markdown, 65,536 by default."
)
_OUTPUT = _flags(_NO_COLOR, _QUIET, _VERBOSE)
_COMMON = _flags(_CONFIGS, _TARGET, _API_URL, _OUTPUT)
_CHOICE = _flags(_BASE, _ONLY, _EXCLUDE, _OVERWRITE)


def _command(name: str, *options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A command whose function gets the terminal, the signals, and its flags by name."""

    def register(function: Callable[..., int]) -> Any:
        def call(session: _Session, /, *, no_color: bool, quiet: bool, verbose: bool, **flags: Any) -> int:
            terminal = session.terminal
            terminal.no_color, terminal.quiet, terminal.verbose = no_color, quiet, verbose
            return function(session, **flags)

        named = functools.update_wrapper(click.pass_obj(call), function)
        return _cli.command(name, context_settings=_CONTEXT)(_flags(*options)(named))

    return register


@click.group(context_settings=_CONTEXT)
@click.version_option(__version__, message="reconciler %(version)s")
def _cli() -> None:
    """GitOps for Statsig dynamic configs: check, plan and apply configs kept in git."""


@_command("validate", _CONFIGS, _TARGET, _OUTPUT, _formats("text", "json", "github"))
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
def _validate(session: _Session, *, configs: Path, **flags: Any) -> int:
    """Parse and check the files. Offline; needs no key. With FILES, show only what is found in those."""
    from reconciler.commands import validate

    return validate.run(session.terminal, configs, **flags)


@_command(
    "plan",
    _COMMON,
    _CHOICE,
    _formats("text", "json", "markdown", "github"),
    _option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the JSON plan there too."),
    _option("--detailed-exitcode", is_flag=True, help="Exit 2 when changes are pending."),
    _LIMIT,
)
def _plan(session: _Session, *, configs: Path, comment_limit: int | None, **flags: Any) -> int:
    """Show what apply would do. Sends GET requests only."""
    from reconciler.commands import plan

    choice, command = _choice(flags), _apply_command(flags["out"])
    return plan.run(session.terminal, _clock(), configs, choice, limit=comment_limit, command=command, **flags)


@_command(
    "apply",
    _COMMON,
    _CHOICE,
    _formats("text", "json"),
    _option("--yes", is_flag=True, help="Do not ask."),
    _option("--expect", metavar="DIGEST", help="Refuse a plan with another digest or intent."),
    _option("--allow-changes", type=click.IntRange(min=0), metavar="N", help="Allow exactly N updates over the limit."),
    _option("--record", metavar="REF", help="Commit what is now applied to this ref: the next run's base."),
    _option(
        "--push-record",
        metavar="REMOTE",
        envvar=None,
        help="Fetch the record from there first, and push it as it grows.",
    ),
)
@click.argument("saved", required=False, metavar="[PLAN.json]", type=click.Path(path_type=Path))
def _apply(
    session: _Session, *, configs: Path, yes: bool, expect: str | None, allow_changes: int | None, **flags: Any
) -> int:
    """Carry a plan out: a saved one, or one that is made and shown first."""
    from reconciler.commands import apply
    from reconciler.session.approval import Consent

    choice = _choice(flags)
    if flags["saved"] is not None:
        _refuse_with_saved_plan()
    if flags["push_record"] is not None and flags["record"] is None:
        _misused("--push-record needs --record REF, the ref to push")
    given = Consent(yes, expect, allow_changes)
    return apply.run(session.terminal, _clock(), session.signals, configs, choice, given, **flags)


@_command("show", _OUTPUT, _formats("text", "json", "markdown", "github"), _LIMIT)
@click.argument("saved", metavar="PLAN.json", type=click.Path(path_type=Path))
def _show(session: _Session, *, saved: Path, output: str, comment_limit: int | None, **_: Any) -> int:
    """Draw a saved plan in another format."""
    from reconciler.commands import show

    return show.run(session.terminal, saved, output=output, limit=comment_limit)


@_command(
    "pull",
    _COMMON,
    _formats("text", "json"),
    _option("--all", "everything", is_flag=True, help="Every live config that has no file."),
    _option("--to", type=click.Path(path_type=Path), metavar="DIR", help="Write there.  [default: --configs]"),
    _option("--with-ids", is_flag=True, help="Write each rule's baseID too."),
)
@click.argument("ids", nargs=-1, metavar="[ID]...")
def _pull(session: _Session, *, configs: Path, ids: tuple[str, ...], **flags: Any) -> int:
    """Write files for live configs that have none; overwrites nothing."""
    from reconciler.commands import pull

    return pull.run(session.terminal, _clock(), configs, ids, **flags)


@_command("init", _CONFIGS, _OUTPUT)
def _init(session: _Session, *, configs: Path, **_: Any) -> int:
    """Set up a repository: workflows, settings, a first config. Overwrites nothing."""
    from reconciler.commands import init

    return init.run(session.terminal, configs)


@_command(
    "emulator",
    _OUTPUT,
    _option("--port", type=click.IntRange(0, 65535), default=3006, show_default=True, help="0 takes any free port."),
    _option(
        "--db",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Its SQLite file.  [default: .reconciler/served.db]",
    ),
    _option(
        "--seed", type=click.Path(path_type=Path), metavar="FILE", help="Configs to begin with, as the API lists them."
    ),
    _option("--faults", type=click.Path(path_type=Path), metavar="FILE", help="Misbehave as this JSON file says."),
    _option("--rate-limits", is_flag=True, help="Answer 429 beyond 100 mutations in 10 s or 900 in 15 min."),
)
def _emulator(
    session: _Session,
    *,
    port: int,
    db: Path | None,
    seed: Path | None,
    faults: Path | None,
    rate_limits: bool,
    **_: Any,
) -> int:
    """Serve the local Console API emulator on 127.0.0.1."""
    from reconciler.commands import emulator

    return emulator.run(session.terminal, port=port, db=db, seed=seed, faults=faults, rate_limits=rate_limits)


@_command("schema", _OUTPUT, _option("--settings", is_flag=True, help="The schema of reconciler.toml instead."))
def _schema(session: _Session, *, settings: bool, **_: Any) -> int:
    """Print the JSON Schema of a config file, for editors."""
    from reconciler.commands import schema

    return schema.run(session.terminal, settings=settings)


def _choice(flags: dict[str, Any]) -> Any:
    from reconciler.session.pipeline import Choice

    return Choice(*(flags.pop(name) for name in ("base", "only", "exclude", "overwrite")))


def _apply_command(out: Path | None) -> str:
    """The command that carries out what this one plans: the flags that were given, or the plan that it saves."""
    chooses = ("configs", "target", "api_url") + (() if out else ("base", "only", "exclude", "overwrite"))
    context = click.get_current_context()
    words = ["reconciler", "apply"]
    for name in chooses:
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            value = context.params[name]
            given = value if isinstance(value, tuple) else (value,)
            words += [word for one in given for word in (f"--{name.replace('_', '-')}", str(one))]
    return shlex.join([*words, *([str(out)] if out else [])])


def _refuse_with_saved_plan() -> None:
    """A saved plan holds its base and its selection; the environment's are for runs that plan."""
    context = click.get_current_context()
    for name in ("base", "only", "exclude", "overwrite"):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            _misused(f"--{name} cannot be used with a saved plan, which was made with its own")


def _misused(message: str) -> NoReturn:
    raise click.UsageError(message, click.get_current_context())


def _clock() -> Any:
    from reconciler.console_api import RealClock

    return RealClock()
