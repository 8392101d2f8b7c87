"""Microsoft Teams: leads in the rooms of teams, and what is late there, as Adaptive Cards to a
room's workflow address.

A workflow answers that it took a card and nothing of the post, so that no post can be changed:
that a lead was taken is a card of its own.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leaddistrib import conf
from leaddistrib.errors import SealBroken
from leaddistrib.models import OutboxMessage
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import NoDevice, NotSetUp
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.posting import accepted, post
from leaddistrib.notify.teams.cards import card, note, offer
from leaddistrib.notify.texts import context, lines, read_by, render
from leaddistrib.sealing import unseal

POSTED = "posted"
LINKED = {"lapsed", "escalated", "alert"}
"""What there is more to see of than its card says."""


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
        text = lines(render("teams", kind.template, shown))
        document = _document(kind.template, text, shown)
    return Card(address, document)


def _document(template: str, text: list[str], shown: Mapping[str, Any]) -> dict[str, Any]:
    if template == "offered":
        return offer(" ".join(text), shown)
    return note(text, shown["url"]) if template in LINKED else card(" ".join(text))


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Nothing is learned of a room."""
