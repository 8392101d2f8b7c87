"""Pages are told what changed in a pool, each change with the pool's next version."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.db.models import F

from leaddistrib.events.messages import Heartbeat, LeadOpened, LeadTaken, LeadUpdated, card, stamp
from leaddistrib.events.publishing import pool_group, publish
from leaddistrib.models import Lead, Pool, Rep

SINGLY = 20
"""Leads that change at once in a pool up to which each gets its own message. A file of thousands
sends one heartbeat instead, and each page fetches the snapshot once."""


def announce_opened(pool: Pool, leads: Sequence[Lead]) -> None:
    """These leads may be claimed now."""
    _announce(pool, leads, LeadOpened)


def announce_updated(pool: Pool, leads: Sequence[Lead]) -> None:
    """These waiting leads are not what they were: their source says something new."""
    _announce(pool, leads, LeadUpdated)


def announce_taken(lead: Lead, rep: Rep, moment: datetime) -> None:
    """The lead is gone from its pool, and whose it is."""
    pool = cast("Pool", lead.pool)
    version = _move_version(pool, by=1)
    taken = LeadTaken(str(pool.public_id), version, str(lead.public_id), rep.name, stamp(moment))
    publish(pool_group(pool), taken)


def _announce(
    pool: Pool, leads: Sequence[Lead], message: type[LeadOpened] | type[LeadUpdated]
) -> None:
    version = _move_version(pool, by=len(leads))
    if len(leads) > SINGLY:
        publish(pool_group(pool), Heartbeat({str(pool.public_id): version}))
        return
    for number, lead in enumerate(leads, start=version - len(leads) + 1):
        publish(pool_group(pool), message(str(pool.public_id), number, card(lead)))


def _move_version(pool: Pool, by: int) -> int:
    """The pool's version after ``by`` more changes.

    The row stays locked until the commit, so versions follow each other without a gap; it is the
    last lock that an act takes, to be held for the shortest time.
    """
    Pool.objects.filter(pk=pool.pk).update(version=F("version") + by)
    version: int = Pool.objects.values_list("version", flat=True).get(pk=pool.pk)
    return version
