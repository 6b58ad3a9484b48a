"""The Statsig Console API's wire: the only place that knows httpx, paths, headers, paces and retries.

    connect ─ reader, writer          connection.py
      a list that adds up             paging.py
      sending again, by meaning       retrying.py
      how fast: windows, 429          pacing.py, rate_limit.py, waiting.py
      one request, one answer         exchange.py, answer.py, verdict.py
      network, or a function          transport.py, deadline.py
    the key, checked                  key.py
    what can be refused               failures.py

What a caller sees of it all is ``ports``: a Reader, a Writer, and ``ApiError`` with the fate of what was sent.
"""

from reconciler.console_api.clock import RealClock
from reconciler.console_api.connection import Connection, connect
from reconciler.console_api.key import KeyProblem, checked_key
from reconciler.console_api.pacing import DEFAULT_WINDOWS, plan_seconds

__all__ = ["DEFAULT_WINDOWS", "Connection", "KeyProblem", "RealClock", "checked_key", "connect", "plan_seconds"]
