"""Pages are told what changed: in a pool, with the pool's next version, and for a rep."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from django.db.models import F

from leaddistrib.engine.facts import RepFacts
from leaddistrib.events.messages import (
    NAME,
    Heartbeat,
    LeadOpened,
    LeadTaken,
    LeadUpdated,
    LeadWithdrawn,
    Message,
    PoolChanged,
    WindowsChanged,
    cut,
    stamp,
)
from leaddistrib.events.publishing import (
    CHANGES,
    LIMITS,
    TEXTS,
    Event,
    pool_group,
    publish_events,
    rep_group,
)
from leaddistrib.models import Lead, Offer, Pool, Rep
from leaddistrib.policy import handed_out
from leaddistrib.queries.cards import cards
from leaddistrib.queries.limits import limits
from leaddistrib.queries.visibility import audiences

Audiences = Mapping[int, Collection[int]]
"""The reps for whom each lead exists, both by primary key; leads that are not named exist for all
members of their pools."""

SINGLY = 20
"""Leads that change at once in a pool up to which each gets its own message. A file of thousands
sends one heartbeat instead, and each page fetches the snapshot once."""


def announce_opened(pool: Pool, leads: Sequence[Lead], moment: datetime | None = None) -> None:
    """These leads may be claimed now, at ``moment``; in waves by those for whom they are open."""
    _announce(pool, leads, LeadOpened, audiences(leads, moment))


def announce_waves(offers: Iterable[Offer]) -> None:
    """Leads have opened for the reps of these hidden ``offers``, read with their leads and pools:
    their pages show them now, or how many wait, where a button hands out the next one. Pools by
    ascending id."""
    pools: dict[int, Pool] = {}
    opened: dict[int, dict[int, Lead]] = defaultdict(dict)
    reps: dict[int, set[int]] = defaultdict(set)
    for offer in offers:
        pool = cast("Pool", offer.lead.pool)
        pools[pool.pk] = pool
        opened[pool.pk].setdefault(offer.lead_id, offer.lead)
        reps[offer.lead_id] |= set() if handed_out(offer.lead) else {offer.rep_id}
    for pk in sorted(opened):
        _announce(pools[pk], list(opened[pk].values()), LeadOpened, reps)


def announce_updated(pool: Pool, leads: Sequence[Lead]) -> None:
    """These waiting leads are not what they were: their source says something new."""
    _announce(pool, leads, LeadUpdated, audiences(leads))


def announce_taken(lead: Lead, rep: Rep, facts: RepFacts, moment: datetime) -> None:
    """The lead is gone from its pool, and whose it is; ``rep`` holds one more, by ``facts``.

    One call for both audiences: where no socket is open in this process, each call costs
    milliseconds.
    """
    own = {rep_group(rep): {"type": LIMITS, "limits": limits(facts, moment)}}
    publish_events({**_gone([(lead, rep)], moment), **own})


def announce_gone(gone: Iterable[tuple[Lead, Rep | None]], moment: datetime) -> None:
    """These leads are gone from their pools, each to the rep who has it now, or to nobody there.

    Moves each pool's version once, pools by ascending id: many leads hold them no longer than one.
    """
    publish_events(_gone(gone, moment))


def announce_limits(reps: Iterable[Rep], facts: Mapping[int, RepFacts], moment: datetime) -> None:
    """The own pages of ``reps`` are told where they stand now, by ``facts`` (by rep id) that are
    true when the transaction commits. No query, and one call for all of them."""
    publish_events(
        {rep_group(rep): {"type": LIMITS, "limits": limits(facts[rep.pk], moment)} for rep in reps}
    )


def announce_windows(offers: Iterable[Offer], reps: Mapping[int, Rep]) -> None:
    """The own pages of each rep are told when leads open for them, or did: small messages of their
    own, because everybody else in the pool has nothing to do with it. Read the offers with their
    leads' pools; ``reps`` by id. No query."""
    windows: dict[int, list[tuple[str, str | None]]] = defaultdict(list)
    for offer in offers:
        if handed_out(offer.lead):
            continue
        windows[offer.rep_id].append((str(offer.lead.public_id), stamp(offer.opens_at)))
    publish_events(
        {
            rep_group(reps[pk]): {"type": TEXTS, "texts": list(_window_texts(own))}
            for pk, own in windows.items()
        }
    )


