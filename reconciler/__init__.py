"""GitOps for Statsig dynamic configs: files in git, a plan, an apply.

The way through the package, left to right:

    configs/*.yaml ─┐
    git tree (base) ┼─ files ─ checks ─┐
                                       ├─ core: normalize ─ diff ─ body ─ planning ─┬─ render
    Console API ────── console_api ────┘                                            └─ apply ─ read again

``commands`` holds one file a verb, each of which reads as that pipeline; ``session`` is what every verb has around it;
``cli`` turns argv into a call and every failure into an exit code. ``dynamic_config`` says, as data, what is peculiar
to a dynamic config; ``model``, ``ports`` and ``diagnostics`` are the nouns. Imports only ever point to the left.
"""

__version__ = "0.1.0"
