"""The shapes of what the API takes and gives, for its schema. Tests hold them against answers."""
