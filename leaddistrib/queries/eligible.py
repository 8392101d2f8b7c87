"""Who of those whose claims of a lead were collected may have it, all asked at once (RA5)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, cast

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Refusal, Situation, allocation
from leaddistrib.models import Claim, Lead, Offer, Rep
from leaddistrib.queries.claimable import against_claiming
from leaddistrib.queries.localdays import day_of
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.situations import situations_at


class Claimant(NamedTuple):
    """What is known of a rep who claimed, as at that moment, and what stands against the claim."""

    facts: RepFacts
    against: list[Refusal]


def claimants(
    lead: Lead, claims: Sequence[Claim], reps: Mapping[int, Rep], now: datetime
) -> dict[int, Claimant]:
    """Each of ``reps`` who made one of ``claims``, by primary key, for a waiting lead, read with
    its pool; ``reps`` are read with their teams and locked. A constant number of queries, however
    many they are; twice the facts where midnight fell between the claims, and once more where a
    week ended since.

    Each is asked as at the moment of the own claim, so that it counts on the day on which it was
    made. But the lead counts in the week in which it is had, which may be another by ``now``.
    """
    moments = {claim.rep_id: claim.claimed_at for claim in claims}
    facts = _facts(moments, reps)
    opens_at = _opening_times(lead, moments)
    asked = situations_at(lead, facts, opens_at, moments)
    over = [pk for pk, own in facts.items() if own.week_ends_at and own.week_ends_at <= now]
    this_week = rep_facts(over, now, claiming=True) if over else {}
    found = {}
    for pk, own in facts.items():
        against = against_claiming(lead, own, asked[pk])
        if not against and pk in this_week:
            full = allocation(this_week[pk], Situation(now))
            against = [full] if full else []
        found[pk] = Claimant(own, against)
    return found


def _facts(moments: Mapping[int, datetime], reps: Mapping[int, Rep]) -> dict[int, RepFacts]:
    """The facts of each rep at their own moment. What is counted depends on the local day and week
    alone, and leave that is over by then does no harm: so those of one day are loaded together, as
    at the first of their moments. Claims are collected for seconds: of all days, there are two at
    most, whatever the zones, because midnights come at the same quarters of an hour everywhere."""
    first = min(moments.values())
    days: dict[bool, list[int]] = defaultdict(list)
    for pk, moment in moments.items():
        days[moment >= day_of(first, reps[pk].limits_zone).end].append(pk)
    return {
        pk: own
        for some in days.values()
        for pk, own in rep_facts(some, min(moments[pk] for pk in some), claiming=True).items()
    }


def _opening_times(lead: Lead, reps: Collection[int]) -> dict[int, datetime | None]:
    """When the lead opened for each of ``reps``. A rep's own window may open after the lead does,
    never before it. One query."""
    opened_at = cast("datetime", lead.opens_at)  # a waiting lead has one
    own = Offer.objects.filter(lead=lead, rep__in=reps, period=lead.period)
    windows = dict(own.values_list("rep", "opens_at"))
    return {pk: max(opened_at, windows.get(pk, opened_at)) for pk in reps}
