"""Gets every sales lead to the right rep in seconds."""

__version__ = "0.1.0"
