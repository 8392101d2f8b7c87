"""The host project's settings with a heartbeat every second, for servers under test."""

from config.settings import *  # noqa: F403

LEADDISTRIB = {"HEARTBEAT_SECONDS": 1}
