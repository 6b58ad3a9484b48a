"""The named checks: documents in, findings out. All of them always run; to add one, write it and list it here.

``CHECKS`` look at one document each; what several files together may break is ``identity.clashes``.
``check`` runs everything on documents that are loaded, ``examine`` loads and checks in several processes.
"""

from __future__ import annotations

from reconciler.checks.all_checks import CHECKS, check, with_severities
from reconciler.checks.examine import examine

__all__ = ["CHECKS", "check", "examine", "with_severities"]
