"""Channel layers for tests: one that keeps what it is given, and some that fail."""

import asyncio
from typing import Any

from channels.layers import BaseChannelLayer


class RecordingLayer(BaseChannelLayer):
    """Keeps what was sent: (group, event)."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        self.sent: list[tuple[str, dict[str, Any]]] = []

    async def group_send(self, group: str, event: dict[str, Any]) -> None:
        self.sent.append((group, event))


class BrokenLayer(BaseChannelLayer):
    """A Redis that is down."""

    async def group_send(self, group: str, event: dict[str, Any]) -> None:
        raise ConnectionError("the layer is down")


class HangingLayer(BaseChannelLayer):
    """A Redis that takes the command and never answers."""

    async def group_send(self, group: str, event: dict[str, Any]) -> None:
        await asyncio.Future()
