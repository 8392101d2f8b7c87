"""Response clocks as pages and messages show them (SL2)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q, QuerySet

from leaddistrib.models import Lead, ResponseClock

RUNNING = Q(answered_at=None, stopped_at=None)
"""Clocks of leads that their owners were not in touch with yet."""


def running() -> QuerySet[ResponseClock]:
    return ResponseClock.objects.filter(RUNNING)


def stuck() -> QuerySet[ResponseClock]:
    """Those of them for whose leads nobody is left to ask."""
    return running().filter(stuck_at__isnull=False)


def clocks_of(leads: Iterable[Lead]) -> dict[int, ResponseClock]:
    """The running clock of each of ``leads`` that has one, by the lead's id. One query."""
    return {clock.lead_id: clock for clock in running().filter(lead__in=list(leads))}


def late(clock: ResponseClock, now: datetime) -> bool:
    """Whether the rep should have been in touch by ``now``, and was not: seen by the clock itself,
    whether or not a worker noted it."""
    return clock.runs and clock.due_at <= now
