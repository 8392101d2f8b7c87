"""Laid out as the code is; tests/races/ and tests/browser/ hold what needs several processes."""
