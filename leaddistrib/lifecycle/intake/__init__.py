"""Intake: what comes from outside becomes one clean lead, or a clear reason why not (IN1-IN7)."""