def _window_texts(windows: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    for first in range(0, len(windows), WindowsChanged.LEADS):
        part = windows[first : first + WindowsChanged.LEADS]
        yield WindowsChanged({"windows": dict(part)}).text


def _announce(
    pool: Pool,
    leads: Sequence[Lead],
    message: type[LeadOpened] | type[LeadUpdated],
    seen_by: Audiences,
) -> None:
    def told(first: int) -> Iterable[Message]:
        return (message(str(pool.public_id), first + n, one) for n, one in enumerate(cards(leads)))

    publish_events({pool_group(pool): _changes(pool, leads, told, seen_by)})


def _gone(gone: Iterable[tuple[Lead, Rep | None]], moment: datetime) -> dict[str, Event]:
    """What the pages of each pool are told of the leads that are gone from it."""
    pools: dict[int, Pool] = {}
    left: dict[int, list[tuple[Lead, Rep | None]]] = defaultdict(list)
    for lead, rep in gone:
        pool = cast("Pool", lead.pool)
        pools[pool.pk] = pool
        left[pool.pk].append((lead, rep))
    seen_by = audiences((lead for some in left.values() for lead, _rep in some), moment)
    return {
        pool_group(pools[pk]): _changes(
            pools[pk],
            [lead for lead, _rep in left[pk]],
            partial(_each_gone, left[pk], moment),
            seen_by,
        )
        for pk in sorted(left)
    }


def _each_gone(
    gone: Sequence[tuple[Lead, Rep | None]], moment: datetime, first: int
) -> Iterator[Message]:
    for version, (lead, rep) in enumerate(gone, start=first):
        pool, public_id = str(cast("Pool", lead.pool).public_id), str(lead.public_id)
        if rep is None:
            yield LeadWithdrawn(pool, version, public_id)
        else:
            yield LeadTaken(pool, version, public_id, by=cut(rep.name, NAME), at=stamp(moment))


def _changes(
    pool: Pool,
    leads: Sequence[Lead],
    told: Callable[[int], Iterable[Message]],
    seen_by: Audiences,
) -> Event:
    """What the pool's pages are told of a change of each of ``leads``: what ``told`` says, numbered
    from the first version that it is given, or one heartbeat. Of a lead that ``seen_by`` names all
    others than these reps learn that there is a new version, and nothing else."""
    number, name = len(leads), str(pool.public_id)
    version = _move_version(pool, by=number)
    if number > SINGLY:
        return {"type": TEXTS, "texts": [Heartbeat({name: version}).text]}
    first = version - number + 1
    texts = [message.text for message in told(first)]
    if not any(lead.pk in seen_by for lead in leads):
        return {"type": TEXTS, "texts": texts}
    return {
        "type": CHANGES,
        "changes": [
            {
                "text": text,
                "reps": sorted(seen_by[lead.pk]) if lead.pk in seen_by else None,
                "others": PoolChanged(name, one).text,
            }
            for one, (lead, text) in enumerate(zip(leads, texts, strict=True), start=first)
        ],
    }


def _move_version(pool: Pool, by: int) -> int:
    """The pool's version after ``by`` more changes.

    The row stays locked until the commit, so versions follow each other without a gap; it is the
    last lock that an act takes, to be held for the shortest time.
    """
    Pool.objects.filter(pk=pool.pk).update(version=F("version") + by)
    version: int = Pool.objects.values_list("version", flat=True).get(pk=pool.pk)
    return version
