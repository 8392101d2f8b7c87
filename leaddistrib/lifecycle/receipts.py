"""What became of a message: it arrived on a device, it was opened (NO3).

A receipt is stamped once, by the first that comes: on the message, and on what it told of, so that
the times of a rep and a lead do not depend on how they were told.
"""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet, Value
from django.db.models.functions import Coalesce

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
    _first(OutboxMessage.objects.filter(pk=message.pk), at, *names)
    for rows in told_of(message):  # told by now, should the provider's answer still be on its way
        _first(rows, at, "told_at", *names)


def _first(rows: QuerySet[Any], at: datetime, *names: str) -> None:
    rows.update(**{name: Coalesce(name, Value(at)) for name in names})
