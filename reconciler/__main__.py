"""``python -m reconciler`` and the ``reconciler`` command.

``--version`` is answered here, before anything heavier than this file is imported.
"""

import sys

from reconciler import __version__


def main() -> None:
    """Run the command line and exit with its code."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"reconciler {__version__}\n")
        return
    from reconciler.cli import main as run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
