"""What messages there are: the one table of kinds.

A message keeps ids only. Its ``event`` is ``kind:id…``, and what its text shows is loaded when it
is sent, so a queue holds no personal data and a message is never older than what it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leaddistrib.models import (
    Alert,
    Assignment,
    Channel,
    Claim,
    Decision,
    Lead,
    Offer,
    OutboxMessage,
    ResponseClock,
    RuleSet,
    Satisfaction,
)
from leaddistrib.models.going_on import passed_on
from leaddistrib.notify.errors import NotYet
from leaddistrib.policy import handed_out

Loaded = Mapping[str, Any]
"""What a message's text shows, by name."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``template`` names its texts in each channel's folder (``email/<template>.txt`` …). ``load``
    gives what they show. ``objection`` asks, before each send, whether the message is still true,
    and answers why not, as a code that the admin site puts into words, "" if it is (NO4); it
    raises ``NotYet`` where that is yet to be seen.

    ``channels`` are its ways to people, who choose among them; ``urgent`` ones give way to an SMS
    when the push notification fails or is not seen in time (NO1). ``otherwise`` is the way to whom
    none of these reaches. ``chats``: it goes to the chats of teams.
    """

    template: str
    channels: tuple[Channel, ...]
    load: Callable[[OutboxMessage], Loaded]
    objection: Callable[[OutboxMessage, Loaded], str]
    urgent: bool = False
    otherwise: Channel | None = None
    chats: bool = False


def kind_of(message: OutboxMessage) -> Kind | None:
    """The message's kind; None when this version knows of none (any more)."""
    return KINDS.get(name_of(message.event))


def name_of(event: str) -> str:
    """The name of an event's kind."""
    return event.partition(":")[0]


def ids_of(message: OutboxMessage) -> list[int]:
    """What the event names after its kind."""
    return [int(one) for one in message.event.split(":")[1:]]


def _assigned(message: OutboxMessage) -> Loaded:
    """The lead, and until when it wants an answer."""
    clock = ResponseClock.objects.filter(
        lead=message.lead, answered_at=None, stopped_at=None, lapsed_at=None
    )
    return {"lead": message.lead, "due_at": clock.values_list("due_at", flat=True).first()}


def _not_the_owner(message: OutboxMessage, loaded: Loaded) -> str:
    lead = message.lead
    owner = lead.owner if lead and lead.status == Lead.Status.OWNED else None
    if owner is None or owner.user_id != message.recipient_id:
        return "not_theirs"
    return ""


def _offered(message: OutboxMessage) -> Loaded:
    """The lead, its pool, and until when it may be claimed, where that is known."""
    lead = message.lead
    closes_at = passed_on([lead]).get(lead.pk) if lead else None
    return {"lead": lead, "pool": lead and lead.pool, "closes_at": closes_at}


def _not_open(message: OutboxMessage, loaded: Loaded) -> str:
    """It is offered as long as it waits in the same period, to a rep by an offer that is open. No
    chat hears of what a button hands out: its pool may have been changed since."""
    lead, (_pk, period) = message.lead, ids_of(message)
    if lead is None or lead.status != Lead.Status.WAITING or lead.period != period:
        return "not_open"
    if message.recipient_id is None:
        return "not_open" if handed_out(lead) else ""
    offers = Offer.objects.filter(
        lead=lead, period=period, rep__user=message.recipient_id, closed_at=None
    )
    return "" if offers.exists() else "not_open"


def _taken(message: OutboxMessage) -> Loaded:
    """The lead, who took it (None where it left its pool otherwise), and the post that told the
    same chat that it was open."""
    lead_id, period = ids_of(message)
    post = OutboxMessage.objects.filter(
        chat=message.chat, event=f"lead.offered:{lead_id}:{period}"
    ).first()
    won = Claim.objects.filter(lead=lead_id, period=period, result=Claim.Result.WON)
    claim = won.select_related("rep__user").first()
    return {"lead": message.lead, "rep": claim and claim.rep, "post": post}


def _never_posted(message: OutboxMessage, loaded: Loaded) -> str:
    """A post that may just be on its way is waited for: it would say for ever that the lead is
    open. One that failed is dropped when it is tried again, and this one with it."""
    post = loaded["post"]
    if post is None or post.dropped_at or post.dead_at or (post.sent_at and not post.reference):
        return "never_posted"
    if post.sent_at is None:
        raise NotYet("post_first", until=post.due_at if post.last_error else None)
    return ""


def _clock(message: OutboxMessage) -> Loaded:
    clocks = ResponseClock.objects.select_related("rep__user", "policy")
    clock = clocks.filter(pk=ids_of(message)[0]).first()
    return {"lead": message.lead, "clock": clock, "due_at": clock and clock.due_at}


def _answered(message: OutboxMessage, loaded: Loaded) -> str:
    clock = loaded["clock"]
    return "" if clock and clock.runs else "already_answered"


