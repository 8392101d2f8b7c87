"""What a claim of each waiting lead comes down to, beside the rep: the gates are asked with it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from leaddistrib.engine.facts import RepFacts
from leaddistrib.engine.gates import Situation
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.queries.blindness import shown_temperature
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.partings import own_partings
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
    query; one more where the pool is premium, three where a new rep races within the cohort only.
    """
    if not leads:
        return {}
    pool = leads[0].pool
    competitive = is_competitive(leads[0])
    premium = pool is not None and pool.premium
    sees = premium and not kept_out_of_premium([rep.pk])
    apart = facts.phase is not None and facts.phase.cohort_only
    cohort = not (competitive and apart) or _among_themselves(pool)
    partings = own_partings(rep, leads)
    hours = facts.guardrails.cooldown_hours
    return {
        lead.pk: Situation(
            moment,
            member,
            opens_at[lead.pk],
            claiming=True,
            let_lapse=lead.pk in partings.lapsed,
            competitive=competitive,
            temperature=shown_temperature(lead),
            premium=premium,
            tier_sees_premium=sees,
            cohort=cohort,
            gave_back_until=_until(partings.given_back.get(lead.pk), hours),
        )
        for lead in leads
    }


def is_competitive(lead: Lead) -> bool:
    """Whether a lead, read with its pool, is raced for there: then the limits of races hold."""
    return lead.pool is not None and lead.pool.mode == Pool.Mode.RACE


def in_cohort(reps: Iterable[int]) -> bool:
    """Whether all of ``reps`` who are active are in onboarding, in whatever phase. One query."""
    new = {"onboarding__phase__isnull": False, "onboarding__phase__policy__active": True}
    members = Rep.objects.filter(pk__in=list(reps), active=True, user__is_active=True)
    return not members.exclude(pk__in=members.filter(**new)).exists()


def _among_themselves(pool: Pool | None) -> bool:
    return pool is not None and in_cohort(members_by_pool([pool.pk])[pool.pk])


def _until(given_back: datetime | None, hours: int | None) -> datetime | None:
    if given_back is None or hours is None:
        return None
    return given_back + timedelta(hours=hours)
