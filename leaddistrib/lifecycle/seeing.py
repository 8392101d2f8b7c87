"""A rep has a lead on screen (RA3: told, seen, claimed)."""

from collections.abc import Iterable
from uuid import UUID

from leaddistrib.lifecycle.transactions import act
from leaddistrib.models import Offer, Rep
from leaddistrib.queries import clock


@act(durable=False)
def mark_seen(rep: Rep, leads: Iterable[UUID]) -> int:
    """Note the first time that ``rep`` saw each of ``leads``; returns how many were new. Open
    offers of this rep only, so naming other leads changes nothing."""
    return Offer.objects.filter(
        rep=rep, lead__public_id__in=list(leads), closed_at__isnull=True, seen_at__isnull=True
    ).update(seen_at=clock.now())
