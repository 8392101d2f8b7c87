"""Reads: every non-trivial question, inbox, boards and metrics."""
