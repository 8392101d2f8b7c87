"""Pages are told what changed: in a pool, with the pool's next version, and for a rep."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
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
    cut,
    stamp,
)
from leaddistrib.events.publishing import (
    LIMITS,
    TEXTS,
    pool_group,
    publish,
    publish_events,
    rep_group,
)
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.queries.cards import cards
from leaddistrib.queries.limits import limits

SINGLY = 20
"""Leads that change at once in a pool up to which each gets its own message. A file of thousands
sends one heartbeat instead, and each page fetches the snapshot once."""


def announce_opened(pool: Pool, leads: Sequence[Lead]) -> None:
    """These leads may be claimed now."""
    _announce(pool, leads, LeadOpened)


def announce_updated(pool: Pool, leads: Sequence[Lead]) -> None:
    """These waiting leads are not what they were: their source says something new."""
    _announce(pool, leads, LeadUpdated)


def announce_taken(lead: Lead, rep: Rep, facts: RepFacts, moment: datetime) -> None:
    """The lead is gone from its pool, and whose it is; ``rep`` holds one more, by ``facts``.

    One call for both audiences: where no socket is open in this process, each call costs
    milliseconds.
    """
    pool = cast("Pool", lead.pool)
    taken = LeadTaken(
        pool=str(pool.public_id),
        version=_move_version(pool, by=1),
        lead=str(lead.public_id),
        by=cut(rep.name, NAME),
        at=stamp(moment),
    )
    publish_events(
        {
            pool_group(pool): {"type": TEXTS, "texts": [taken.text]},
            rep_group(rep): {"type": LIMITS, "limits": limits(facts, moment)},
        }
    )


def announce_withdrawn(lead: Lead) -> None:
    """The lead is gone from its pool, and nobody has it."""
    pool = cast("Pool", lead.pool)
    version = _move_version(pool, by=1)
    gone = LeadWithdrawn(str(pool.public_id), version, str(lead.public_id))
    publish(pool_group(pool), gone)


def announce_limits(reps: Iterable[Rep], facts: Mapping[int, RepFacts], moment: datetime) -> None:
    """The own pages of ``reps`` are told where they stand now, by ``facts`` (by rep id) that are
    true when the transaction commits. No query, and one call for all of them."""
    publish_events(
        {rep_group(rep): {"type": LIMITS, "limits": limits(facts[rep.pk], moment)} for rep in reps}
    )


def _announce(
    pool: Pool, leads: Sequence[Lead], message: type[LeadOpened] | type[LeadUpdated]
) -> None:
    version = _move_version(pool, by=len(leads))
    if len(leads) > SINGLY:
        publish(pool_group(pool), Heartbeat({str(pool.public_id): version}))
        return
    first = version - len(leads) + 1
    publish(
        pool_group(pool),
        *(message(str(pool.public_id), first + n, one) for n, one in enumerate(cards(leads))),
    )


def _move_version(pool: Pool, by: int) -> int:
    """The pool's version after ``by`` more changes.

    The row stays locked until the commit, so versions follow each other without a gap; it is the
    last lock that an act takes, to be held for the shortest time.
    """
    Pool.objects.filter(pk=pool.pk).update(version=F("version") + by)
    version: int = Pool.objects.values_list("version", flat=True).get(pk=pool.pk)
    return version
