"""What messages there are: the one table of kinds.

A message keeps ids only. Its ``event`` is ``kind:id``, and what its text shows is loaded when it is
sent, so a queue holds no personal data and a message is never older than what it says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from leaddistrib.models import Alert, Lead, OutboxMessage, RuleSet

Loaded = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """``template`` names its texts in each channel's folder (``email/<template>.txt`` …). ``load``
    gives what they show. ``objection`` asks, before each send, whether the message is still true,
    and answers why not, as a code that the admin site puts into words, "" if it is (NO4)."""

    template: str
    load: Callable[[OutboxMessage], Loaded]
    objection: Callable[[OutboxMessage, Loaded], str]


def kind_of(message: OutboxMessage) -> Kind | None:
    """The message's kind; None when this version knows of none (any more)."""
    return KINDS.get(message.event.partition(":")[0])


def _id(message: OutboxMessage) -> str:
    """What the event names after its kind."""
    return message.event.split(":")[1]


def _lead(message: OutboxMessage) -> Loaded:
    return {"lead": message.lead}


def _not_the_owner(message: OutboxMessage, loaded: Loaded) -> str:
    lead = message.lead
    owner = lead.owner if lead and lead.status == Lead.Status.OWNED else None
    if owner is None or owner.user_id != message.recipient_id:
        return "not_theirs"
    return ""


def _alert(message: OutboxMessage) -> Loaded:
    alerts = Alert.objects.select_related("rule", "pool")
    return {"alert": alerts.filter(pk=_id(message)).first()}


def _alert_over(message: OutboxMessage, loaded: Loaded) -> str:
    alert = loaded["alert"]
    return "alert_over" if alert is None or alert.closed_at else ""


def _published(message: OutboxMessage) -> Loaded:
    return {"ruleset": RuleSet.objects.filter(status=RuleSet.Status.PUBLISHED).first()}


def _no_rules(message: OutboxMessage, loaded: Loaded) -> str:
    """Which rules are due is seen on the page: others may be when the message is read."""
    return "" if loaded["ruleset"] else "no_rules"


KINDS: Mapping[str, Kind] = {
    "lead.assigned": Kind("assigned", _lead, _not_the_owner),  # lead.assigned:<decision>
    "alert.opened": Kind("alert", _alert, _alert_over),  # alert.opened:<alert>
    "rules.review": Kind("review", _published, _no_rules),  # rules.review:<day>
}
