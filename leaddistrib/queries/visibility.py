"""For whom a waiting lead exists (TI1, GU4, RA5). Every list, page, message and claim asks here.

A lead that was opened in waves says when it is open for all (``all_at``); the offers of those for
whom it opens later are hidden. Until then it does not exist for them. Where a button hands out the
next lead, none exists for any rep before it is theirs; only how many wait is told. What their tier
never sees is a question of membership: ``membership.pools_of``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from leaddistrib.models import Lead, Offer, Pool, Rep
from leaddistrib.policy import Role, Sight, View, handed_out, policy
from leaddistrib.queries import clock
from leaddistrib.queries.membership import members_by_pool, pools_of
from leaddistrib.queries.premium import kept_out_of_premium


def seen_by(rep: Rep, moment: datetime) -> Q:
    """Of the leads of a rep's pools, those that exist for ``rep`` at ``moment``; for filters on
    leads."""
    return opened_to(rep, moment) & ~Q(pool__in=Pool.objects.filter(award=Pool.Award.NEXT))


def opened_to(rep: Rep, moment: datetime) -> Q:
    """The same with those that are handed out by a button: what may be counted, and chosen from,
    but not shown."""
    own = Offer.objects.filter(lead=OuterRef("pk"), period=OuterRef("period"), rep=rep)
    closed = own.filter(hidden=True, opens_at__gt=moment)
    return Q(all_at=None) | ~_any(closed) & (Q(all_at__lte=moment) | _any(own))


def _any(offers: QuerySet[Offer]) -> Q:
    """Whether there is one of ``offers``, which are of one lead and rep. Not EXISTS: PostgreSQL
    would collect every offer that the rep ever had, where this looks at one entry of an index for
    each lead."""
    return Q(IsNull(Subquery(offers.order_by().values("pk")[:1]), False))


def seen_by_viewer(who: Sight, moment: datetime) -> Q:
    """``seen_by`` for any role: those who look after a pool see all that waits there."""
    return _of_viewer(who, seen_by(who.rep, moment) if who.rep else None)


def opened_to_viewer(who: Sight, moment: datetime) -> Q:
    """``opened_to`` for any role: what waits for the viewer, as a number."""
    return _of_viewer(who, opened_to(who.rep, moment) if who.rep else None)


def _of_viewer(who: Sight, as_rep: Q | None) -> Q:
    if who.role is Role.ADMIN:
        return Q()
    seen = Q(pool__in=who.managed_pools)
    return seen if as_rep is None else seen | as_rep


def open_for(lead: Lead, offer: Offer | None, moment: datetime) -> bool:
    """Whether a lead that was read is open for a rep, by the rep's own offer in its period, if
    there is one; also one that is handed out by a button. No query."""
    if lead.all_at is None:
        return True
    if offer is None:
        return lead.all_at <= moment
    return not offer.hidden or offer.opens_at <= moment


def unseen(rep: Rep, leads: Iterable[Lead], moment: datetime) -> frozenset[int]:
    """Those of ``leads`` (primary keys) that do not exist for ``rep`` yet, as a member of their
    pools. Read the leads with their pools. One query, none where no lead was opened in waves."""
    found = [lead for lead in leads if _bounded(lead)]
    in_waves = [lead for lead in found if lead.all_at is not None]
    own = Offer.objects.filter(rep=rep, lead__in=in_waves, period=F("lead__period")).order_by()
    offers = {offer.lead_id: offer for offer in own} if in_waves else {}
    return frozenset(
        lead.pk
        for lead in found
        if handed_out(lead) or not open_for(lead, offers.get(lead.pk), moment)
    )


def _bounded(lead: Lead) -> bool:
    """Whether a lead, read with its pool, may not exist for some members of the pool."""
    return lead.all_at is not None or handed_out(lead)


def views(leads: Sequence[Lead], who: Sight) -> list[tuple[Lead, View]]:
    """How much of each lead, read with its owner and pool, a viewer sees now. Two queries at most:
    until a lead opens for a rep, they are no member of its pool as far as that lead goes."""
    rules, outside = policy(), frozenset[int]()
    if who.rep and any(_bounded(lead) for lead in leads):
        outside = unseen(who.rep, leads, clock.now())
    return [
        (lead, rules.view(lead, _without(who, lead) if lead.pk in outside else who))
        for lead in leads
    ]


def view_by(lead: Lead, who: Sight) -> View:
    """The same for one lead."""
    return views([lead], who)[0][1]


def is_member_for(lead: Lead, who: Sight) -> bool:
    """Whether the viewer, as a rep, is in the lead's pool, and it is open for them there."""
    if who.rep is None or lead.pool_id not in who.pools:
        return False
    return not _bounded(lead) or not unseen(who.rep, [lead], clock.now())


def exists_for(rep: Rep, lead: Lead) -> bool:
    """The same for ``rep`` alone, whose pools were not read. Two queries at most."""
    inside = pools_of(rep).filter(leads=lead).exists()
    return inside and not unseen(rep, [lead], clock.now())


def _without(who: Sight, lead: Lead) -> Sight:
    return replace(who, pools=who.pools - {lead.pool_id or 0})


def audiences(
    leads: Iterable[Lead], moment: datetime | None = None
) -> Mapping[int, frozenset[int]]:
    """The members of its pool (primary keys of reps) for whom each lead exists at ``moment`` (None:
    now), by the lead's; leads that exist for all members are not named. Five queries at most,
    none where there are no others. The leads are read with their pools."""
    bounded = [lead for lead in leads if lead.pool and (_bounded(lead) or lead.pool.premium)]
    if not bounded:
        return {}
    moment = moment or clock.now()
    members = members_by_pool({lead.pool_id or 0 for lead in bounded})
    kept_out = frozenset[int]()
    if any(lead.pool and lead.pool.premium for lead in bounded):
        wanted = set().union(*members.values())
        kept_out = kept_out_of_premium(wanted)
    offers = {
        (offer.lead_id, offer.rep_id): offer
        for offer in Offer.objects.filter(lead__in=bounded, period=F("lead__period")).order_by()
    }
    return {
        lead.pk: frozenset(
            rep
            for rep in members[lead.pool_id or 0]
            if not handed_out(lead)
            and not (lead.pool and lead.pool.premium and rep in kept_out)
            and open_for(lead, offers.get((lead.pk, rep)), moment)
        )
        for lead in bounded
    }
