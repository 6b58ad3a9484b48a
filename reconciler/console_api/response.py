"""What an answer means: the data that was asked for, or the ``ApiError`` that its status or its body stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from reconciler.console_api import failures
from reconciler.console_api.answer import Answer, UnreadableError, parse, refusal

T = TypeVar("T")

_REQUEST_TIMEOUT = 408  # of a proxy as well as of the server: what was sent may have been carried out


def understood(answer: Answer, shape: Callable[[Any], T]) -> T:
    """A 2xx answer's JSON, put through ``shape``; raises ``ApiError`` where it is not what the API documents."""
    body = _success(answer)
    try:
        return shape(parse(body))
    except UnreadableError as error:
        raise failures.unreadable(answer.call, str(error), answer.status) from None


def _success(answer: Answer) -> bytes:
    """The body of a 2xx answer; any other status is raised as the ``ApiError`` that it means."""
    status = answer.status
    if 200 <= status < 300:
        return answer.body
    if 300 <= status < 400:
        raise failures.redirected(answer.call, status)
    said, errors = refusal(answer.body)
    if 400 <= status < 500 and status != _REQUEST_TIMEOUT:
        raise failures.refused(answer.call, status, said, errors)
    raise failures.server_failed(answer.call, status, said)
