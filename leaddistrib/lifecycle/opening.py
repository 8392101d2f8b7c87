"""A lead is opened to claims: the members of its pool are told, all at the same time (RA1), and
those for whom it opens later when their own window has opened."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from django.db import transaction

from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.lifecycle.announcing import SINGLY, announce_opened, announce_windows
from leaddistrib.models import Lead, LogEntry, Offer, Pool, Rep
from leaddistrib.notify.telling import Telling, tell_chats, tell_many, tell_taken
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.partings import let_lapse
from leaddistrib.queries.roster import rep_facts
from leaddistrib.signals import announce, lead_opened

Later = Mapping[int, datetime]
"""Reps, by primary key, for whom a lead opens later than for everybody else, and when."""

NOBODY: Mapping[int, Any] = MappingProxyType({})

AT_ONCE = 100
"""Windows that a worker opens in one go: a second's precision, and a short transaction."""


def open_to_claims(lead: Lead, pool: Pool, moment: datetime, later: Later = NOBODY) -> None:
    """Put a saved lead that nobody owns into ``pool``, open from ``moment``, and tell its members.

    For the reps in ``later`` it opens at their own time, in any pool: until then they can neither
    claim it nor work on it, and then ``tell_due`` tells them. Each opening is a new period: at most
    one claim succeeds in it.
    """
    lead.status, lead.owner, lead.pool = Lead.Status.WAITING, None, pool
    lead.opens_at, lead.period = moment, lead.period + 1
    lead.save(update_fields=("status", "owner", "pool", "opens_at", "period"))
    tell([lead], moment, {lead.pk: later})


def tell(
    leads: Iterable[Lead],
    moment: datetime,
    later: Mapping[int, Later] = NOBODY,
    *,
    urgent: bool = False,
) -> None:
    """Offer waiting ``leads``, already saved as open, to the reps who may claim them; ``later`` as
    in ``open_to_claims``, by the lead's primary key. Who had to wait longer than until ``moment``
    in a former opening goes on waiting. Of ``urgent`` ones phones and chats are told however many
    they are.

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
    later = _later([lead for some in by_pool.values() for lead in some], later, moment)
    waits = {
        (lead, rep): opens_at
        for lead, reps in later.items()
        for rep, opens_at in reps.items()
        if opens_at > moment
    }
    races = [pool.pk for pool in pools.values() if pool.mode == Pool.Mode.RACE]
    asked = list(pools) if waits else races
    members = members_by_pool(asked)
    facts = rep_facts(set().union(*(members[pool] for pool in races)), moment)
    lapsed = let_lapse(lead for pool in asked for lead in by_pool[pool])
    ready = {rep for rep, own in facts.items() if not first_refusal(own, Situation(moment))}
    offers = [
        Offer(
            lead=lead,
            rep_id=rep,
            period=lead.period,
            opens_at=cast("datetime", lead.opens_at),
            opened_at=moment,
        )
        for pool in races
        for rep in sorted(members[pool] & ready)
        for lead in by_pool[pool]
        if (lead.pk, rep) not in waits and rep not in lapsed[lead.pk]
    ]
    to_come = [
        Offer(lead=lead, rep_id=rep, period=lead.period, opens_at=waits[lead.pk, rep])
        for pool in by_pool
        for lead in by_pool[pool]
        for rep in sorted(later.get(lead.pk, ()))
        if rep in members[pool] and (lead.pk, rep) in waits and rep not in lapsed[lead.pk]
    ]
    # Not asked whether they are eligible now: these rows are what keeps the lead closed for them.
    # Whoever let it lapse needs none: it stays closed for them.
    Offer.objects.bulk_create(offers + to_come)
    # A file with more leads for a pool than pages are told of singly rings no phone.
    few = {pk: some for pk, some in by_pool.items() if urgent or len(some) <= SINGLY}
    _write_messages(offers, pools, few, moment)
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
    going = {offer.rep_id for offer in to_come}
    announce_windows(to_come, {rep.pk: rep for rep in Rep.objects.filter(pk__in=going)})


def _later(
    leads: Sequence[Lead], later: Mapping[int, Later], moment: datetime
) -> Mapping[int, Later]:
    """``later``, and what is still to come from former openings of ``leads``: whoever had a lead
    last, and waits for another chance, waits also when somebody took it and gave it back. One
    query; none where all of them open for the first time."""
    again = [lead for lead in leads if lead.period > 1]
    known: dict[int, dict[int, datetime]] = {lead: dict(reps) for lead, reps in later.items()}
    if again:
        to_come = Offer.objects.filter(lead__in=again, opened_at=None, opens_at__gt=moment)
        for lead, rep, opens_at in to_come.values_list("lead", "rep", "opens_at"):
            reps = known.setdefault(lead, {})
            reps[rep] = max(opens_at, reps.get(rep, opens_at))
    return known


def close_offers(leads: Iterable[Lead], moment: datetime) -> None:
    """``leads`` wait no more: nobody is told of them any more, and what teams' chats were told is
    put right. Three queries at most. After the leads' locks."""
    gone = list(leads)
    Offer.objects.filter(lead__in=gone, closed_at=None).update(closed_at=moment)
    tell_taken(gone, moment)


