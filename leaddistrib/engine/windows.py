"""When a lead opens for whom: by tier, after a head start, one after the other (TI1, GU4, RA5)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leaddistrib.engine.availability import WorkingWeek
from leaddistrib.engine.deadlines import after


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a pool, as far as windows go.

    ``delay`` is how many minutes the rep's tier waits; None for reps without one, who wait as long
    as ``middle`` says if anybody in the pool has a tier. With ``week`` only its hours count.
    ``premium``: may see premium pools. ``head_start``: minutes that everybody else waits longer,
    because it is this rep's priority window; 0 outside one. ``rank`` sorts a cascade, the least
    first.
    """

    rep: int
    delay: int | None = None
    middle: int = 0
    week: WorkingWeek | None = None
    premium: bool = True
    head_start: int = 0
    rank: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Waves:
    """When a lead opens for each rep of a pool (by primary key, UTC); ``all_at`` when it is open
    for the last of them. For those in ``never`` it does not exist."""

    opens: Mapping[int, datetime]
    all_at: datetime
    never: frozenset[int] = frozenset()


def waves(
    members: Sequence[Member],
    moment: datetime,
    *,
    tiered: bool = False,
    premium: bool = False,
    cascade: int | None = None,
    floor: bool = False,
) -> Waves:
    """The windows of a lead that opens at ``moment`` in a pool with these ``members``.

    Whoever has a priority window sees it then, and the times of all others count from the end of
    the longest head start. ``tiered``: each tier waits its minutes. ``cascade``: one rep after the
    other, at least so many seconds apart, by rank; where both hold, within each tier. A lead of the
    starvation ``floor`` waits for no tier and no rank: what is left is the head start. In a
    ``premium`` pool tiers that do not see such pools never see it. Nobody's window is before
    ``moment``.
    """
    never = frozenset(one.rep for one in members if premium and not one.premium)
    seeing = [one for one in members if one.rep not in never]
    first = [one.rep for one in seeing if one.head_start]
    start = moment + timedelta(minutes=max((one.head_start for one in seeing), default=0))
    others = [one for one in seeing if not one.head_start]
    opens = dict.fromkeys(first, moment) | {one.rep: start for one in others}
    if tiered and not floor:
        placed = any(one.delay is not None for one in seeing)
        opens |= {one.rep: _by_tier(one, start, placed=placed) for one in others}
    if cascade is not None and not floor:
        turn = start
        for one in sorted(others, key=lambda one: (opens[one.rep], one.rank, one.rep)):
            opens[one.rep] = turn = max(opens[one.rep], turn)
            turn += timedelta(seconds=cascade)
    return Waves(opens, max(opens.values(), default=moment), never)


def _by_tier(member: Member, start: datetime, *, placed: bool) -> datetime:
    """Where nobody is in a tier, nobody waits: who would be alone with the lead meanwhile?"""
    delay = member.delay if member.delay is not None else member.middle * placed
    return after(start, delay, member.week) if delay else start
