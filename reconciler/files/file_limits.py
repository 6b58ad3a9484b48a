"""How large a file may be before it is refused: far beyond what people write, far below what hurts a machine.

The Console API takes bodies of 100 kB, so a config that comes near any of these could never be applied.
"""

MAX_BYTES = 1024 * 1024
"""A file's size; one MiB is still accepted."""

MAX_DEPTH = 100
"""Mappings and lists inside each other; one hundred levels are still accepted."""

MAX_NODES = 200_000
"""Keys, values, mappings and lists in a file, each alias counted as all that it stands for."""

MAX_KEYS = 20_000
"""Keys of one mapping. So many different ones make more than 100 kB of JSON, whatever their values are."""

MAX_ALIAS_GROWTH = 1024 * 1024
"""Characters that a file's aliases add to it when each is replaced by the text it stands for."""

MAX_FINDINGS = 1_000
"""Findings in one file; who has more reads them after the first thousand are mended."""

MAX_INTEGER_DIGITS = 308
"""Decimal digits of an integer; a longer one may lie beyond every float, and so reads as infinity elsewhere."""
