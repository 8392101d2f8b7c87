"""Text messages, by any provider that takes a POST of JSON.

``{"to", "from", "text", "status_callback"}`` with a bearer token, to the provider's address; its
answer may hold an ``id``. docs/channels.md shows what a provider's own API needs to speak it.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from leaddistrib import conf
from leaddistrib.fetching import Answer
from leaddistrib.models import Channel, OutboxMessage
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import NoDevice
from leaddistrib.notify.gateways import set_up
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.links import absolute, receipt_token
from leaddistrib.notify.posting import accepted, post
from leaddistrib.notify.texts import context, read_by, render

TOKEN = "token"  # noqa: S105 - the name of the secret, not the secret


@dataclass(frozen=True, slots=True)
class Text:
    """One text message, ready for the provider."""

    address: str
    token: str
    document: dict[str, str]

    def send(self) -> Receipt:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self.token}",
            # A provider that knows it already sends it once, however often we hand it over.
            "Idempotency-Key": self.document["reference"],
        }
        body = json.dumps(self.document).encode()
        answer = accepted(post(self.address, body, headers, hosts=conf.settings.SMS_HOSTS))
        return Receipt(_id(answer))


def prepare(message: OutboxMessage, kind: Kind, loaded: Loaded) -> Text:
    """The message to the mobile phone of its recipient.

    Raises:
        NoDevice: no number is known.
        NotSetUp: there is no provider, or no token for it.
    """
    gateway, secrets = set_up(Channel.SMS, TOKEN)
    wants = getattr(message.recipient, "notification_settings", None)
    if wants is None or not wants.phone:
        raise NoDevice("no_phone")
    with read_by(message):
        text = render("sms", kind.template, context(message, loaded))
    callback = reverse("leaddistrib:sms-status", args=[receipt_token(message)])
    return Text(
        gateway.address,
        secrets[TOKEN],
        {
            "to": wants.phone,
            "from": gateway.sender,
            "text": " ".join(text.split()),
            "status_callback": absolute(callback),
            "reference": f"leaddistrib-{message.pk}-{message.created_at:%Y%m%d%H%M%S}",
        },
    )


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Whether it arrived is told to ``status_callback``."""


def _id(answer: Answer) -> str:
    """What the provider calls the message; "" where it says nothing that can be read."""
    try:
        told: Any = json.loads(answer.body)
    except ValueError:
        return ""
    return str(told.get("id", ""))[:200] if isinstance(told, dict) else ""
