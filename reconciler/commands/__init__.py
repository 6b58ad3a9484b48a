"""The verbs, one file each. Each reads as the pipeline, takes typed arguments and returns an exit code.

    validate   plan   apply   show   pull   emulator   schema   init

What they share: ``files`` (read and checked), ``connecting`` (target → connection), ``planning`` (to a plan),
``saved`` (plans from files), ``consent`` (may it be applied), ``verdict`` (how it went), ``recording`` (``--record``),
``writing`` (formats and files), ``terminal`` (streams), ``signals``, ``problems`` and ``failed`` (what ends a command
before its result).
"""
