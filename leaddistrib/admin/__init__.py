"""The door of administrators."""
