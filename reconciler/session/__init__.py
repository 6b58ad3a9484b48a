"""What every command has around it.

terminal, signals, progress         streams, Ctrl-C, how far it is
command_error, error_report         what ends a command, and what is printed of that
exit_code, writing                  how it went, as a code; documents and drawings on their way out
connecting, approval                a target → a connection; may this plan be applied?
reading, base_files, pipeline       files and base, read and checked; with live they become a plan
saved_plans                         plans from files
recording, entries                  ``--record``: what a run leaves for the next one
closing                             the last look of an apply
pinning                             what ``init`` pins
"""
