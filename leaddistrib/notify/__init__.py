"""Tells people: the outbox and its channels."""
