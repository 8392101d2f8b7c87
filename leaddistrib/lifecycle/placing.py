"""Reps are placed in tiers, once a week (TI1, TI2)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Q, QuerySet

from leaddistrib.lifecycle.transactions import act, lock_scope
from leaddistrib.models import Rep, TierPlacement
from leaddistrib.queries.placing import (
    Known,
    Proposed,
    already_placed,
    known_figures,
    proposals,
    today_of,
    week_of,
)

AT_ONCE = 500
"""Reps that are placed in one transaction, and locked meanwhile, unless one team has more: as many
queries as for one, and nobody's claim waits for long."""


def place_reps(
    moment: datetime, period: date | None = None, *, teams: Iterable[int | None] | None = None
) -> dict[str, int]:
    """Place everybody for the week from ``period`` (None: the one of ``moment``), or those of
    ``teams`` (primary keys; None: reps without a team), by the figures of the days before
    ``moment``. Returns how many were placed for each reason, and how many of them ``moved``.

    Teams are placed several at a time, each batch in a transaction of its own. Who is placed for
    that week, or a later one, stays where they are, so doing it again changes nothing. Reps for
    whom no policy holds (any more) are in no tier.

    Raises:
        Busy: the database was locked through every retry; teams before that one are placed.
    """
    today = today_of(moment)
    first = period or week_of(today)
    sizes = dict(Rep.objects.order_by().values_list("team").annotate(Count("pk")))
    if teams is not None:
        wanted = set(teams)
        sizes = {team: size for team, size in sizes.items() if team in wanted}
    # Before anybody is locked: what was before today is read once, and stands.
    known = known_figures(_members(sizes), today)
    done: Counter[str] = Counter()
    for some in _batches(sizes):
        done += _place_teams(some, first, today, moment, known)
    return dict(done)


def _batches(sizes: Mapping[int | None, int]) -> Iterator[list[int | None]]:
    """The teams of these sizes, in their order, as many at a time as have AT_ONCE reps."""
    batch: list[int | None] = []
    reps = 0
    for team in sorted(sizes, key=lambda one: one or 0):
        if batch and reps + sizes[team] > AT_ONCE:
            yield batch
            batch, reps = [], 0
        batch.append(team)
        reps += sizes[team]
    if batch:
        yield batch


@act(durable=False)
def _place_teams(
    teams: Sequence[int | None], period: date, today: date, moment: datetime, known: Known
) -> Counter[str]:
    members = _members(teams)
    # Whoever writes placements of these reps waits here, and then finds them.
    lock_scope(members)
    proposed = proposals(members, today, known)
    settled = already_placed(members, period)
    new = [one for one in proposed if one.rep.pk not in settled]
    TierPlacement.objects.bulk_create(_row(one, period, moment) for one in new)
    moved = [one for one in new if one.moves]
    done = Counter([str(one.placed.reason) for one in new] + ["moved"] * len(moved))
    by_level: dict[int | None, list[int]] = defaultdict(list)
    for one in moved:
        by_level[one.placed.level].append(one.rep.pk)
    for level, reps in by_level.items():
        Rep.objects.filter(pk__in=reps).update(tier=level)
    left = members.filter(tier__isnull=False).exclude(pk__in=[one.rep.pk for one in proposed])
    left.update(tier=None)
    return done


def _members(teams: Iterable[int | None]) -> QuerySet[Rep]:
    """Everybody in these teams; None: reps without one."""
    wanted = set(teams)
    nobodys = Q(team=None) if None in wanted else Q(pk__in=())
    return Rep.objects.filter(Q(team__in=wanted - {None}) | nobodys)


def _row(one: Proposed, period: date, moment: datetime) -> TierPlacement:
    placed = one.placed
    return TierPlacement(
        rep=one.rep,
        policy=one.policy,
        period=period,
        level=placed.level,
        former=one.rep.tier,
        reason=placed.reason,
        score=None if placed.score is None else Decimal(str(placed.score)),
        figures=placed.figures,
        at=moment,
    )
