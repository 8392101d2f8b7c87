"""Periodic work: thin tasks and the one list of schedules."""
