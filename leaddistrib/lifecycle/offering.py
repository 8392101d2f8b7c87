"""Phones and chats are told of leads that open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import cast

from leaddistrib.models import Lead, Offer, OutboxMessage, Pool, Rep
from leaddistrib.notify.telling import Telling, tell_chats, tell_many


def write_messages(
    offers: Sequence[Offer],
    pools: Mapping[int, Pool],
    by_pool: Mapping[int, Sequence[Lead]],
    moment: datetime,
) -> None:
    """Write what phones and chats are told of leads that open now in the pools of ``by_pool``."""
    write_to_reps([offer for offer in offers if offer.lead.pool_id in by_pool], moment)
    _post({pools[pk]: some for pk, some in by_pool.items()}, moment)


def _post(by_pool: Mapping[Pool, Iterable[Lead]], moment: datetime) -> None:
    """Tell the chats of the pools' teams of those leads that are open for all members: a chat knows
    no tiers. Those of premium pools are told of nothing, nor are they of leads that a button hands
    out."""
    posted = Pool.objects.exclude(award=Pool.Award.NEXT).filter(
        pk__in=[pool.pk for pool in by_pool], teams__chats__active=True, premium=False
    )
    for pool in posted.distinct().order_by("pk"):
        for lead in by_pool[pool]:
            if lead.all_at is None or lead.all_at <= moment:
                tell_chats(pool, event_of(lead), moment, lead)


def post_last(offers: Iterable[Offer], moment: datetime) -> None:
    """Post the leads that are open for all now that these windows have opened, unless another
    worker did, who opened others of them at the same time."""
    opened = {
        offer.lead_id: offer.lead for offer in offers if (offer.lead.all_at or moment) <= moment
    }
    events = [event_of(lead) for lead in opened.values()]
    posted = OutboxMessage.objects.filter(event__in=events, chat__isnull=False)
    known = set(posted.values_list("lead", flat=True)) if events else set()
    by_pool: dict[Pool, list[Lead]] = defaultdict(list)
    for pk, lead in opened.items():
        if pk not in known:
            by_pool[cast("Pool", lead.pool)].append(lead)
    if by_pool:
        _post(by_pool, moment)


def write_to_reps(offers: Iterable[Offer], moment: datetime) -> None:
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
