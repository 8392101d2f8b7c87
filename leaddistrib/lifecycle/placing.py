"""Reps are placed in tiers, once a week (TI1, TI2)."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from leaddistrib.lifecycle.transactions import act, lock_scope
from leaddistrib.models import Rep, TierPlacement
from leaddistrib.queries.placing import Proposed, already_placed, proposals, today_of, week_of


def place_reps(
    moment: datetime, period: date | None = None, *, teams: Iterable[int | None] | None = None
) -> dict[str, int]:
    """Place everybody for the week from ``period`` (None: the one of ``moment``), or those of
    ``teams`` (primary keys; None: reps without a team), by the figures of the days before
    ``moment``. Returns how many were placed for each reason, and how many of them ``moved``.

    Each team is a transaction of its own. Who is placed for that week, or a later one, stays where
    they are, so doing it again changes nothing. Reps for whom no policy holds (any more) are in no
    tier.

    Raises:
        Busy: the database was locked through every retry; teams before that one are placed.
    """
    today = today_of(moment)
    first = period or week_of(today)
    wanted = set(Rep.objects.order_by().values_list("team", flat=True).distinct())
    if teams is not None:
        wanted &= set(teams)
    done: Counter[str] = Counter()
    for team in sorted(wanted, key=lambda one: one or 0):
        done += _place_team(team, first, today, moment)
    return dict(done)


@act(durable=False)
def _place_team(team: int | None, period: date, today: date, moment: datetime) -> Counter[str]:
    members = Rep.objects.filter(team=team)
    # Whoever writes placements of these reps waits here, and then finds them.
    lock_scope(members)
    proposed = proposals(members, today)
    settled = already_placed(members, period)
    new = [one for one in proposed if one.rep.pk not in settled]
    TierPlacement.objects.bulk_create(_row(one, period, moment) for one in new)
    moved = [one for one in new if one.moves]
    done = Counter([str(one.placed.reason) for one in new] + ["moved"] * len(moved))
    for one in moved:
        one.rep.tier = one.placed.level
    Rep.objects.bulk_update([one.rep for one in moved], ["tier"])
    left = members.filter(tier__isnull=False).exclude(pk__in=[one.rep.pk for one in proposed])
    left.update(tier=None)
    return done


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
