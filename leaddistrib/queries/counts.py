"""What each rep got and claimed lately, as the limits of a fair race count it (GU1, GU5, AL1, ON1).

By the team's local day and week. Whoever acts on a count locks the rep first: it is then as it will
stay. Each query is made only if a limit asks for it, for all reps at once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, Window
from django.db.models.functions import RowNumber

from leaddistrib.engine.facts import Counts
from leaddistrib.engine.onboarding import WINDOW
from leaddistrib.models import Assignment, Claim
from leaddistrib.queries.localdays import Span, day_of, week_before, week_of

GIVEN = (Assignment.Method.PUSH, Assignment.Method.MANUAL, Assignment.Method.ESCALATION)
"""Ways in which a lead is assigned to a rep, who did not reach for it."""

GONE = (Assignment.Ended.RELEASED, Assignment.Ended.LAPSED)
"""An assigned lead that ended so does not count as assigned."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A rep, the zone of the team's days, and what is to be counted: claims, the leads of the week,
    and, since a moment, the newest leads in a row."""

    rep: int
    zone: tzinfo
    claims: bool = False
    week: bool = False
    row_since: datetime | None = None


def counts(asked: Iterable[Asked], moment: datetime, *, past: bool = False) -> dict[int, Counts]:
    """Each rep's counts at ``moment``, by primary key; what was not asked for is 0. Three queries
    at most: of claims, of assignments, and of leads in a row.

    With ``past`` nothing that came after ``moment`` is known, as it was then; not so of leads in a
    row."""
    reps = list(asked)
    found = {one.rep: Counts() for one in reps}
    for wanted, count in (
        ([one for one in reps if one.claims], _claims),
        ([one for one in reps if one.claims or one.week], _assignments),
        ([one for one in reps if one.row_since], _rows),
    ):
        if wanted:
            for rep, numbers in count(wanted, moment, past):
                found[rep] = replace(found[rep], **numbers)
    return found


Numbers = Iterable[tuple[int, dict[str, Any]]]


def _claims(asked: Sequence[Asked], moment: datetime, past: bool) -> Numbers:
    """Claims that were won, today, this week and last week, whatever became of the leads."""
    today = _within(asked, moment, day_of, "claimed_at", past)
    week = _within(asked, moment, week_of, "claimed_at", past)
    former = _within(asked, moment, week_before, "claimed_at", past)
    raced = Q(competitive=True)
    won = Claim.objects.filter(rep__in=[one.rep for one in asked], result=Claim.Result.WON)
    rows = (
        won.filter(week | former)
        .order_by()
        .values("rep")
        .annotate(
            competitive_today=Count("pk", filter=today & raced),
            hot=Count("pk", filter=week & raced & Q(temperature="hot")),
            warm=Count("pk", filter=week & Q(temperature="warm")),
            cold=Count("pk", filter=week & Q(temperature="cold")),
            cold_last_week=Count("pk", filter=former & Q(temperature="cold")),
            competed_last_week=Count("pk", filter=former & raced),
        )
        # Named as the field that the others look at, so it comes after them.
        .annotate(competitive=Count("pk", filter=week & raced))
    )
    for row in rows:
        numbers: dict[str, Any] = {**row, "competed_last_week": row["competed_last_week"] > 0}
        yield numbers.pop("rep"), numbers


def _assignments(asked: Sequence[Asked], moment: datetime, past: bool) -> Numbers:
    """Leads of this week: all that the rep got, and those assigned, of which those that were
    given back or let lapse do not count."""
    week = _within(asked, moment, week_of, "started_at", past)
    gone = Q(end__in=GONE)
    if past:
        gone &= Q(ended_at__lte=moment)
    kept = Q(method__in=GIVEN) & ~gone
    rows = (
        Assignment.objects.filter(week, rep__in=[one.rep for one in asked])
        .exclude(method=Assignment.Method.HISTORY)
        .order_by()
        .values("rep")
        .annotate(leads_week=Count("pk"), assigned=Count("pk", filter=kept))
    )
    for row in rows:
        numbers: dict[str, Any] = {**row}
        yield numbers.pop("rep"), numbers


def _rows(asked: Sequence[Asked], moment: datetime, past: bool) -> Numbers:
    """The newest leads of each rep that were raced for or assigned, whatever became of them. Of a
    queue, where nobody races, leads are neither."""
    claims = Claim.objects.filter(
        lead=OuterRef("lead"),
        rep=OuterRef("rep"),
        claimed_at__lte=OuterRef("started_at"),  # before it, where claims are collected first
        result=Claim.Result.WON,
        competitive=True,
    )
    place = Window(
        RowNumber(),
        partition_by="rep",
        order_by=[F("started_at").desc(), F("pk").desc()],
    )
    wanted = Q(pk__in=())
    for one in asked:
        wanted |= Q(rep=one.rep, started_at__gte=one.row_since)
    newest = (
        Assignment.objects.filter(wanted)
        .annotate(raced=Exists(claims))
        .filter(Q(method__in=GIVEN) | Q(method=Assignment.Method.CLAIM, raced=True))
        .annotate(place=place)
        .filter(place__lt=WINDOW)
        .order_by("rep", "-place")
    )
    nine: dict[int, list[bool]] = defaultdict(list)
    for rep, method in newest.values_list("rep", "method"):
        nine[rep].append(method == Assignment.Method.CLAIM)
    for rep, row in nine.items():
        yield rep, {"last_nine": tuple(row)}


def _within(
    asked: Sequence[Asked],
    moment: datetime,
    span: Callable[[datetime, tzinfo], Span],
    field: str,
    past: bool,
) -> Q:
    """Rows whose ``field`` is in the span that ``moment`` is in by the zone of their rep; with
    ``past``, not after ``moment``. One part for each zone, nearly always one."""
    by_zone: dict[tzinfo, list[int]] = defaultdict(list)
    for one in asked:
        by_zone[one.zone].append(one.rep)
    found = Q(pk__in=())
    for zone, reps in by_zone.items():
        start, end = span(moment, zone)
        times = Q(**{f"{field}__gte": start, f"{field}__lt": end})
        if past:
            times &= Q(**{f"{field}__lte": moment})
        if len(by_zone) == 1:
            return times
        found |= times & Q(rep__in=reps)
    return found
