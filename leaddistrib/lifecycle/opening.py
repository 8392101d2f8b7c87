"""A lead is opened to claims: the members of its pool are told, all at the same time (RA1), and
those for whom it opens later when their own window has opened."""

from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

from django.db import transaction
from django.db.models import Count, F, Q

from leaddistrib.engine.gates import Situation, first_refusal
from leaddistrib.engine.windows import Waves
from leaddistrib.lifecycle.announcing import (
    SINGLY,
    announce_opened,
    announce_waves,
    announce_windows,
)
from leaddistrib.lifecycle.drawing import draw
from leaddistrib.lifecycle.offering import post_last, write_messages, write_to_reps
from leaddistrib.lifecycle.waves import keep_all_at, waves_of
from leaddistrib.models import Claim, Lead, LogEntry, Offer, Pool, Rep
from leaddistrib.notify.telling import tell_decided, tell_taken
from leaddistrib.queries.membership import members_by_pool
from leaddistrib.queries.partings import let_lapse
from leaddistrib.queries.premium import kept_out_of_premium
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

    In a race each member who passes the gates gets an offer; in waves every member, hidden until
    the lead opens for them; in a queue nobody is told, members look. Constant numbers of
    queries per pool, however many leads and reps there are.
    """
    by_pool: dict[int, list[Lead]] = defaultdict(list)
    pools: dict[int, Pool] = {}
    for lead in leads:
        pool = cast("Pool", lead.pool)  # a waiting lead has one: the database sees to it
        pools[pool.pk] = pool
        by_pool[pool.pk].append(lead)
    if not pools:
        return
    draw(lead for some in by_pool.values() for lead in some)
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
    racing = Situation(moment, competitive=True)
    ready = {rep for rep, own in facts.items() if not first_refusal(own, racing)}
    waves = waves_of({pools[pool]: by_pool[pool] for pool in races}, members, ready, moment)
    keep_all_at((lead for some in by_pool.values() for lead in some), waves)
    # Whoever let a lead lapse needs no offer: it stays closed for them.
    written = [
        offer
        for pool in asked
        for lead in by_pool[pool]
        for rep in sorted(members[pool] - lapsed[lead.pk])
        if (offer := _offer(lead, rep, waits, ready, waves.get(lead.pk), moment))
    ]
    Offer.objects.bulk_create(written)
    offers = [offer for offer in written if offer.opened_at]
    # A file with more leads for a pool than pages are told of singly rings no phone.
    few = {pk: some for pk, some in by_pool.items() if urgent or len(some) <= SINGLY}
    write_messages(offers, pools, few, moment)
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
        announce_opened(pools[pk], by_pool[pk], moment)
    to_come = [offer for offer in written if not (offer.opened_at or offer.closed_at)]
    _announce_to_come([offer for offer in to_come if not offer.hidden])


def _offer(
    lead: Lead,
    rep: int,
    waits: Mapping[tuple[int, int], datetime],
    ready: Container[int],
    waves: Waves | None,
    moment: datetime,
) -> Offer | None:
    """The offer of a member (a primary key) in the lead's new period, not saved; None for whom
    there is none, because there is no race, or the rep could not take it now.

    Whoever waits gets one without being asked whether they are eligible now: it is what keeps the
    lead closed for them. So does, in waves, everybody for whom it opens: who could not take it now
    is not told, and it is open for them all the same.
    """
    pool = cast("Pool", lead.pool)
    opens_at = cast("datetime", lead.opens_at)
    own = waves.opens.get(rep) if waves else None
    if waves and own is None:  # never sees it, or is not active
        return None
    hidden = own is not None and own > moment
    times = [time for time in (waits.get((lead.pk, rep)), own if hidden else None) if time]
    offer = Offer(lead=lead, rep_id=rep, period=lead.period, hidden=hidden)
    if times:
        offer.opens_at = max(times)
    elif pool.mode == Pool.Mode.RACE and rep in ready:
        offer.opens_at, offer.opened_at = opens_at, moment
    elif pool.in_waves:
        offer.opens_at, offer.closed_at = opens_at, moment
    else:
        return None
    return offer


def _announce_to_come(offers: Sequence[Offer]) -> None:
    reps = Rep.objects.filter(pk__in={offer.rep_id for offer in offers})
    announce_windows(offers, {rep.pk: rep for rep in reps})


def _later(
    leads: Sequence[Lead], later: Mapping[int, Later], moment: datetime
) -> Mapping[int, Later]:
    """``later``, and what is still to come from former openings of ``leads``: whoever had a lead
    last, and waits for another chance, waits also when somebody took it and gave it back. Waves
    begin anew: what waited for its wave alone is not to come. One query; none where all of them
    open for the first time."""
    again = [lead for lead in leads if lead.period > 1]
    known: dict[int, dict[int, datetime]] = {lead: dict(reps) for lead, reps in later.items()}
    if again:
        last = Q(period=F("lead__period") - 1)
        longer = Q(hidden=False) | last & Q(opens_at__gt=F("lead__all_at"))
        to_come = Offer.objects.filter(longer, lead__in=again, opened_at=None, opens_at__gt=moment)
        for lead, rep, opens_at in to_come.values_list("lead", "rep", "opens_at"):
            reps = known.setdefault(lead, {})
            reps[rep] = max(opens_at, reps.get(rep, opens_at))
    return known


def close_offers(leads: Iterable[Lead], moment: datetime) -> None:
    """``leads`` wait no more: nobody is told of them any more, and what teams' chats were told is
    put right, and claims of them that are still collected have lost. Eight queries at most. After
    the leads' locks."""
    gone = list(leads)
    Offer.objects.filter(lead__in=gone, closed_at=None).update(closed_at=moment)
    # Also of a pool that awards otherwise by now: what was read says that claims are collected.
    sealed = [
        lead.pk
        for lead in gone
        if lead.collecting_until or (lead.pool and lead.pool.award == Pool.Award.SEALED)
    ]
    if sealed:
        undecided = Claim.objects.filter(lead__in=sealed, result=Claim.Result.COLLECTED)
        lost = list(undecided)
        undecided.update(result=Claim.Result.LOST, decided_at=moment)
        tell_decided(lost, moment)
        Lead.objects.filter(pk__in=sealed).update(collecting_until=None)
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
        open_now = _inside([offer for offer in rows if _stands(offer)])
        told = _eligible(open_now, moment)
        over = {offer.pk for offer in rows} - {offer.pk for offer in told}
        Offer.objects.filter(pk__in=[offer.pk for offer in told]).update(opened_at=moment)
        Offer.objects.filter(pk__in=over).update(closed_at=moment)
        write_to_reps(_few([offer for offer in told if _in_a_race(offer)]), moment)
        shown = [offer for offer in open_now if offer.hidden]
        post_last(_few([offer for offer in rows if offer.hidden and _stands(offer)]), moment)
        seen = [offer for offer in told if not offer.hidden]
        announce_windows(seen, {offer.rep_id: offer.rep for offer in seen})
        announce_waves(shown)
    return len(rows)


