"""A lead is opened to claims: the members of its pool are told, all at the same time (RA1)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import cast

from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.lifecycle.announcing import announce_opened
from leaddistrib.models import Lead, LogEntry, Offer, Pool
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_opened


def open_to_claims(lead: Lead, pool: Pool, moment: datetime) -> None:
    """Put a saved lead that nobody owns into ``pool``, open from ``moment``, and tell its members.

    Each opening is a new period: at most one claim succeeds in it.
    """
    lead.status, lead.owner, lead.pool = Lead.Status.WAITING, None, pool
    lead.opens_at, lead.period = moment, lead.period + 1
    lead.save(update_fields=("status", "owner", "pool", "opens_at", "period"))
    tell([lead], moment)


def tell(leads: Iterable[Lead], moment: datetime) -> None:
    """Offer waiting ``leads``, already saved as open, to the reps who may claim them.

    In a race each member who passes the gates gets an offer; in a queue nobody is told, members
    look. Constant numbers of queries per pool, however many leads and reps there are.
    """
    by_pool: dict[int, list[Lead]] = defaultdict(list)
    pools: dict[int, Pool] = {}
    for lead in leads:
        pool = cast("Pool", lead.pool)  # a waiting lead has one: the database sees to it
        pools[pool.pk] = pool
        by_pool[pool.pk].append(lead)
    if not pools:
        return
    races = [pool.pk for pool in pools.values() if pool.mode == Pool.Mode.RACE]
    members = members_by_pool(races)
    facts = rep_facts(set().union(*members.values()), moment)
    Offer.objects.bulk_create(
        Offer(
            lead=lead,
            rep_id=rep,
            period=lead.period,
            opens_at=cast("datetime", lead.opens_at),
            told_at=moment,
        )
        for pool in races
        for rep in sorted(members[pool])
        if not first_refusal(facts[rep], Situation(moment))
        for lead in by_pool[pool]
    )
    LogEntry.objects.bulk_create(
        LogEntry(
            lead=lead,
            event=LogEntry.Event.OPENED,
            at=moment,
            detail={"pool": pools[pk].name, "mode": pools[pk].mode},
        )
        for pk in by_pool
        for lead in by_pool[pk]
    )
    for pk in sorted(by_pool):
        for lead in by_pool[pk]:
            announce(lead_opened, sender=Lead, lead=lead, pool=pools[pk])
        announce_opened(pools[pk], by_pool[pk])
