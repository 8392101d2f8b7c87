"""What became of a message: it arrived on a device, it was opened (NO3).

A receipt is stamped once, by the first that comes: on the message, and on what it told of, so that
the times of a rep and a lead do not depend on how they were told.
"""

from datetime import datetime

from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import OutboxMessage
from leaddistrib.notify.told import told_of


@act(durable=False)
def delivered(message_id: int, at: datetime) -> None:
    """The message arrived on a device of its recipient at ``at``. Harmless when repeated, and for
    a message that is no more.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    _stamp(message_id, at, "delivered_at")


@act(durable=False)
def seen(message_id: int, at: datetime) -> None:
    """The recipient opened the message at ``at``, so it had arrived. As ``delivered``; no SMS
    follows any more."""
    _stamp(message_id, at, "delivered_at", "seen_at")


def _stamp(message_id: int, at: datetime, *names: str) -> None:
    message = OutboxMessage.objects.filter(pk=message_id).first()
    if message is None:
        return
    for rows in (OutboxMessage.objects.filter(pk=message.pk), *told_of(message)):
        for name in names:
            rows.filter(**{f"{name}__isnull": True}).update(**{name: at})