def tell_due(moment: datetime, limit: int = AT_ONCE) -> int:
    """Tell reps that leads have opened for them: up to ``limit`` windows whose time has come at
    ``moment``, the oldest first. Returns how many were looked at.

    Any number of workers may run this at once, each window is one's. The lead is not locked: a
    claim that is under way has its offers to close, waits for us there, and its message is dropped
    when it is about to be sent. Who left the pool, or may have no lead now, is not told, as when a
    race begins; for members the lead is open all the same, because its time has passed.
    """
    due = Offer.objects.filter(opened_at=None, closed_at=None, opens_at__lte=moment)
    if not due.exists():  # without a transaction, which would lock all of SQLite
        return 0
    with transaction.atomic():
        locked = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
        rows = list(locked.select_related("lead__pool", "rep").order_by("opens_at", "pk")[:limit])
        open_now = [offer for offer in rows if _stands(offer)]
        told = _eligible(open_now, moment)
        over = {offer.pk for offer in rows} - {offer.pk for offer in told}
        Offer.objects.filter(pk__in=[offer.pk for offer in told]).update(opened_at=moment)
        Offer.objects.filter(pk__in=over).update(closed_at=moment)
        _write_to_reps([offer for offer in told if _in_a_race(offer)], moment)
        announce_windows(told, {offer.rep_id: offer.rep for offer in told})
    return len(rows)


def _write_messages(
    offers: Sequence[Offer],
    pools: Mapping[int, Pool],
    by_pool: Mapping[int, Sequence[Lead]],
    moment: datetime,
) -> None:
    """Write what phones and chats are told of leads that open now in the pools of ``by_pool``."""
    _write_to_reps([offer for offer in offers if offer.lead.pool_id in by_pool], moment)
    posted = Pool.objects.filter(pk__in=by_pool, teams__chats__active=True)
    for pk in sorted(set(posted.values_list("pk", flat=True))):
        for lead in by_pool[pk]:
            tell_chats(pools[pk], event_of(lead), moment, lead)


def _write_to_reps(offers: Iterable[Offer], moment: datetime) -> None:
    """Write a message to each rep with one of ``offers``. Constant number of queries."""
    by_lead: dict[int, list[Offer]] = defaultdict(list)
    for offer in offers:
        by_lead[offer.lead_id].append(offer)
    told = {offer.rep_id for some in by_lead.values() for offer in some}
    users = dict(Rep.objects.filter(pk__in=told).values_list("pk", "user")) if told else {}
    tell_many(
        (
            Telling([users[offer.rep_id] for offer in some], event_of(some[0].lead), some[0].lead)
            for some in by_lead.values()
        ),
        moment,
    )


def event_of(lead: Lead) -> str:
    """What messages about the lead's present opening are called."""
    return f"lead.offered:{lead.pk}:{lead.period}"


def _stands(offer: Offer) -> bool:
    """Whether the lead still waits as it was opened then."""
    return offer.lead.status == Lead.Status.WAITING and offer.lead.period == offer.period


def _eligible(offers: Sequence[Offer], moment: datetime) -> list[Offer]:
    """Those of ``offers`` whose rep is still in the pool, and in a race may have a lead by the
    gates at ``moment``. Elsewhere members look by themselves, and whoever acts is asked then. It is
    open to nobody who let it lapse since."""
    members = members_by_pool({offer.lead.pool_id for offer in offers if offer.lead.pool_id})
    lapsed = let_lapse(offer.lead for offer in offers)
    inside = [
        offer
        for offer in offers
        if offer.rep_id in members[offer.lead.pool_id or 0]
        and offer.rep_id not in lapsed[offer.lead_id]
    ]
    racing = {offer.rep_id for offer in inside if _in_a_race(offer)}
    facts = rep_facts(racing, moment) if racing else {}
    return [
        offer
        for offer in inside
        if not _in_a_race(offer) or not first_refusal(facts[offer.rep_id], Situation(moment))
    ]


def _in_a_race(offer: Offer) -> bool:
    return offer.lead.pool is not None and offer.lead.pool.mode == Pool.Mode.RACE
