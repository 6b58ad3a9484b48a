"""The question at a terminal: a real one, with somebody who answers."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from harness import Done, Live, Project, command, config

# The first terminal that a session's leader opens is its own: a Ctrl-C typed there becomes a signal.
_AT_TERMINAL = 'exec "$@" <"$TERMINAL" 2>"$TERMINAL"'
_END_OF_INPUT = "\x04"
_CTRL_C = "\x03"


@dataclass
class Typing:
    """Somebody at a terminal, whose stdout goes elsewhere: prompts are on stderr."""

    project: Project

    def answers(
        self,
        text: str,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        then: signal.Signals | Callable[[], object] | None = None,
    ) -> Done:
        """Wait for the question, do ``then``, type, and wait for the end."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            ["sh", "-c", _AT_TERMINAL, "sh", *command(arguments)],
            cwd=self.project.path,
            env=self.project.environ({"TERM": "xterm", "TERMINAL": os.ttyname(theirs), **(env or {})}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        with process:
            said = _read(ours, until="[y/N]", unless=process)
            if isinstance(then, signal.Signals):
                process.send_signal(then)
            elif then is not None:
                then()
            os.write(ours, text.encode())
            assert process.stdout is not None
            printed = process.stdout.read()
        os.close(theirs)
        said += _read(ours)
        os.close(ours)
        return Done(process.returncode, printed, said)


def _read(terminal: int, until: str | None = None, unless: subprocess.Popen[str] | None = None) -> str:
    """What is written to a terminal until a text has come, until a process has ended, or until the terminal's end."""
    said, ends = "", time.monotonic() + 30
    while until is None or until not in said:
        assert time.monotonic() < ends, f"nothing more came after {said!r}"
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                said += os.read(terminal, 4096).decode()
            except OSError:  # nobody has it open any more
                return said
        elif unless is not None and unless.poll() is not None:
            return said
    return said


@pytest.fixture
def typing(served: Project, live: Live) -> Typing:
    live.create("limits", defaultValue={"value": 0})
    served.write(limits=config())
    return Typing(served)


@pytest.mark.parametrize("answer", ["y\n", "Y\n", "yes\n", " yes \n"])
def test_a_yes_is_a_yes(typing: Typing, live: Live, answer: str) -> None:
    done = typing.answers(answer, "apply")
    assert done.code == 0, done
    assert f"Apply to production ({live.url})? [y/N]" in done.stderr
    assert "0 → 1" in done.stdout
    assert live["limits"]["defaultValue"] == {"value": 1}


@pytest.mark.parametrize("answer", ["n\n", "\n", "yesterday\n", "j\n", _END_OF_INPUT])
def test_anything_else_is_a_no(typing: Typing, live: Live, answer: str) -> None:
    done = typing.answers(answer, "apply")
    assert done.code == 4
    assert "not confirmed; nothing was written" in done.stderr
    assert live.written == []


def test_ctrl_c_at_the_question_is_an_interruption(typing: Typing, live: Live) -> None:
    done = typing.answers(_CTRL_C, "apply", "--format", "json")
    assert done.code == 130
    assert done.json["error"]["code"] == "stopped-by-sigint"
    assert live.written == []


def test_json_shows_the_plan_beside_the_question(typing: Typing, live: Live) -> None:
    done = typing.answers("y\n", "apply", "--format", "json")
    assert done.code == 0
    assert "0 → 1" in done.stderr
    assert done.statuses == {"limits": "verified"}


def test_an_edit_while_the_question_waits_is_stale(typing: Typing, live: Live) -> None:
    """What was confirmed is not what would be done now, so none of it is."""
    typing.project.write(other=config())
    done = typing.answers("y\n", "apply", "--format", "json", then=lambda: live.edit("limits", description="fixed"))
    assert done.code == 5
    assert done.statuses == {"limits": "stale", "other": "skipped"}
    assert "Jane Console" in done.json["results"][0]["error"]["message"]
    assert live["limits"]["description"] == "fixed"
    assert live.written == []


def test_nobody_is_asked_where_there_is_no_need(typing: Typing, live: Live) -> None:
    assert "[y/N]" not in typing.answers("", "apply", "--yes").stderr
    assert "[y/N]" not in typing.answers("", "apply").stderr, "nothing is left to do"
    assert live.written == ["limits"]


def test_nobody_is_asked_in_ci(typing: Typing, live: Live) -> None:
    done = typing.answers("", "apply", env={"CI": "true"})
    assert done.code == 4
    assert "--yes" in done.stderr
    assert live.written == []


def test_sigterm_at_the_question(typing: Typing, live: Live) -> None:
    assert typing.answers("", "apply", then=signal.SIGTERM).code == 143
    assert live.written == []
