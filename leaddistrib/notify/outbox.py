"""Messages to people: written in the commit that causes them, sent afterwards (NO4)."""

import logging
import random
from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction

from leaddistrib import conf
from leaddistrib.models import OutboxMessage
from leaddistrib.notify import email
from leaddistrib.notify.kinds import kind_of

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
"""How long a worker may take over a message before another worker takes it up."""


def deliver(moment: datetime, limit: int = 50) -> int:
    """Send up to ``limit`` messages that are due at ``moment``; returns how many were handled.

    Any number of workers may run this at once. A crash between the send and the mark is the one
    gap in which a message goes out twice. Taken one by one, so that a slow mail server cannot
    outlast the lease of the messages that wait behind it.
    """
    started = monotonic()
    for handled in range(limit):
        now = moment + timedelta(seconds=monotonic() - started)
        message = _lease(moment, until=now + LEASE)
        if message is None:
            return handled
        _deliver(message, now)
    return limit


def _lease(moment: datetime, until: datetime) -> OutboxMessage | None:
    """Take the next due message: the attempt is counted, and due_at moved, before it is sent."""
    with transaction.atomic():
        message = (
            OutboxMessage.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(channel="email", due_at__lte=moment)
            .filter(sent_at=None, dropped_at=None, dead_at=None)
            .select_related("recipient__rep", "lead__owner", "lead__pool")
            .order_by("due_at", "id")
            .first()
        )
        if message is not None:
            message.due_at = until
            message.attempts += 1
            message.save(update_fields=("due_at", "attempts"))
    return message


def _deliver(message: OutboxMessage, moment: datetime) -> None:
    kind = kind_of(message)
    if kind is None:
        return _mark(message, dropped_at=moment, last_error="unknown_kind")
    loaded = kind.load(message)
    objection = _objection(message) or kind.objection(message, loaded)
    if objection:
        return _mark(message, dropped_at=moment, last_error=objection)
    if message.attempts > conf.settings.OUTBOX_MAX_ATTEMPTS:
        # Leased so often and never marked: whoever sends it dies of it.
        return _mark(message, dead_at=moment, last_error="sender_stopped")
    try:
        email.send(message, kind.template, loaded)
    except Exception as error:  # a message that cannot be sent holds up no other, whatever is wrong
        log.exception("Message %s could not be sent", message.pk)
        last = message.attempts >= conf.settings.OUTBOX_MAX_ATTEMPTS
        when = {"dead_at": moment} if last else {"due_at": moment + backoff(message.attempts)}
        return _mark(message, last_error=str(error)[:500], **when)
    return _mark(message, sent_at=moment, last_error="")


def _mark(message: OutboxMessage, **outcome: datetime | str) -> None:
    """Write what came of an attempt, unless its lease ran out and another worker has it now."""
    OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts).update(**outcome)


def _objection(message: OutboxMessage) -> str:
    """Why nothing at all goes to the recipient, by its code; "" when it may."""
    if not message.recipient.is_active:
        return "account_closed"
    if not email.address(message.recipient):
        return "no_address"
    return ""


def backoff(attempts: int) -> timedelta:
    """How long to wait after ``attempts`` failures: doubling from 30 s to an hour, with jitter so
    that messages which failed together do not come back together."""
    seconds = min(3600, 15 * 2**attempts)
    return timedelta(seconds=seconds * random.uniform(0.75, 1.25))
