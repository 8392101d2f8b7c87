"""What happened to reps in the last 30 days, as a replay reads it: bounded, in few queries."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from leaddistrib.engine.facts import Counts
from leaddistrib.models import Assignment, Claim, Rep
from leaddistrib.queries.counts import GIVEN, GONE, Asked, counts
from leaddistrib.queries.whatif.walking import Claimed, Event, Given, Returned

MOST = 10_000
"""Claims, and leads handed out, that a replay looks at: the newest. It takes a second or two."""

DAYS = timedelta(days=30)
WEEK = timedelta(days=8)
"""A local week is never longer."""

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """The time that is replayed: after ``since``. ``cut``: there was more than MOST in the last 30
    days, and it is shorter."""

    since: datetime
    cut: bool = False


def claims_of(reps: QuerySet[Rep], since: datetime) -> tuple[list[Claimed], Stretch]:
    """The claims of ``reps`` after ``since``: those that were won, and those in races that were
    refused. One query."""
    told = Q(result=Claim.Result.WON) | Q(result=Claim.Result.REFUSED, competitive=True)
    columns = ("rep", "lead", "period", "result", "competitive", "temperature", "reasons")
    rows, stretch = _newest(
        Claim.objects.filter(told, rep__in=reps.values("pk")),
        "claimed_at",
        columns,
        Stretch(since),
    )
    return [
        Claimed(at, rep, (lead, period), result == Claim.Result.WON, raced, warmth, frozenset(why))
        for at, rep, lead, period, result, raced, warmth, why in rows
    ], stretch


def handed_to(reps: Iterable[int], stretch: Stretch) -> tuple[list[Event], Stretch]:
    """What was assigned to ``reps`` (primary keys) and given back in a stretch, and how much of the
    stretch that is: there may be more than MOST. Two queries."""
    given = Assignment.objects.filter(rep__in=list(reps), method__in=GIVEN)
    rows, shorter = _newest(given, "started_at", ("rep", "end", "ended_at"), stretch)
    before = given.filter(
        end__in=GONE,
        ended_at__gt=shorter.since,
        started_at__lte=shorter.since,
        started_at__gt=shorter.since - WEEK,
    )
    former = before.values_list("started_at", "rep", "end", "ended_at")
    found: list[Event] = [Given(at, rep) for at, rep, _end, _ended in rows]
    found += [Returned(ended, rep, at) for at, rep, end, ended in [*rows, *former] if end in GONE]
    return found, shorter


def got_by(reps: QuerySet[Rep], since: datetime) -> tuple[list[Given], Stretch]:
    """All leads that ``reps`` got after ``since``, in whatever way. One query."""
    rows = Assignment.objects.filter(rep__in=reps.values("pk"))
    found, stretch = _newest(
        rows.exclude(method=Assignment.Method.HISTORY),
        "started_at",
        ("rep",),
        Stretch(since),
    )
    return [Given(at, rep) for at, rep in found], stretch


def counted(reps: Collection[Rep], since: datetime) -> dict[int, Counts]:
    """What was counted for each rep when a replay begins. Two queries."""
    asked = [Asked(rep.pk, rep.limits_zone, claims=True, week=True) for rep in reps]
    return counts(asked, since, past=True)


def _newest(
    rows: QuerySet[Any], field: str, columns: tuple[str, ...], stretch: Stretch
) -> tuple[Rows, Stretch]:
    """The newest MOST rows in a stretch by the time in ``field``, newest last, and the stretch in
    which there are no others. One query."""
    inside = rows.filter(**{f"{field}__gt": stretch.since}).order_by(f"-{field}", "-pk")
    found = list(inside.values_list(field, *columns)[: MOST + 1])[::-1]
    if len(found) <= MOST:
        return found, stretch
    since = found[0][0]
    return [row for row in found if row[0] > since], Stretch(since, cut=True)
