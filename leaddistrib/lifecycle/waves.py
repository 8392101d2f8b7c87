"""When leads that open now open for each member of their pools (TI1, GU4, RA5)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.utils.crypto import salted_hmac

from leaddistrib.engine import windows
from leaddistrib.engine.windows import Waves
from leaddistrib.models import Lead, Pool
from leaddistrib.queries.windows import wavers


def waves_of(
    by_pool: Mapping[Pool, Sequence[Lead]],
    members: Mapping[int, Iterable[int]],
    ready: Collection[int],
    moment: datetime,
) -> dict[int, Waves]:
    """The windows of each lead, saved as opened, in the pools that are premium or in waves, by the
    lead's primary key; leads of other pools are not named. ``members`` by pool and those who are
    ``ready`` are primary keys of reps. Nine queries at most."""
    bounded = [pool for pool in by_pool if pool.in_waves or pool.premium]
    found: dict[int, Waves] = {}
    for pk, who in wavers(bounded, members, moment, ready).items():
        pool = next(pool for pool in bounded if pool.pk == pk)
        known: dict[tuple[datetime, bool], Waves] = {}  # a file's leads open at the same moment
        for lead in by_pool[pool]:
            kind = (
                max(lead.opens_at or moment, moment),
                pool.tiered and drawn(lead, who.floor_percent),
            )
            if kind not in known:
                start, floor = kind
                known[kind] = windows.waves(
                    who.members,
                    start,
                    tiered=pool.tiered,
                    premium=pool.premium,
                    cascade=pool.cascade_seconds if pool.award == Pool.Award.CASCADE else None,
                    floor=floor,
                )
            found[lead.pk] = known[kind]
    return found


def drawn(lead: Lead, percent: int) -> bool:
    """Whether the lead is among the ``percent`` (0-100) for which no tier waits.

    By its public id and the site's secret: the same whenever it is asked, so that giving a lead
    back draws nothing anew; and nobody can tell from the id.
    """
    made = salted_hmac("leaddistrib.floor", str(lead.public_id), algorithm="sha256")
    return int.from_bytes(made.digest()[:8]) * 100 < percent << 64


def keep_all_at(leads: Iterable[Lead], waves: Mapping[int, Waves]) -> None:
    """Write down on each lead when it is open for all members, and nothing where it opens for all
    of them at once because the pool does not open in waves. Few queries: leads that open together
    are written together."""
    changed: dict[datetime | None, list[Lead]] = {}
    for lead in leads:
        in_waves = lead.pool is not None and lead.pool.in_waves
        all_at = waves[lead.pk].all_at if in_waves and lead.pk in waves else None
        if lead.all_at != all_at:
            lead.all_at = all_at
            changed.setdefault(all_at, []).append(lead)
    for all_at, some in changed.items():
        Lead.objects.filter(pk__in=[lead.pk for lead in some]).update(all_at=all_at)
