"""The host project's site, with one more socket: Channels' consumer as its documentation has it."""

from typing import Any

from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

from config.asgi import http
from leaddistrib.routing import websocket_urlpatterns

BARE_GROUP = "bare"


class BareConsumer(AsyncWebsocketConsumer):
    """Joins a group and sends what it is told."""

    async def connect(self) -> None:
        await self.channel_layer.group_add(BARE_GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(BARE_GROUP, self.channel_name)

    async def said(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])


application = ProtocolTypeRouter(
    {
        "http": http,
        "websocket": URLRouter([*websocket_urlpatterns, path("ws/bare/", BareConsumer.as_asgi())]),
    }
)
