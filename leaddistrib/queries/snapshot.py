"""Everything a claim page shows, in one message: sent when a socket opens, and for polling."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from leaddistrib.events.messages import Snapshot, card, stamp
from leaddistrib.models import Lead, Pool, Rep
from leaddistrib.queries import wording
from leaddistrib.queries.inbox import newest_waiting, pools_with_sizes, standing


def snapshot(rep: Rep, epoch: str, moment: datetime) -> Snapshot:
    """What ``rep`` may see now. ``epoch`` names the connection; a page ignores older ones.

    The version of a pool is read before its leads: a change in between makes the page fetch once
    more than needed, the other order would make it miss the change.
    """
    pools = [pool_snapshot(pool) for pool in pools_with_sizes(rep)]
    return Snapshot(epoch=epoch, pools=pools, me=me(rep, moment))


def pool_snapshot(pool: Pool) -> dict[str, Any]:
    """One pool with its newest waiting leads; ``size`` says how many wait in all."""
    leads: Iterable[Lead] = newest_waiting(pool)
    return {
        "id": str(pool.public_id),
        "name": pool.name,
        "mode": pool.mode,
        "version": pool.version,
        "size": getattr(pool, "size", None) or 0,
        "leads": [card(lead) for lead in leads],
    }


def me(rep: Rep, moment: datetime) -> dict[str, Any]:
    """The rep's own limits, and in plain sentences what stands against any claim."""
    own = standing(rep, moment)
    return {
        "name": rep.name,
        "open_leads": own.open_leads,
        "capacity": own.capacity,
        "paused": own.paused,
        "may_claim": own.may_claim,
        "reasons": [
            {
                "code": refusal.code,
                "message": wording.refusal(refusal.code, refusal.params),
                "lifts_at": stamp(refusal.lifts_at),
            }
            for refusal in own.refusals
        ],
    }


def versions() -> dict[str, int]:
    """The version of every pool, by public id, for a heartbeat. One query."""
    rows = Pool.objects.values_list("public_id", "version")
    return {str(public_id): version for public_id, version in rows}
