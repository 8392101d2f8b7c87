"""Messages to people: written in the commit that causes them, sent afterwards (NO4)."""

import random
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from leaddistrib import conf
from leaddistrib.models import Decision, Lead, OutboxMessage
from leaddistrib.notify import email

LEASE = timedelta(minutes=2)
"""How long a worker may take over a message before another worker takes it up."""


def tell_owners(pushed: Iterable[Decision], moment: datetime) -> None:
    """Write a message to each rep who was pushed a lead. Must run in the same transaction."""
    OutboxMessage.objects.bulk_create(
        OutboxMessage(
            event=f"lead.assigned:{decision.pk}",
            recipient_id=decision.owner_id,
            channel=OutboxMessage.Channel.EMAIL,
            lead=decision.lead,
            created_at=moment,
            due_at=moment,
        )
        for decision in pushed
        if decision.owner_id
    )


def deliver(moment: datetime, limit: int = 50) -> int:
    """Send up to ``limit`` messages that are due at ``moment``; returns how many were handled.

    Any number of workers may run this at once. A crash between the send and the mark is the one
    gap in which a message goes out twice.
    """
    messages = _lease(moment, limit)
    for message in messages:
        _deliver(message, moment)
    return len(messages)


def _lease(moment: datetime, limit: int) -> list[OutboxMessage]:
    """Take due messages: the attempt is counted, and due_at moved, before anything is sent."""
    with transaction.atomic():
        due = (
            OutboxMessage.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=moment, sent_at__isnull=True, dropped_at__isnull=True, dead_at=None)
            .select_related("recipient__user", "lead__owner")
            .order_by("due_at", "id")[:limit]
        )
        messages = list(due)
        OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
            due_at=moment + LEASE, attempts=F("attempts") + 1
        )
    for message in messages:
        message.attempts += 1
    return messages


def _deliver(message: OutboxMessage, moment: datetime) -> None:
    objection = _objection(message)
    if objection:
        message.dropped_at, message.last_error = moment, objection
    else:
        try:
            email.send(message)
        except (OSError, email.SMTPError) as error:
            message.last_error = str(error)[:500]
            if message.attempts >= conf.settings.OUTBOX_MAX_ATTEMPTS:
                message.dead_at = moment
            else:
                message.due_at = moment + backoff(message.attempts)
        else:
            message.sent_at = moment
    message.save(update_fields=("dropped_at", "last_error", "dead_at", "due_at", "sent_at"))


def _objection(message: OutboxMessage) -> str:
    """Why the message must not go out any more; "" when it is still true (NO4)."""
    lead = message.lead
    if lead is None or lead.status != Lead.Status.OWNED or lead.owner_id != message.recipient_id:
        return "The lead is no longer the recipient's."
    if not message.recipient.user.is_active:
        return "The recipient's account is closed."
    if not email.address(message.recipient):
        return "The recipient has no e-mail address."
    return ""


def backoff(attempts: int) -> timedelta:
    """How long to wait after ``attempts`` failures: doubling from 30 s to an hour, with jitter so
    that messages which failed together do not come back together."""
    seconds = min(3600, 15 * 2**attempts)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))
