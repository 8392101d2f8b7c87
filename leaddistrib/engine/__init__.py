"""Decides: facts in, a decision with its reasons out. Pure Python."""
