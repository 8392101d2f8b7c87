"""A message that reaches nobody gives way to one by another channel (NO1)."""

from datetime import datetime

from leaddistrib.models import Channel, OutboxMessage
from leaddistrib.notify.kinds import kind_of


def give_way(message: OutboxMessage, moment: datetime) -> None:
    """``message``, marked already, was given up or had nothing to be sent to.

    The SMS that waits for a push notification goes at once. Where nothing else of the event reached
    the recipient, or may yet, it goes by the way that its kind keeps for that.
    """
    kind = kind_of(message)
    if kind is None or message.recipient_id is None:
        return
    others = OutboxMessage.objects.filter(
        event=message.event, recipient=message.recipient_id, dropped_at=None, dead_at=None
    ).exclude(pk=message.pk)
    if message.channel == Channel.PUSH:
        waiting = others.filter(channel=Channel.SMS, sent_at=None, attempts=0)
        waiting.filter(due_at__gt=moment).update(due_at=moment)
    if kind.otherwise and message.channel != kind.otherwise and not others.exists():
        instead = OutboxMessage(
            event=message.event,
            recipient_id=message.recipient_id,
            channel=kind.otherwise,
            lead_id=message.lead_id,
            created_at=moment,
            due_at=moment,
        )
        # Whoever does not want it, or was told so before, is not told: that is seen when it is due.
        OutboxMessage.objects.bulk_create([instead], ignore_conflicts=True)
