"""Acts: every write, one module for each step of a lead's life."""
