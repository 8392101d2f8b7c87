"""The socket of the claim pages."""

from channels.generic.websocket import AsyncWebsocketConsumer


class LeadsConsumer(AsyncWebsocketConsumer):
    """Made by the pages' owner."""
