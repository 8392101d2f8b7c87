"""What a claim of each waiting lead comes down to, beside the rep: the gates are asked with it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.queries.blindness import shown_temperature
from leaddistrib.queries.cohorts import has_strangers, strangers
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.partings import Partings, own_partings, partings_with
from leaddistrib.queries.premium import kept_out_of_premium


def situations(
    rep: Rep,
    facts: RepFacts,
    leads: Sequence[Lead],
    opens_at: Mapping[int, datetime | None],
    moment: datetime,
    *,
    member: bool,
) -> dict[int, Situation]:
    """The situation of ``rep`` who claims each of ``leads`` at ``moment``, by the lead's key.

    ``leads``, read with their pool, wait in one, which the rep is a ``member`` of or not. One
    query; one more where the pool is premium, and one where a new rep races within the cohort only.
    """
    if not leads:
        return {}
    pool = leads[0].pool
    competitive = is_competitive(leads[0])
    premium = pool is not None and pool.premium
    sees = premium and not kept_out_of_premium([rep.pk])
    phase = facts.phase
    apart = phase is not None and phase.cohort_only and phase.competitive > 0
    asks_cohort = competitive and apart and member and facts.active
    partings = own_partings(rep, leads)
    asked = Situation(
        moment,
        member,
        premium=premium,
        tier_sees_premium=sees,
        cohort=not (asks_cohort and pool and has_strangers(rep, pool)),
        claiming=True,
    )
    return {
        lead.pk: _of_lead(replace(asked, opens_at=opens_at[lead.pk]), lead, facts, partings)
        for lead in leads
    }


def situations_at(
    lead: Lead,
    facts: Mapping[int, RepFacts],
    opens_at: Mapping[int, datetime | None],
    moments: Mapping[int, datetime],
) -> dict[int, Situation]:
    """The situation of each rep who claims one lead, read with its pool, at a moment of their own;
    all by the rep's key. Three queries, however many reps; one more where the pool is premium or
    where new reps race within the cohort only."""
    pool = lead.pool
    competitive = is_competitive(lead)
    found = members_by_pool([pool.pk]) if pool is not None else {}
    members = set().union(*found.values())
    premium = pool is not None and pool.premium
    kept_out = kept_out_of_premium(facts) if premium else frozenset()
    apart = any(own.phase is not None and own.phase.cohort_only for own in facts.values())
    closed = _closed_to(found) if competitive and apart else frozenset()
    partings = partings_with(lead, facts)
    asked = {
        rep: Situation(
            moments[rep],
            rep in members,
            opens_at[rep],
            claiming=True,
            premium=premium,
            tier_sees_premium=premium and rep not in kept_out,
            cohort=rep not in closed,
        )
        for rep in facts
    }
    return {rep: _of_lead(one, lead, facts[rep], partings[rep]) for rep, one in asked.items()}


def _of_lead(asked: Situation, lead: Lead, facts: RepFacts, partings: Partings) -> Situation:
    """``asked`` of this lead, with what the rep and the lead have to do with each other."""
    return replace(
        asked,
        let_lapse=lead.pk in partings.lapsed,
        competitive=is_competitive(lead),
        temperature=shown_temperature(lead),
        gave_back_until=_until(partings.given_back.get(lead.pk), facts.guardrails.cooldown_hours),
    )


def is_competitive(lead: Lead) -> bool:
    """Whether a lead, read with its pool, is raced for there: then the limits of races hold."""
    return lead.pool is not None and lead.pool.mode == Pool.Mode.RACE


def _closed_to(members: Mapping[int, Collection[int]]) -> frozenset[int]:
    """Who races within the cohort only, and finds others among the members of a pool. One query."""
    found = strangers(members).values()
    return frozenset(rep for pool in found for rep, others in pool.items() if others)


def _until(given_back: datetime | None, hours: int | None) -> datetime | None:
    if given_back is None or hours is None:
        return None
    return given_back + timedelta(hours=hours)
