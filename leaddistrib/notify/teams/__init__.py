"""Microsoft Teams: leads in the rooms of teams, as Adaptive Cards to a room's workflow address.

A workflow answers that it took a card and nothing of the post, so that no post can be changed:
that a lead was taken is a card of its own.
"""

import json
from dataclasses import dataclass
from typing import Any

from leaddistrib import conf
from leaddistrib.errors import SealBroken
from leaddistrib.models import OutboxMessage
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import NoDevice, NotSetUp
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.posting import accepted, post
from leaddistrib.notify.teams.cards import card, offer
from leaddistrib.notify.texts import context, read_by, render
from leaddistrib.sealing import unseal

POSTED = "posted"


@dataclass(frozen=True, slots=True)
class Card:
    """One card for one room."""

    address: str
    document: dict[str, Any]

    def send(self) -> Receipt:
        body = json.dumps(self.document).encode()
        headers = {"Content-Type": "application/json"}
        accepted(post(self.address, body, headers, hosts=conf.settings.TEAMS_HOSTS))
        return Receipt(POSTED)


def prepare(message: OutboxMessage, kind: Kind, loaded: Loaded) -> Card:
    """The message for the room of its chat.

    Raises:
        NoDevice: it belongs to no room.
        NotSetUp: the room's address was sealed with a former SECRET_KEY.
    """
    if message.chat is None or not message.chat.secret:
        raise NoDevice("no_room")
    try:
        address = unseal(message.chat.secret)
    except SealBroken:
        raise NotSetUp("no_credentials") from None
    with read_by(message):
        shown = context(message, loaded)
        text = render("teams", kind.template, shown)
        document = offer(text, shown) if kind.template == "offered" else card(text)
    return Card(address, document)


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Nothing is learned of a room."""
