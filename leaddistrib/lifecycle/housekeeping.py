"""What is no longer needed goes (OP2): answered keys, sent messages, expired sessions."""

from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings as django_settings

from leaddistrib import conf
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import IdempotencyKey, OutboxMessage

KEEP_MESSAGES = timedelta(days=30)
"""How long a message that was sent, or is no longer true, can still be looked at. Dead letters
stay until somebody has dealt with them."""


@act(durable=False)
def forget_keys(moment: datetime) -> int:
    """Delete Idempotency-Keys older than IDEMPOTENCY_DAYS (IN2); returns how many."""
    oldest = moment - timedelta(days=conf.settings.IDEMPOTENCY_DAYS)
    return IdempotencyKey.objects.filter(created_at__lt=oldest).delete()[0]


@act(durable=False)
def forget_messages(moment: datetime) -> int:
    """Delete messages done with 30 days before ``moment``; returns how many."""
    oldest = moment - KEEP_MESSAGES
    done = OutboxMessage.objects.filter(sent_at__lt=oldest)
    return (done | OutboxMessage.objects.filter(dropped_at__lt=oldest)).delete()[0]


def forget_sessions() -> None:
    """Delete expired sessions, wherever the host keeps them."""
    import_module(django_settings.SESSION_ENGINE).SessionStore.clear_expired()
