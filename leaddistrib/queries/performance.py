"""What the reps of a team were given and won of it, and the weights that follow (PU1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet

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
    """What each of ``reps`` was given from ``since`` until ``until`` and won of it. Two queries:
    wins are few, and are looked at for themselves rather than for each lead."""
    ids = list(reps)
    given = Assignment.objects.filter(started_at__gte=since, started_at__lt=until)
    owned = given.filter(lead=OuterRef("lead"), rep=OuterRef("rep"))
    wins = reached([Outcome.Stage.WON]).filter(Exists(owned), rep__in=ids, at__lt=until)
    leads, won = _leads_by_rep(given.filter(rep__in=ids)), _leads_by_rep(wins)
    return {rep: Record(leads.get(rep, 0), won.get(rep, 0)) for rep in ids}


def _leads_by_rep(rows: QuerySet[Any]) -> dict[int, int]:
    """How many leads ``rows`` are about, by rep."""
    counted = rows.order_by().values_list("rep").annotate(Count("lead", distinct=True))
    return dict(counted)
