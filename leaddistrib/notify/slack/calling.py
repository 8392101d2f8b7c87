"""Slack's Web API, as far as it is needed: a method, its arguments, and what its errors mean.

Through ``posting``, as everything that goes out: Slack's own client follows redirects and looks
its names up itself.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaddistrib import conf
from leaddistrib.models import Channel
from leaddistrib.notify.errors import Later, NoDevice, NotSent, NotSetUp, Refused
from leaddistrib.notify.gateways import set_up
from leaddistrib.notify.posting import accepted, post

API = "https://slack.com/api/"
TOKEN = "token"  # noqa: S105 - the name of the secret, not the secret
SIGNING = "signing_secret"

NOT_SET_UP = {
    "access_denied",
    "account_inactive",
    "invalid_auth",
    "missing_scope",
    "no_permission",
    "not_authed",
    "org_login_required",
    "token_expired",
    "token_revoked",
}
FOR_NOW = {
    "fatal_error",
    "internal_error",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
NOBODY_THERE = {"message_not_found", "user_not_in_channel", "messages_tab_disabled"}


@dataclass(frozen=True, slots=True)
class Slack:
    """The workspace that the site's provider belongs to."""

    address: str
    token: str

    @classmethod
    def connected(cls) -> "Slack":
        """As it is set up. Raises NotSetUp."""
        gateway, secrets = set_up(Channel.SLACK, TOKEN)
        return cls(gateway.address or API, secrets[TOKEN])

    def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """What Slack answers to ``method``.

        Raises:
            NotSent: or any of its kinds, by Slack's name for the error.
        """
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Authorization": f"Bearer {self.token}",
        }
        body = json.dumps(dict(arguments)).encode()
        url = f"{self.address.rstrip('/')}/{method}"
        answer = accepted(post(url, body, headers, hosts=conf.settings.SLACK_HOSTS))
        try:
            told: Any = json.loads(answer.body)
        except ValueError:
            raise Later("not_understood") from None
        if not isinstance(told, dict):
            raise Later("not_understood")
        if not told.get("ok"):
            raise meant(str(told.get("error", "")))
        return told


def meant(error: str) -> NotSent:
    """What Slack's error says of the message."""
    for kind, errors in ((NotSetUp, NOT_SET_UP), (Later, FOR_NOW), (NoDevice, NOBODY_THERE)):
        if error in errors:
            return kind("slack", error)
    return Refused("slack", error[:60])
