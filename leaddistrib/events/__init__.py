"""Tells pages: typed payloads, published after commit."""
