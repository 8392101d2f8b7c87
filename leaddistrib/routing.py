"""Addresses of the socket, for the host's ASGI application."""

from django.urls import path

from leaddistrib.ws.consumers import leads_consumer

websocket_urlpatterns = [path("ws/leads/", leads_consumer)]
