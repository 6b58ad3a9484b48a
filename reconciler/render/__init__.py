"""Draws findings, plans and outcomes as text, JSON, Markdown and GitHub annotations.

Every renderer turns values into a string: none prints, and none reads a file, the environment or a clock, so the
same input gives the same bytes. Text from configs and from the API is hostile until ``inert`` has seen it.
"""
