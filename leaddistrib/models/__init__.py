"""Holds: fields, constraints and questions about one row."""
