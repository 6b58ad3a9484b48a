"""A plan is carried out.

execution          all changes, several at a time
change_execution   one of them on its way: look, send, settle, verify
unarchiving        one of two requests
"""
