"""The Console API key: checked before it is used.

A key that an HTTP library finds fault with ends up in that library's error message; so all that could be wrong
with it is found here first, and said without it.
"""

from __future__ import annotations

from reconciler.redactor import PREFIX


class KeyProblem(Exception):  # noqa: N818 - a state of the environment, not a failure of a call
    """The key is missing or malformed. Neither ``message`` nor ``hint`` holds any part of it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def checked_key(environ_value: str | None, key_env: str) -> str:
    """The key as it may be sent, or ``KeyProblem``. ``environ_value`` is what the variable ``key_env`` holds."""
    hint = f"set {key_env} to a Console API key of the project (Statsig console: Settings, Keys & Environments)"
    if environ_value is None:
        raise KeyProblem(f"no Console API key: the environment variable {key_env} is not set", hint)
    if not environ_value:
        raise KeyProblem(f"no Console API key: the environment variable {key_env} is empty", hint)
    if any(char.isspace() for char in environ_value):
        raise KeyProblem(
            f"the Console API key in {key_env} holds white space or a line break",
            f"set {key_env} to the key alone, without quotes, blanks or a newline at its end",
        )
    if not all("!" <= char <= "~" for char in environ_value):
        raise KeyProblem(
            f"the Console API key in {key_env} holds a character that is not printable ASCII",
            f"copy the key once more, and set {key_env} to it alone",
        )
    if not environ_value.startswith(PREFIX) or environ_value == PREFIX:
        raise KeyProblem(f'the value of {key_env} is not a Console API key: those begin with "{PREFIX}"', hint)
    return environ_value
