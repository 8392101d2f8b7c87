"""What stands between a rep and each of many waiting leads: the same gates that a claim asks."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from leaddistrib.engine.gates import Refusal, Situation, refusals
from leaddistrib.models import Lead, Offer, Rep
from leaddistrib.queries.roster import rep_facts


def opening_times(rep: Rep, leads: Sequence[Lead]) -> dict[int, datetime | None]:
    """When each lead opens for ``rep``: the own offer says, else the lead. One query."""
    offers = Offer.objects.filter(rep=rep, lead__in=[lead.pk for lead in leads])
    told = {
        (lead, period): opens_at
        for lead, period, opens_at in offers.values_list("lead", "period", "opens_at")
    }
    return {lead.pk: told.get((lead.pk, lead.period), lead.opens_at) for lead in leads}


def against(
    rep: Rep,
    leads: Sequence[Lead],
    opens_at: Mapping[int, datetime | None],
    moment: datetime,
    *,
    member: bool,
) -> dict[int, list[Refusal]]:
    """Each lead's reasons why ``rep`` may not claim it at ``moment``; empty if nothing does.

    ``leads`` wait in one pool, which the rep is a ``member`` of or not. Two queries, however many
    leads.
    """
    facts = rep_facts([rep.pk], moment, claiming=True)[rep.pk]
    return {
        lead.pk: refusals(facts, Situation(moment, member, opens_at[lead.pk], claiming=True))
        for lead in leads
    }
