"""Addresses that sources send signed leads to: ``/leads/hooks/<slug>/``."""

from django.urls import path

from leaddistrib.api.hooks import Hook

# Whatever is asked for here is answered by the door, so that nobody learns which sources there are.
urlpatterns = [path("<path:slug>/", Hook.as_view(), name="hook")]
