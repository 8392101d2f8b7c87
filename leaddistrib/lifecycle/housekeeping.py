"""What is no longer needed goes (OP2): answered keys, sent messages, expired sessions,
the leads behind old dry runs."""

from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings as django_settings

from leaddistrib import conf
from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import DryRun, IdempotencyKey, OutboxMessage
from leaddistrib.queries.dryruns import LEADS_BEHIND

KEEP_MESSAGES = timedelta(days=30)
"""How long a message that was sent, or is no longer true, can still be looked at. Dead letters
stay until somebody has dealt with them."""

KEEP_LEADS_BEHIND = timedelta(days=90)
"""How long a dry run tells which leads are behind its figures: up to some megabytes a run. The
figures stay."""


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


@act(durable=False)
def forget_leads_behind(moment: datetime) -> int:
    """Drop the lists of leads of dry runs that ended 90 days before ``moment`` (RU6), and keep
    their figures; returns of how many. One at a time is in memory."""
    old = DryRun.objects.filter(finished_at__lt=moment - KEEP_LEADS_BEHIND)
    full = old.filter(result__has_any_keys=LEADS_BEHIND).order_by("pk")
    keys = list(full.values_list("pk", flat=True))
    for pk in keys:
        run = old.filter(pk=pk)
        for result in run.values_list("result", flat=True):
            figures = {name: one for name, one in result.items() if name not in LEADS_BEHIND}
            run.update(result=figures)
    return len(keys)


def forget_sessions() -> None:
    """Delete expired sessions, wherever the host keeps them."""
    import_module(django_settings.SESSION_ENGINE).SessionStore.clear_expired()
