"""GitOps for Statsig dynamic configs: files in git, a plan, an apply.

The way through the package, left to right:

    configs/*.yaml ─┐
    git tree (base) ┼─ documents ─ checks ─┐
                                           ├─ normalize ─ rules ─ diff ─ body ─ plan ─┬─ render
    Console API ────── console_api ────────┘                                         └─ apply ─ read again

``commands`` holds one file a verb, each of which reads as that pipeline; ``cli`` turns argv into a
call and every failure into an exit code. Imports only ever point to the left.
"""

__version__ = "0.1.0"
