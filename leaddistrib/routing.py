"""Addresses of the socket, for the host's ASGI application."""

from django.urls import path

from leaddistrib.ws.consumers import leads_consumer

# Channels' URLRouter takes any ASGI application where Django's expects a view.
websocket_urlpatterns = [path("ws/leads/", leads_consumer)]  # type: ignore[arg-type]
