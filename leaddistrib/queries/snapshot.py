"""Everything a claim page shows, in one message: sent when a socket opens, and for polling."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from leaddistrib.events.messages import Snapshot, stamp
from leaddistrib.models import Pool, Rep
from leaddistrib.queries.cards import cards
from leaddistrib.queries.claimable import windows
from leaddistrib.queries.inbox import newest_waiting, pools_with_sizes
from leaddistrib.queries.limits import in_words, limits
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.visibility import seen_by


def snapshot(
    rep: Rep, epoch: str, moment: datetime, only: Iterable[Pool] | None = None
) -> Snapshot:
    """What ``rep`` may see now, in the active language; of the pools, ``only`` these if given.

    ``epoch`` names the connection. A page forgets all other pools when it is a new one, and keeps
    them when it is the one it knows.
    """
    pools = pools_with_sizes(rep, moment)
    if only is not None:
        pools = pools.filter(pk__in=[pool.pk for pool in only])
    shown = [pool_snapshot(pool, rep, moment) for pool in pools]
    return Snapshot(epoch, stamp(moment), shown, me(rep, moment))


def pool_snapshot(pool: Pool, rep: Rep, moment: datetime) -> dict[str, Any]:
    """One pool with the newest leads that wait there for ``rep``; ``size`` says how many do in all.
    One that hands out the ``next`` lead by a button says so, and names none.

    Its version was read before its leads are: a change in between makes the page hear of a lead
    twice, the other order would make it miss one.
    """
    return {
        "id": str(pool.public_id),
        "name": pool.name,
        "mode": pool.mode,
        "version": pool.version,
        "size": getattr(pool, "size", None) or 0,
        "leads": cards(newest_waiting(pool, seen_by(rep, moment)), moment),
        **({"next": True} if pool.award == Pool.Award.NEXT else {}),
    }


def me(rep: Rep, moment: datetime) -> dict[str, Any]:
    """The rep's own limits, in plain sentences what stands against any claim, and which leads open
    later for the rep than for others."""
    facts = rep_facts([rep.pk], moment)[rep.pk]
    return {
        "name": rep.name,
        **in_words(limits(facts, moment)),
        "windows": windows(rep, moment),
    }


def versions() -> dict[str, int]:
    """The version of every pool, by public id, for a heartbeat. One query."""
    rows = Pool.objects.values_list("public_id", "version")
    return {str(public_id): version for public_id, version in rows}
