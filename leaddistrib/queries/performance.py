"""What the reps of a team were given and won of it, and the weights that follow (PU1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from leaddistrib.engine.weights import Record, Weighed, weights
from leaddistrib.models import Assignment, Outcome, Rep, Team
from leaddistrib.queries.organisation import organisation
from leaddistrib.queries.standing import reached


@dataclass(frozen=True, slots=True)
class Performance:
    """A rep's record over the period, and the weight it stands for beside the one in force."""

    rep: Rep
    record: Record
    weighed: Weighed


def performance(team: Team, moment: datetime) -> list[Performance]:
    """The active reps of ``team``, best converter first, over the organisation's period until
    ``moment``. A lead counts for each rep who owned it; it is won by the rep who won it."""
    settings = organisation()
    since = moment - timedelta(days=settings.performance_days)
    reps = list(team.reps.filter(active=True).select_related("user"))
    found = records((rep.pk for rep in reps), since, moment)
    weighed = weights({rep.pk: found[rep.pk] for rep in reps}, settings.best_weight)
    rows = [Performance(rep, found[rep.pk], weighed[rep.pk]) for rep in reps]
    return sorted(rows, key=lambda row: (-row.weighed.shrunk, row.rep.pk))


def records(reps: Iterable[int], since: datetime, until: datetime) -> dict[int, Record]:
    """What each of ``reps`` was given from ``since`` until ``until`` and won of it, one query."""
    ids = list(reps)
    won = reached([Outcome.Stage.WON]).filter(
        lead=OuterRef("lead"), rep=OuterRef("rep"), at__lt=until
    )
    rows = (
        Assignment.objects.filter(rep__in=ids, started_at__gte=since, started_at__lt=until)
        .annotate(won=Exists(won))
        .order_by()
        .values("rep")
        .annotate(
            leads=Count("lead", distinct=True),
            wins=Count("lead", distinct=True, filter=Q(won=True)),
        )
    )
    known = {row["rep"]: Record(row["leads"], row["wins"]) for row in rows}
    return {rep: known.get(rep, Record(0, 0)) for rep in ids}
