"""Slack: leads in the rooms of teams, with a button to claim them, and who presses it is answered;
what is late there, too; and direct messages to users who tied their account there to the one here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from leaddistrib.models import OutboxMessage
from leaddistrib.notify.channels import Receipt
from leaddistrib.notify.errors import NoDevice
from leaddistrib.notify.kinds import Kind, Loaded
from leaddistrib.notify.links import absolute, slack_link_token
from leaddistrib.notify.slack.blocks import escaped, introduction, note, offer, sentence
from leaddistrib.notify.slack.calling import Slack
from leaddistrib.notify.texts import context, lines, read_by, render

Call = tuple[str, dict[str, Any]]
"""A method of Slack's API, and arguments of its own."""


@dataclass(frozen=True, slots=True)
class Post:
    """One call to Slack."""

    slack: Slack
    method: str
    arguments: Mapping[str, Any]

    def send(self) -> Receipt:
        told = self.slack.call(self.method, self.arguments)
        return Receipt(str(told.get("ts") or told.get("message_ts") or ""))


def prepare(message: OutboxMessage, kind: Kind, loaded: Loaded) -> Post:
    """The message for the room of its chat, or for one member's eyes there, where it answers them;
    a direct message to its recipient.

    Raises:
        NotSetUp: there is no provider, or no token for it.
        NoDevice: it belongs to no room, and its recipient is nobody there.
    """
    channel = _channel(message)
    slack = Slack.connected()
    with read_by(message):
        shown = {**context(message, loaded), **_tie(loaded)}
        shown["text"] = "\n".join(lines(render("slack", kind.template, shown)))
        # Neither our links nor others are unfurled: what they show is for who follows them.
        common = {
            "channel": channel,
            "text": escaped(shown["text"]),
            "unfurl_links": False,
        }
        way = WAYS.get(kind.template, _noted)
        method, more = way(message, loaded, shown)
        return Post(slack, method, {**common, **more})


def settle(message: OutboxMessage, receipt: Receipt) -> None:
    """Nothing is learned of a room."""


def _channel(message: OutboxMessage) -> str:
    """Where it is posted: a room, or the id of the member who is written to."""
    if message.recipient is None:
        if message.chat is None or not message.chat.room:
            raise NoDevice("no_room")
        return message.chat.room
    wants = getattr(message.recipient, "notification_settings", None)
    if wants is None or not wants.slack_member:
        raise NoDevice("no_member")
    return str(wants.slack_member)


def _tested(message: OutboxMessage, loaded: Loaded, shown: Mapping[str, Any]) -> Call:
    """A room that is tried out is where its members make themselves known."""
    blocks = introduction(shown["text"]) if message.chat else sentence(shown["text"])
    return "chat.postMessage", {"blocks": blocks}


def _noted(message: OutboxMessage, loaded: Loaded, shown: Mapping[str, Any]) -> Call:
    return "chat.postMessage", {"blocks": note(shown["text"], shown["url"])}


def _offered(message: OutboxMessage, loaded: Loaded, shown: Mapping[str, Any]) -> Call:
    return "chat.postMessage", {"blocks": offer(message, shown)}


def _taken(message: OutboxMessage, loaded: Loaded, shown: Mapping[str, Any]) -> Call:
    """The post that said that it was open: its button goes."""
    return "chat.update", {"ts": loaded["post"].reference, "blocks": sentence(shown["text"])}


def _for_one(message: OutboxMessage, loaded: Loaded, shown: Mapping[str, Any]) -> Call:
    """Seen by one member of the room alone."""
    member = loaded.get("member") or _member(loaded["claim"])
    if not member:
        raise NoDevice("no_member")
    return "chat.postEphemeral", {"user": member}


WAYS: Mapping[str, Callable[[OutboxMessage, Loaded, Mapping[str, Any]], Call]] = {
    "test": _tested,
    "offered": _offered,
    "taken": _taken,
    "answered": _for_one,
    "said": _for_one,
}


def _member(claim: Any) -> str:
    wants = getattr(claim.rep.user, "notification_settings", None) if claim else None
    return wants.slack_member if wants else ""


def _tie(loaded: Loaded) -> dict[str, str]:
    """Where whoever pressed a button ties their account of Slack to the one here."""
    member = loaded.get("member")
    if not member:
        return {}
    return {"tie": absolute(reverse("leaddistrib:slack-link", args=[slack_link_token(member)]))}
