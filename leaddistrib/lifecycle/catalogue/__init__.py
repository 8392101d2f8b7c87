"""What admins keep lists of elsewhere, and bring in from a file: accounts, territories."""
