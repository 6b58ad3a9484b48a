"""The verbs, one file each. Each reads as the pipeline, takes typed arguments and returns an exit code.

validate   plan   apply   show   pull   emulator   schema   init
"""
