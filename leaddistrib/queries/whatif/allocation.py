"""The leads of the last 30 days once more, with other allocations: how many would have been beyond
them (AL1)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils import timezone

from leaddistrib.engine.allocation import Band, allocated
from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation, allocation, first_refusal
from leaddistrib.models import AllocationPolicy, Rep
from leaddistrib.queries.attainment import attainment
from leaddistrib.queries.competing import reps_under
from leaddistrib.queries.limiting import allocating_teams
from leaddistrib.queries.whatif.events import DAYS, Stretch, counted, got_by
from leaddistrib.queries.whatif.walking import Given, Walker, walkers

Beyond = Counter[tuple[int, date]]
"""Leads beyond an allocation, by rep and the first day, Monday, of the team's week."""


@dataclass(frozen=True, slots=True)
class Share:
    """A rep's leads a week as it is ``now`` and ``then``, with the numbers that are tried; None:
    nothing limits them. ``percent`` of the quota was reached in the month before this one, None
    without a quota."""

    rep: Rep
    percent: Decimal | None
    now: int | None
    then: int | None


@dataclass(frozen=True, slots=True)
class AllocationTried:
    """``had``: leads by rep. ``now`` and ``then``: those beyond, by rep and week."""

    stretch: Stretch
    shares: Sequence[Share]
    had: Counter[int]
    now: Beyond
    then: Beyond


def try_allocation(
    policy: AllocationPolicy, bands: Sequence[Band], moment: datetime
) -> AllocationTried:
    """What ``policy``, saved or not, with these ``bands`` gives to those whom it is for, by what
    they attained in the month before that of ``moment``, and the leads of the 30 days before it.
    Seven queries, however many leads and reps."""
    under = reps_under(policy).filter(active=True)
    reps = list(
        under.exclude(onboarding__phase__isnull=False).select_related("user", "team").order_by("pk")
    )
    first = _first_of(moment)
    reached = attainment([rep.pk for rep in reps], _first_before(first), first)
    allocating = allocating_teams({rep.team_id for rep in reps})
    shares = []
    for rep in reps:
        own = reached[rep.pk]
        now = rep.allocation if rep.team_id in allocating else None
        then = allocated(own.percent, bands, policy.floor) if own and policy.active else None
        shares.append(Share(rep, own.percent if own else None, now, then))
    given, stretch = got_by(under, moment - DAYS)
    leads = [one for one in given if one.rep in reached]
    counts = counted(reps, stretch.since)
    zones = {rep.pk: rep.limits_zone for rep in reps}

    def side(limits: Mapping[int, int | None]) -> Beyond:
        facts = {
            rep.pk: RepFacts(rep.pk, rep.name, allocation=limits[rep.pk], counts=counts[rep.pk])
            for rep in reps
        }
        return beyond(leads, walkers(facts, zones, stretch.since))

    return AllocationTried(
        stretch,
        shares,
        Counter(one.rep for one in leads),
        side({one.rep.pk: one.now for one in shares}),
        side({one.rep.pk: one.then for one in shares}),
    )


def beyond(leads: Iterable[Given], walkers: Mapping[int, Walker]) -> Beyond:
    """Ask the gate of allocation for each lead, in order of time. One that it refuses counts in
    nothing that follows. Pure."""
    found: Beyond = Counter()
    for lead in leads:
        own = walkers[lead.rep]
        if first_refusal(own.at(lead.at), Situation(lead.at), (allocation,)):
            found[lead.rep, own.week.start.astimezone(own.zone).date()] += 1
        else:
            own.follow(lead)
    return found


def _first_of(moment: datetime) -> date:
    return timezone.localdate(moment, timezone.get_default_timezone()).replace(day=1)


def _first_before(first: date) -> date:
    return (first - timedelta(days=1)).replace(day=1)
