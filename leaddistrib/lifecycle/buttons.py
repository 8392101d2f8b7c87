"""A lead is claimed by the button in a room of Slack, and an account there is tied to one here by
another (NO1).

The same claim as by the page. A press is answered by a message of its own, for the eyes of who
pressed alone; the room's post changes as soon as the lead is anybody's.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.signing import is_timely
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Channel, Claim, Lead, NotificationSettings, Rep, TeamChat
from leaddistrib.notify.gateways import gateway, secrets_of
from leaddistrib.notify.slack.calling import SIGNING
from leaddistrib.notify.telling import FROM_SLACK, tell_chat
from leaddistrib.policy import View, policy
from leaddistrib.queries import clock
from leaddistrib.queries.sight import sight
from leaddistrib.queries.visibility import view_by

VERSION = "v0"


@dataclass(frozen=True, slots=True)
class Press:
    """Who (a member of Slack) pressed a button, in which room: that of a lead as it was opened in
    which period, or, without a lead, the one that ties accounts. ``click`` tells one press from the
    next."""

    room: str
    member: str
    click: str
    lead: UUID | None = None
    period: int = 0


def is_from_slack(timestamp: str, signature: str, body: bytes, moment: datetime) -> bool:
    """Whether Slack signed ``body`` with our secret, within 300 seconds of ``moment``; False while
    Slack is not set up. Compared in constant time."""
    one = gateway(Channel.SLACK)
    secret = secrets_of(one).get(SIGNING, "") if one else ""
    expected = sign(secret, timestamp, body)
    same = hmac.compare_digest(expected.encode(), signature.encode())
    return same and bool(secret) and is_timely(timestamp, moment)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature that Slack sends with ``body``."""
    signed = f"{VERSION}:{timestamp}:".encode() + body
    return f"{VERSION}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def press(pressed: Press) -> None:
    """Claim the lead for the rep who is the member, and answer them.

    Who is unknown is sent a link to tie their account to the one here; who is known and no rep, or
    not active, is told so, and so is whoever presses in a room that is not in use any more. Who has
    nothing to do with the lead learns nothing of it. A press of a period that is over claims
    nothing: the same press again, by whoever overheard it, gains nothing after the lead was given
    back.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    chats = TeamChat.objects.filter(channel=Channel.SLACK, room=pressed.room)
    chat = chats.order_by("-active", "pk").first()
    if chat is None:
        return None
    if not chat.active:
        return _say(chat, "room_closed", pressed)
    user = _tied(pressed.member)
    if user is None:
        return _say(chat, "stranger" if pressed.lead else "tie", pressed)
    if pressed.lead is None:
        return _say(chat, "tied", pressed)
    rep = policy().rep(user)
    if rep is None:
        return _say(chat, "not_a_rep", pressed)
    lead = _visible(pressed.lead, pressed.period, rep)
    if lead is None:
        return _say(chat, "not_open", pressed)
    claim(lead, rep, via=FROM_SLACK)
    attempt = Claim.objects.filter(lead=lead, rep=rep).order_by("-pk").first()
    if attempt is not None:
        _tell(chat, f"claim.answered:{attempt.pk}", lead)
    return None


def _tied(member: str) -> Any:
    """The user who tied this account of Slack to theirs; None if nobody did."""
    known = NotificationSettings.objects.select_related("user").filter(slack_member=member)
    tied = known.exclude(slack_member="").first()
    return tied and tied.user


def _visible(public_id: UUID, period: int, rep: Rep) -> Lead | None:
    """The lead, if it exists for the rep and is still in ``period``."""
    leads = Lead.objects.select_related("pool", "owner__user")
    lead = leads.filter(public_id=public_id, period=period).first()
    if lead is None or view_by(lead, sight(rep.user)) is View.NOTHING:
        return None
    return lead


def _say(chat: TeamChat, code: str, pressed: Press) -> None:
    _tell(chat, f"slack.said:{code}:{pressed.member}:{pressed.click}", None)


@act(durable=False)
def _tell(chat: TeamChat, event: str, lead: Lead | None) -> None:
    tell_chat(chat, event, clock.now(), lead=lead)
