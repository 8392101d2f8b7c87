"""What a rep is told of the own allocation: how many leads a week, why, and what would change it.

Figures of months that are over are on record (``Allocation``); the month that runs is counted now,
and decides the next one (AL1).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_UP, Decimal

from django.utils import timezone

from leaddistrib.engine.allocation import Band, allocated, band_of, next_band
from leaddistrib.models import Allocation, AllocationPolicy, Rep
from leaddistrib.queries.attainment import CENT, Attained, attainment
from leaddistrib.queries.competing import policy_for

MONTHS = 12
"""Allocations that are shown, the newest first."""


@dataclass(frozen=True, slots=True)
class Higher:
    """The band above: from which percent on, how many leads a week it means, and what is still to
    be won for it this month, in the quota's currency."""

    from_percent: int
    leads: int
    missing: Decimal


@dataclass(frozen=True, slots=True)
class OwnAllocation:
    """``leads``: what bounds the rep at present; None: nothing does. ``attained``: of this month,
    so far; None without a quota. ``band`` and ``next_leads`` are what that stands for from the
    first of next month on, ``higher`` what is above it; None in the highest band. ``history``:
    newest first."""

    leads: int | None
    floor: int
    attained: Attained | None
    band: Band | None
    next_leads: int | None
    higher: Higher | None
    history: tuple[Allocation, ...]


def own_allocation(rep: Rep, moment: datetime) -> OwnAllocation | None:
    """What ``rep`` is told at ``moment``; None where no policy holds for the rep. Five queries."""
    policy = policy_for(AllocationPolicy, rep.team_id)
    if policy is None:
        return None
    bands = list(policy.bands.values_list("from_percent", "leads"))
    first = timezone.localdate(moment, timezone.get_default_timezone()).replace(day=1)
    attained = attainment([rep.pk], first, _following(first))[rep.pk]
    history = tuple(Allocation.objects.filter(rep=rep).order_by("-month")[:MONTHS])
    return OwnAllocation(
        leads=rep.allocation,
        floor=policy.floor,
        attained=attained,
        band=band_of(attained.percent, bands) if attained else None,
        next_leads=allocated(attained.percent, bands, policy.floor) if attained else None,
        higher=_higher(attained, bands) if attained else None,
        history=history,
    )


def _higher(attained: Attained, bands: list[Band]) -> Higher | None:
    above = next_band(attained.percent, bands)
    if above is None:
        return None
    wanted = (attained.quota * above[0] / 100).quantize(CENT, ROUND_UP)
    return Higher(*above, missing=wanted - attained.won)


def _following(month: date) -> date:
    """The first day of the month after ``month``, which is a first day too."""
    return (month + timedelta(days=31)).replace(day=1)
