"""What stands between a rep and waiting leads: the same gates that a claim asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db.models import F

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import GATES, Refusal, Situation, allocation, capacity, refusals
from leaddistrib.events.messages import stamp
from leaddistrib.models import Lead, Offer, Pool, Rep
from leaddistrib.queries.cards import is_shared
from leaddistrib.queries.membership import is_member
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.situations import situations

SOONEST = 200
"""Windows of a rep that a snapshot names. A claim before the others is refused all the same."""


def opening_times(rep: Rep, leads: Sequence[Lead]) -> dict[int, datetime | None]:
    """When each lead opens for ``rep``: the own offer says, else the lead. One query."""
    offers = Offer.objects.filter(rep=rep, lead__in=[lead.pk for lead in leads]).order_by()
    told = {
        (lead, period): opens_at
        for lead, period, opens_at in offers.values_list("lead", "period", "opens_at")
    }
    return {lead.pk: told.get((lead.pk, lead.period), lead.opens_at) for lead in leads}


def windows(rep: Rep, moment: datetime) -> dict[str, str | None]:
    """Waiting leads that open for ``rep`` alone after ``moment``, by public id, and when: the
    soonest SOONEST of them. One query.
    Hidden ones do not exist for the rep yet, nor do those that are handed out by a button."""
    closed = Offer.objects.exclude(lead__pool__award=Pool.Award.NEXT).filter(
        rep=rep,
        hidden=False,
        closed_at=None,
        opened_at=None,
        opens_at__gt=moment,
        period=F("lead__period"),
    )
    rows = closed.order_by("opens_at", "pk").values_list("lead__public_id", "opens_at")
    return {str(lead): stamp(opens_at) for lead, opens_at in rows[:SOONEST]}


def against(
    rep: Rep,
    leads: Sequence[Lead],
    opens_at: Mapping[int, datetime | None],
    moment: datetime,
    *,
    member: bool,
) -> dict[int, list[Refusal]]:
    """Each lead's reasons why ``rep`` may not claim it at ``moment``; empty if nothing does.

    ``leads``, read with their pool, wait in one, which the rep is a ``member`` of or not. A
    constant number of queries, however many leads.
    """
    facts = rep_facts([rep.pk], moment, claiming=True)[rep.pk]
    asked = situations(rep, facts, leads, opens_at, moment, member=member)
    return {lead.pk: against_claiming(lead, facts, asked[lead.pk]) for lead in leads}


def against_claiming(lead: Lead, facts: RepFacts, situation: Situation) -> list[Refusal]:
    """Why the rep of ``facts`` may not claim a waiting lead, read with its pool. What waits in
    a shared pool is everybody's: it is contacted, not claimed (PO1). No query."""
    shared = [Refusal("shared")] if is_shared(lead) else []
    return shared + refusals(facts, situation)


def against_working(lead: Lead, rep: Rep, facts: RepFacts, moment: datetime) -> list[Refusal]:
    """Why ``rep`` may not work on a shared lead, read with its pool, at ``moment``: what stands
    against a claim; but a lead that stays shared takes no place of anybody's capacity or
    allocation. Three queries.
    """
    pool = lead.pool
    stays = pool is not None and pool.ownership == Pool.Ownership.SHARED
    gates = tuple(gate for gate in GATES if not (stays and gate in (capacity, allocation)))
    member = pool is not None and is_member(rep, pool.pk)
    opens_at = opening_times(rep, [lead])[lead.pk]
    asked = situations(rep, facts, [lead], {lead.pk: opens_at}, moment, member=member)
    return refusals(facts, asked[lead.pk], gates)