def _escalated(message: OutboxMessage) -> Loaded:
    """The lead, where it went (the decision), and who had it and did not answer."""
    decisions = Decision.objects.select_related("owner__user", "pool")
    lapsed = Assignment.objects.filter(lead=message.lead, end=Assignment.Ended.LAPSED)
    last = lapsed.select_related("rep__user").order_by("-ended_at", "-id").first()
    return {
        "lead": message.lead,
        "decision": decisions.filter(pk=ids_of(message)[0]).first(),
        "before": last and last.rep,
    }


def _claim(message: OutboxMessage) -> Loaded:
    claims = Claim.objects.select_related("lead__owner__user", "lead__pool", "rep__user")
    return {"lead": message.lead, "claim": claims.filter(pk=ids_of(message)[0]).first()}


def _decided(message: OutboxMessage, loaded: Loaded) -> str:
    """The answer to a claim that was collected was not sent until it was decided: who claimed is
    told that by a message of its own."""
    decided = OutboxMessage.objects.filter(
        event=message.event.replace("claim.answered", "claim.decided"), chat=message.chat
    )
    return "already_decided" if decided.exists() else ""


def _satisfaction(message: OutboxMessage) -> Loaded:
    asked = Satisfaction.objects.select_related("lead", "rep__user")
    return {"lead": message.lead, "satisfaction": asked.filter(pk=ids_of(message)[0]).first()}


def _already_said(message: OutboxMessage, loaded: Loaded) -> str:
    asked = loaded["satisfaction"]
    return "already_answered" if asked is None or asked.by_customer else ""


def _alert(message: OutboxMessage) -> Loaded:
    alerts = Alert.objects.select_related("rule", "pool")
    return {"alert": alerts.filter(pk=ids_of(message)[0]).first()}


def _alert_over(message: OutboxMessage, loaded: Loaded) -> str:
    alert = loaded["alert"]
    return "alert_over" if alert is None or alert.closed_at else ""


def _published(message: OutboxMessage) -> Loaded:
    return {"ruleset": RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()}


def _no_rules(message: OutboxMessage, loaded: Loaded) -> str:
    """Which rules are due is seen on the page: others may be when the message is read."""
    return "" if loaded["ruleset"] else "no_rules"


def _said(message: OutboxMessage) -> Loaded:
    """What a member of Slack who pressed a button is told: a code, and who they are there."""
    _kind, code, member, _click = message.event.split(":")
    return {"code": code, "member": member}


def _nothing(message: OutboxMessage) -> Loaded:
    return {}


def _always(message: OutboxMessage, loaded: Loaded) -> str:
    return ""


PUSH, EMAIL, SMS, SLACK = Channel.PUSH, Channel.EMAIL, Channel.SMS, Channel.SLACK

KINDS: Mapping[str, Kind] = {
    # lead.assigned:<decision>
    "lead.assigned": Kind("assigned", (PUSH, EMAIL, SLACK), _assigned, _not_the_owner, urgent=True),
    # lead.offered:<lead>:<period>
    "lead.offered": Kind(
        "offered", (PUSH,), _offered, _not_open, urgent=True, otherwise=EMAIL, chats=True
    ),
    # lead.taken:<lead>:<period> changes what a chat was told
    "lead.taken": Kind("taken", (), _taken, _never_posted, chats=True),
    # response.reminder:<clock>
    "response.reminder": Kind(
        "reminder", (PUSH, SLACK), _clock, _answered, urgent=True, otherwise=EMAIL
    ),
    # response.lapsed:<clock>, to its rep and the managers, while the lead is still that rep's
    "response.lapsed": Kind(
        "lapsed", (PUSH, EMAIL, SLACK), _clock, _answered, urgent=True, chats=True
    ),
    # lead.handed_on:<clock>, to who lost it
    "lead.handed_on": Kind("handed_on", (PUSH, EMAIL, SLACK), _clock, _always),
    # lead.escalated:<decision>
    "lead.escalated": Kind("escalated", (PUSH, EMAIL, SLACK), _escalated, _always, chats=True),
    # claim.answered:<claim>, to whoever pressed a button in Slack
    "claim.answered": Kind("answered", (SLACK,), _claim, _decided),
    # claim.decided:<claim>, to the same, where the claim was collected first
    "claim.decided": Kind("answered", (SLACK,), _claim, _always),
    # slack.said:<code>:<member>:<click>, to one who pressed a button and has nothing to claim
    "slack.said": Kind("said", (SLACK,), _said, _always),
    # channel.test:<moment>, to see whether a channel works: in a chat, or by every way to a user
    "channel.test": Kind("test", (PUSH, EMAIL, SMS, SLACK), _nothing, _always, chats=True),
    # satisfaction.asked:<satisfaction>, to the contact of its lead
    "satisfaction.asked": Kind("satisfaction", (EMAIL,), _satisfaction, _already_said),
    # alert.opened:<alert>
    "alert.opened": Kind("alert", (PUSH, EMAIL, SLACK), _alert, _alert_over, chats=True),
    # rules.review:<day>
    "rules.review": Kind("review", (EMAIL,), _published, _no_rules),
}
