"""Addresses of the socket, for the host's ASGI application."""

from django.urls import path

from leaddistrib.ws.consumers import LeadsConsumer

websocket_urlpatterns = [path("ws/leads/", LeadsConsumer.as_asgi())]