def _stands(offer: Offer) -> bool:
    """Whether the lead still waits as it was opened then."""
    return offer.lead.status == Lead.Status.WAITING and offer.lead.period == offer.period


def _inside(offers: Sequence[Offer]) -> list[Offer]:
    """Those of ``offers`` whose rep is still in the pool, and of a tier that sees it. It is open to
    nobody who let it lapse since."""
    members = members_by_pool({offer.lead.pool_id for offer in offers if offer.lead.pool_id})
    lapsed = let_lapse(offer.lead for offer in offers)
    premium = {offer.rep_id for offer in offers if offer.lead.pool and offer.lead.pool.premium}
    kept_out = kept_out_of_premium(premium) if premium else frozenset()
    return [
        offer
        for offer in offers
        if offer.rep_id in members[offer.lead.pool_id or 0]
        and offer.rep_id not in lapsed[offer.lead_id]
        and not (offer.lead.pool and offer.lead.pool.premium and offer.rep_id in kept_out)
    ]


def _eligible(inside: Sequence[Offer], moment: datetime) -> list[Offer]:
    """Those whose rep in a race may have a lead by the gates at ``moment``. Elsewhere members look
    by themselves, and whoever acts is asked then."""
    racing = {offer.rep_id for offer in inside if _in_a_race(offer)}
    facts = rep_facts(racing, moment) if racing else {}
    situation = Situation(moment, competitive=True)
    return [
        offer
        for offer in inside
        if not _in_a_race(offer) or not first_refusal(facts[offer.rep_id], situation)
    ]


def _few(offers: Sequence[Offer]) -> list[Offer]:
    """Those of ``offers`` for which phones ring: not for a wave of more leads than pages are told
    of singly, which came with one file and wait still. One query, none without waves."""
    hidden = [offer.lead for offer in offers if offer.hidden]
    together = Lead.objects.filter(
        status=Lead.Status.WAITING,
        pool__in={lead.pool_id for lead in hidden},
        opens_at__in={lead.opens_at for lead in hidden},
    )
    counted = together.order_by().values_list("pool", "opens_at").annotate(Count("pk"))
    many = {(pool, at) for pool, at, number in counted if number > SINGLY} if hidden else set()
    return [
        offer
        for offer in offers
        if not (offer.hidden and (offer.lead.pool_id, offer.lead.opens_at) in many)
    ]


def _in_a_race(offer: Offer) -> bool:
    return offer.lead.pool is not None and offer.lead.pool.mode == Pool.Mode.RACE
