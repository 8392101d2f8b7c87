"""What a message told its reader of: the rows that keep the times of a rep and a lead (NO3)."""

from datetime import datetime

from django.db.models import Model, QuerySet

from leaddistrib.models import Assignment, Offer, OutboxMessage
from leaddistrib.notify.kinds import ids_of, name_of


def told_of(message: OutboxMessage) -> list[QuerySet[Model]]:
    """The recipient's open offers and open assignment of the message's lead: one of them at most
    has a row. What is over keeps the times that it had."""
    if message.recipient_id is None or message.lead_id is None:
        return []
    whose = {"lead": message.lead_id, "rep__user": message.recipient_id}
    return [
        Offer.objects.filter(**whose, opened_at__isnull=False, closed_at=None),
        Assignment.objects.filter(**whose, ended_at=None),
    ]


def stamp_told(message: OutboxMessage, moment: datetime) -> None:
    """A provider took a message about a lead that its reader was given, or is offered. The first
    one counts, unless the lead was on their screen before."""
    kind = name_of(message.event)
    if kind == "lead.assigned":
        given = Assignment.objects.filter(decision=ids_of(message)[0], told_at=None)
        given.update(told_at=moment)
    elif kind == "lead.offered" and message.recipient_id is not None:
        lead, period = ids_of(message)
        offered = Offer.objects.filter(lead=lead, period=period, rep__user=message.recipient_id)
        offered.filter(told_at=None, closed_at=None).update(told_at=moment)


def was_seen(message: OutboxMessage) -> bool:
    """Whether the recipient saw another message of the same event, or the lead itself for the first
    time since this one was written: a reminder is for those who saw it before."""
    same = OutboxMessage.objects.filter(event=message.event, recipient=message.recipient_id)
    if same.filter(seen_at__isnull=False).exists():
        return True
    since = message.created_at
    return any(rows.filter(seen_at__gte=since).exists() for rows in told_of(message))
