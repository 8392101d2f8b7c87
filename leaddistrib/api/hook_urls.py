"""Addresses that others send to, under ``/leads/hooks/``: sources their signed leads, Slack the
presses of buttons, SMS providers what became of a text."""

from django.urls import path

from leaddistrib.api.hooks import Hook
from leaddistrib.api.slack import NAME, SlackPressed
from leaddistrib.api.sms import SmsStatus

# Whatever else is asked for is answered by the door, so that nobody learns which sources there are.
urlpatterns = [
    path(f"{NAME}/", SlackPressed.as_view(), name="slack-pressed"),
    path("sms/<str:token>/", SmsStatus.as_view(), name="sms-status"),
    path("<path:slug>/", Hook.as_view(), name="hook"),
]
