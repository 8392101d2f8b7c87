"""The host project: settings, addresses and entry points."""
