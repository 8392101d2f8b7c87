"""Which channels fail steadily, by what became of their messages (NO4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Max, Q, QuerySet, Sum

from leaddistrib.models import Channel, Gateway, OutboxMessage
from leaddistrib.notify.quiet import NO_FAILURE

LATELY = timedelta(hours=3)
"""How far back messages are looked at: those that are tried eight times last about two hours."""
IN_A_ROW = 10
"""Attempts that failed, with none between that worked, after which a channel counts as failing."""
HOPELESS = (
    *("credentials_refused", "no_credentials", "no_provider", "no_library"),
    *("slack: invalid_auth", "slack: not_authed", "slack: account_inactive"),
    *("slack: token_revoked", "slack: token_expired"),
)
"""What the site's one provider of a channel says, or lacks, that no other attempt will mend: one of
them is enough."""

PROVIDERS = (Channel.PUSH, Channel.SMS, Channel.SLACK)
FAILED = Q(sent_at=None, dropped_at=None, attempts__gt=0) & ~Q(last_error__in=NO_FAILURE)


@dataclass(frozen=True, slots=True)
class Failing:
    """A channel whose last attempts failed: how many since it last worked, and the latest code."""

    attempts: int
    code: str


def failing(moment: datetime) -> Mapping[str, Failing]:
    """The channels that fail steadily at ``moment``, by their values. Two queries, and two for
    each channel that has failures at all."""
    lately = OutboxMessage.objects.filter(created_at__gte=moment - LATELY)
    troubled = lately.filter(FAILED).order_by().values_list("channel", flat=True).distinct()
    found = {channel: _failing(channel, lately.filter(channel=channel)) for channel in troubled}
    return {channel: one for channel, one in found.items() if one is not None}


def works_again(channel: str, since: datetime) -> bool:
    """Whether a message of ``channel`` was sent after ``since``, or its provider is not in use."""
    if channel in PROVIDERS and not Gateway.objects.filter(channel=channel, active=True).exists():
        return True
    lately = OutboxMessage.objects.filter(channel=channel, created_at__gte=since - LATELY)
    return lately.filter(sent_at__gt=since).exists()


def _failing(channel: str, messages: QuerySet[OutboxMessage]) -> Failing | None:
    """``messages`` are those of ``channel``. Failures of messages that are older than the last
    success are not counted: they may have come before it."""
    worked = messages.aggregate(last=Max("sent_at"))["last"]
    failed = messages.filter(FAILED)
    if worked is not None:
        failed = failed.filter(created_at__gt=worked)
    latest = failed.order_by("-due_at", "-pk").values_list("last_error", flat=True).first()
    if latest is None:
        return None
    attempts = failed.aggregate(number=Sum("attempts"))["number"]
    hopeless = reduce(or_, (Q(last_error__startswith=code) for code in HOPELESS))
    if attempts >= IN_A_ROW or (channel in PROVIDERS and failed.filter(hopeless).exists()):
        return Failing(attempts, latest.partition(":")[0])
    return None
