"""A local Console API for dynamic configs: ``handle(request) -> response`` over one SQLite file.

It is a second opinion on the API, so it imports the standard library only and nothing of this
package: a misreading of the API here and one in the client are then two different mistakes, and
tests find them. Where the real API's behaviour is not known, it picks the answer that a careless
client suffers from most.

    wire.py      Request, Response, and the API's JSON bodies
    options.py   what may be switched: rate windows, leniency, known tags, ...
    api.py       Emulator: authorization, routes, one method an endpoint
    listing.py   query string → filters and pages
    body_checks.py  is this body one that the API takes? (combinators in shapes.py, twins in twin_texts.py)
    value_schema.py  the small part of JSON Schema that return values are held to
    configs.py   body + stored config → the config to store
    rule_ids.py  which submitted rule is which stored rule, and its new id
    store.py     the SQLite file: configs and the audit list
    rate_windows.py  rate windows
    fault_plan.py  which request meets which fault (documents the ``--faults`` file); misbehave.py does it
    server.py    the loopback HTTP server
    js_values.py, json5_reader.py   JSON and JSON5 as a JavaScript server reads them
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.emulator.api import Emulator
from reconciler.emulator.errors import EmulatorError
from reconciler.emulator.options import Options
from reconciler.emulator.store import load_seed
from reconciler.emulator.wire import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.emulator.fault_plan import FaultPlan
    from reconciler.emulator.server import Server

__all__ = ["Emulator", "EmulatorError", "Options", "Request", "Response", "load_seed", "serve"]


def serve(
    emulator: Emulator,
    host: str = "127.0.0.1",
    port: int = 3006,
    faults: FaultPlan | None = None,
    ready: Callable[[int], None] | None = None,
) -> Server:
    """Bind a threading HTTP server to loopback; the caller runs ``serve_forever``.

    ``port`` 0 takes any free port; ``ready`` is called with the port once connections are accepted.
    Raises ``OSError`` where the port is taken and ``EmulatorError`` for a host that is not loopback.
    """
    # http.server takes longer to import than all of the embedded emulator, which needs none of it.
    from reconciler.emulator.server import Server

    server = Server(emulator, host, port, faults)
    if ready is not None:
        ready(server.port)
    return server
