"""What each rep got and claimed lately, as the limits of a fair race count it (GU1, GU5, AL1, ON1).

By the team's local day and week. Whoever acts on a count locks the rep first: it is then as it will
stay. Each query is made only if a limit asks for it, for all reps at once.
"""

from collections import Counter, defaultdict
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


CLAIMED = ("competitive_today", "competitive", "hot", "warm", "cold", "cold_last_week")
"""What is counted of claims, by the names of ``Counts``: "hot" are those that were raced for."""


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
    won = Claim.objects.filter(rep__in=[one.rep for one in asked], result=Claim.Result.WON)
    rows = (
        won.filter(week | former)
        .order_by()
        .values_list("rep", "competitive", "temperature")
        .annotate(
            today=Count("pk", filter=today),
            week=Count("pk", filter=week),
            former=Count("pk", filter=former),
        )
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for rep, raced, temperature, of_today, of_week, of_former in rows:
        own = found[rep]
        if raced:
            own["competitive_today"] += of_today
            own["competitive"] += of_week
            own["competed_last_week"] += of_former
        if temperature == "cold":
            own["cold_last_week"] += of_former
        if raced or temperature != "hot":
            own[temperature] += of_week
    for rep, own in found.items():
        numbers: dict[str, Any] = {name: own[name] for name in CLAIMED}
        yield rep, {**numbers, "competed_last_week": own["competed_last_week"] > 0}


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
    wanted = Q(pk__in=())
    for one in asked:
        wanted |= Q(rep=one.rep, started_at__gte=one.row_since)
    either = (
        Assignment.objects.filter(wanted)
        .annotate(raced=Exists(claims))
        .filter(Q(method__in=GIVEN) | Q(method=Assignment.Method.CLAIM, raced=True))
    )
    order = (F("started_at").desc(), F("pk").desc())
    if len(asked) == 1:  # in every claim of a new rep: quicker put together than a window
        newest = either.order_by(*order)[: WINDOW - 1]
    else:
        place = Window(RowNumber(), partition_by="rep", order_by=order)
        newest = either.annotate(place=place).filter(place__lt=WINDOW).order_by("rep", "place")
    nine: dict[int, list[bool]] = defaultdict(list)
    for rep, method in newest.values_list("rep", "method"):
        nine[rep].append(method == Assignment.Method.CLAIM)
    for rep, row in nine.items():
        yield rep, {"last_nine": tuple(reversed(row))}


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
