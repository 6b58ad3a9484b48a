"""``reconciler emulator``: serve the local Console API emulator on 127.0.0.1."""

from __future__ import annotations

import threading
from pathlib import Path

from reconciler.emulator import Emulator, EmulatorError, Options, load_seed, serve
from reconciler.emulator.fault_plan import FaultPlan
from reconciler.emulator.options import STATSIG_RATE_LIMITS
from reconciler.session.command_error import Exit, Problem
from reconciler.session.connecting import state_file
from reconciler.session.terminal import Terminal


def run(
    terminal: Terminal,
    *,
    port: int,
    db: Path | None = None,
    seed: Path | None = None,
    faults: Path | None = None,
    rate_limits: bool = False,
) -> Exit:
    """Serve until a signal comes. ``rate_limits``: answer 429 beyond Statsig's documented windows."""
    try:
        emulator = _open(db or state_file(Path.cwd(), "served"), seed, rate_limits=rate_limits)
        server = serve(emulator, port=port, faults=FaultPlan.load(faults) if faults else None)
    except (EmulatorError, OSError) as error:
        said = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        where = f"port {port}: " if isinstance(error, OSError) else ""
        raise Problem(
            Exit.FAILED, "emulator-cannot-start", f"{where}{said}", "see reconciler emulator --help"
        ) from error
    terminal.note(f"Console API emulator on http://127.0.0.1:{server.port} (Ctrl-C ends it)")
    thread = threading.Thread(target=server.serve_forever, name="emulator", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(1)
    finally:
        server.shutdown()
        server.server_close()
        emulator.close()
    return Exit.DONE


def _open(db: Path, seed: Path | None, *, rate_limits: bool) -> Emulator:
    emulator = Emulator(db, options=Options(rate_limits=STATSIG_RATE_LIMITS if rate_limits else ()))
    if seed is not None:
        emulator.seed(load_seed(seed))
    return emulator
