"""``python -m reconciler`` and the ``reconciler`` command.

``--version`` is answered here, before anything heavier than this file is imported.
"""

import gc
import sys

from reconciler import __version__

CONTAINERS_BETWEEN_COLLECTIONS = 500_000
"""What is read becomes trees, which hold no cycles. Looking for some at Python's pace takes a fifth of planning."""


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconciler {__version__}\n")
        return
    gc.set_threshold(CONTAINERS_BETWEEN_COLLECTIONS)
    from reconciler import cli

    sys.exit(cli.main(sys.argv[1:]))


if __name__ == "__main__":
    main()
