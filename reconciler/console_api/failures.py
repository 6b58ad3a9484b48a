"""What the network and the Console API can refuse, as ``ApiError``: one function for each code.

``call`` is the request as people know it: ``POST /console/v1/dynamic_configs/checkout``. No text in here may come
from the server or a library unless the key has been struck out of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus

from reconciler.ports import ApiError, Fate

TOO_LARGE = "answer-too-large"

_LONGEST = 600
_ADVICE = {
    401: "the Console API key was not accepted",
    403: "this Console API key may not do that, or a review is required",
}


def interrupted(why: str) -> ApiError:
    return ApiError(f"interrupted while waiting for {why}", fate=Fate.NOT_SENT, code="interrupted")


def unusable_url(url: str) -> ApiError:
    return ApiError(f'"{url}" cannot be used as the URL of the Console API', fate=Fate.NOT_SENT, code="url-unusable")


def unusable_proxy(reason: str) -> ApiError:
    return ApiError(
        f"the proxy that the environment names cannot be used: {one_line(reason)}",
        fate=Fate.NOT_SENT,
        code="proxy-unusable",
    )


def unusable_tls(variables: Mapping[str, str], reason: str) -> ApiError:
    named = " ".join(f"{name}={one_line(value)}" for name, value in variables.items())
    return ApiError(
        f"https is not possible: {named or 'the certificates'} cannot be used: {one_line(reason)}"
        + (f"; correct or unset {', '.join(variables)}" if variables else ""),
        fate=Fate.NOT_SENT,
        code="tls-unusable",
    )


def id_not_sendable(config_id: str) -> ApiError:
    return ApiError(
        f"{config_id!r} cannot be the id of a dynamic config:"
        " letters, digits, _, - and . are allowed, but not . or .. alone",
        fate=Fate.NOT_SENT,
        code="id-not-sendable",
    )


def not_connected(call: str, host: str, reason: str) -> ApiError:
    return ApiError(
        f"{call}: no connection to {host}: {one_line(reason)}", fate=Fate.NOT_SENT, code="connection-failed"
    )


def timed_out(call: str, seconds: float) -> ApiError:
    return ApiError(f"{call}: no complete answer in time ({seconds:g} s)", fate=Fate.UNKNOWN, code="timed-out")


def broken_off(call: str, reason: str) -> ApiError:
    return ApiError(f"{call}: the connection broke off: {one_line(reason)}", fate=Fate.UNKNOWN, code="connection-lost")


def unreadable(call: str, reason: str, status: int) -> ApiError:
    return ApiError(
        f"{call}: {status}, but the answer {one_line(reason)}",
        fate=Fate.UNKNOWN,
        status=status,
        code="answer-unreadable",
    )


def too_large(call: str, most: int, fate: Fate) -> ApiError:
    return ApiError(f"{call}: the answer is larger than {most // 1024} KiB", fate=fate, code=TOO_LARGE)


def redirected(call: str, status: int) -> ApiError:
    return ApiError(
        f"{call}: {status}: a redirect, which is never followed, since it could carry the key elsewhere;"
        " check the URL of the API",
        fate=Fate.REFUSED,
        status=status,
        code="redirected",
    )


def server_failed(call: str, status: int, said: str) -> ApiError:
    return ApiError(
        f"{call}: {_told(status, said)}",
        fate=Fate.UNKNOWN,
        status=status,
        code="server-error",
    )


def refused(call: str, status: int, said: str, errors: tuple[tuple[str, str], ...]) -> ApiError:
    """A 4xx: what the API says of single properties where it does, or else its message."""
    findings = "; ".join(f"{name}: {text}" if name else text for name, text in errors)
    advice = f" ({_ADVICE[status]})" if status in _ADVICE else ""
    return ApiError(
        f"{call}: {_told(status, findings or said)}{advice}",
        fate=Fate.REFUSED,
        status=status,
        errors=errors,
        code="api-refused",
    )


def rate_limited(call: str, seconds: float) -> ApiError:
    return ApiError(
        f"{call}: 429: still over the project's rate limit after {seconds / 60:.0f} minutes of waiting;"
        " other clients of the project may be using it up",
        fate=Fate.NOT_SENT,
        status=429,
        code="rate-limited",
    )


def inconsistent_list(call: str, times: int, reason: str) -> ApiError:
    return ApiError(
        f"{call}: the list of configs did not add up, {times} times in a row: {reason}; try again in a moment",
        fate=Fate.REFUSED,
        code="list-inconsistent",
    )


def one_line(text: str) -> str:
    """A foreign text in one line of bounded length."""
    line = " ".join(re.split(r"\s+", text)).strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def _told(status: int, said: str) -> str:
    return f"{status}: {one_line(said) or _phrase(status)}"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
