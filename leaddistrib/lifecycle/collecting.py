"""Claims are collected for a few seconds before their lead is awarded, so that the fastest thumb is
not the only virtue (RA5). ``awarding`` decides between them."""

from datetime import datetime, timedelta

from leaddistrib.lifecycle.transactions import lock_lead
from leaddistrib.lifecycle.winning import keep_claim
from leaddistrib.models import Claim, Lead, Offer, Pool, Rep


def collects(lead: Lead) -> bool:
    """Whether claims of a waiting lead, read with its pool, are collected."""
    return lead.pool is not None and lead.pool.award == Pool.Award.SEALED


def collect(lead: Lead, rep: Rep, offer: Offer | None, now: datetime, via: str) -> datetime | None:
    """Keep the claim of ``rep``, who is locked and whom nothing stands against; returns when it is
    decided. Not after ``now``: it came too late, and nothing was kept. None: the lead is not as it
    was read any more.

    The lead is locked: whoever awards it sees this claim, or this claim sees that it was awarded.
    A second tap finds the first claim, and keeps no other.
    """
    locked = lock_lead(lead.pk)
    if locked.status != Lead.Status.WAITING or locked.period != lead.period:
        return None
    if locked.pool is None or not collects(locked):
        return None
    if locked.collecting_until is None:
        locked.collecting_until = now + timedelta(seconds=locked.pool.sealed_seconds)
        locked.save(update_fields=("collecting_until",))
    known = Claim.objects.filter(lead=lead, rep=rep, result=Claim.Result.COLLECTED)
    if locked.collecting_until > now and not known.exists():
        keep_claim(locked, rep, offer, Claim.Result.COLLECTED, now, via)
    return locked.collecting_until
