"""A rep has a lead on screen (RA3, NO3: told, delivered, seen, claimed)."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Value
from django.db.models.functions import Coalesce

from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Assignment, Offer, Rep
from leaddistrib.queries import clock


@act(durable=False)
def mark_seen(rep: Rep, leads: Iterable[UUID]) -> int:
    """Note the first time that ``rep`` saw each of ``leads``; returns how many were new. Whom no
    message reached before is told by it.

    Open offers and open assignments of this rep only, so naming other leads changes nothing.
    """
    own: dict[str, Any] = {"rep": rep, "lead__public_id__in": list(leads), "seen_at": None}
    now = clock.now()
    offered = Offer.objects.filter(**own, opened_at__isnull=False, closed_at=None)
    given = Assignment.objects.filter(**own, ended_at=None)
    at: dict[str, Any] = {"seen_at": now, "told_at": Coalesce("told_at", Value(now))}
    return offered.update(**at) + given.update(**at)
