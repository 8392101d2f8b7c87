"""How soon leads are answered: by rep, team, source, lead type or hour (SL4, DB2).

Read from the sums that ``lifecycle.tallying`` keeps, so it costs the same however many leads there
were. A response counts on the day and in the hour in which the rep got the lead, in the company's
time, with the source and the type that the lead had then. A rep's team is the present one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import BigIntegerField, Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from leaddistrib.models import (
    Lead,
    LogEntry,
    Rep,
    ResponseClock,
    ResponseRollup,
    ResponseRun,
    Team,
)
from leaddistrib.queries.rollups import FIGURES, Sums


class By(StrEnum):
    """What the rows of the report stand for."""

    REP = "rep"
    TEAM = "team"
    SOURCE = "source"
    LEAD_TYPE = "lead_type"
    HOUR = "hour"


class Asked(NamedTuple):
    """Days, both included, and whose responses: those of the reps of ``teams``, of ``reps``
    (primary keys), or of everybody for None."""

    first: date
    last: date
    teams: frozenset[int] | None = None
    reps: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row. ``key`` names it outside, "" for what has no team, source or type; ``longest`` is
    the longest run of answers within ten minutes ever, None where it is nobody's own."""

    key: str
    name: str
    sums: Sums
    longest: int | None = None

    @property
    def mean(self) -> float | None:
        """Seconds until the first contact, of the leads that were answered."""
        return self.sums.seconds / self.sums.answered if self.sums.answered else None

    def share(self, number: int) -> float | None:
        """``number`` of those that were answered or lapsed, from 0 to 1; None where none was. What
        still has time says nothing yet, and what was given on in time was not the rep's to
        answer."""
        settled = self.sums.answered + self.sums.lapsed
        return number / settled if settled else None

    @property
    def in_time(self) -> float | None:
        """The share that was answered within its policy's time."""
        return self.share(self.sums.in_time)

    @property
    def within_5(self) -> float | None:
        return self.share(self.sums.within_5)

    @property
    def within_60(self) -> float | None:
        return self.share(self.sums.within_60)


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, the largest first (hours in their order), and their total."""

    by: By
    asked: Asked
    lines: tuple[Line, ...]
    total: Line


# Where each stands, as a sum of responses has it.
COLUMN = {
    By.REP: "rep",
    By.TEAM: "rep__team",
    By.SOURCE: "source",
    By.LEAD_TYPE: "lead_type",
    By.HOUR: "hour",
}


def responses(asked: Asked, by: By = By.REP) -> Report:
    """The report of ``asked`` by ``by`` (SL4). Four queries."""
    found = _sums(asked, by)
    called = names(by, found)
    runs = _runs(asked, by)
    lines = [
        Line(*called[key], sums, runs.get(key, 0) if by in (By.REP, By.TEAM) else None)
        for key, sums in found.items()
    ]
    if by is By.HOUR:
        lines.sort(key=lambda line: int(line.key))
    else:
        lines.sort(key=lambda line: (-line.sums.started, line.name, line.key))
    total = Sums()
    for sums in found.values():
        total += sums
    return Report(by, asked, tuple(lines), Line("", "", total, max(runs.values(), default=0)))


class Figure(StrEnum):
    """What a figure counts, for the leads behind it."""

    STARTED = "started"
    ANSWERED = "answered"
    IN_TIME = "in_time"
    WITHIN_5 = "within_5"
    WITHIN_60 = "within_60"
    LAPSED = "lapsed"


# Whole seconds are counted, so five minutes last until the 301st second begins.
COUNTS = {
    Figure.STARTED: Q(),
    Figure.ANSWERED: Q(answered_at__isnull=False),
    Figure.IN_TIME: Q(answered_at__lte=F("due_at")),
    Figure.WITHIN_5: Q(answered_at__lt=F("started_at") + timedelta(seconds=301)),
    Figure.WITHIN_60: Q(answered_at__lt=F("started_at") + timedelta(seconds=3601)),
    Figure.LAPSED: Q(lapsed_at__isnull=False, answered_at=None),
}


def leads_behind(asked: Asked, by: By, key: str | None, figure: Figure) -> QuerySet[Lead]:
    """The leads that a figure of the report counts: those of the row ``key`` (None: of all rows).
    A lead that was started twice in these days is one here.

    Raises:
        ValueError: ``key`` is no key of such a row.
    """
    clocks = _of(asked, ResponseClock.objects.filter(COUNTS[figure]))
    clocks = clocks.filter(
        started_at__gte=_midnight(asked.first),
        started_at__lt=_midnight(asked.last + timedelta(days=1)),
    )
    if key is not None and by is By.REP:
        clocks = clocks.filter(rep__public_id=UUID(key))
    elif key is not None and by is By.TEAM:
        team = Q(rep__team__public_id=UUID(key)) if key else Q(rep__team=None)
        clocks = clocks.filter(team)
    elif key is not None:
        # As it was when the clock started, which the log says: the lead may be corrected since.
        place = {f"detail__{COLUMN[by]}": int(key) if by is By.HOUR else key}
        started = LogEntry.objects.alias(clock=Cast(KT("detail__clock"), BigIntegerField()))
        started = started.filter(
            lead=OuterRef("lead"),
            event=LogEntry.Event.CLOCK_STARTED,
            clock=OuterRef("pk"),
            **place,
        )
        clocks = clocks.filter(Exists(started))
    return Lead.objects.filter(Exists(clocks.filter(lead=OuterRef("pk"))))


@dataclass(frozen=True, slots=True)
class Own:
    """A rep's own figures of some days, and the run of quick answers that goes on."""

    line: Line
    current: int


def own_responses(rep: Rep, last: date, days: int = 30) -> Own:
    """How soon ``rep`` answered in the ``days`` until ``last``. Two queries."""
    asked = Asked(last - timedelta(days=days - 1), last, reps=frozenset({rep.pk}))
    sums = _sums(asked, By.REP).get(rep.pk, Sums())
    run = ResponseRun.objects.filter(rep=rep).first()
    line = Line(str(rep.public_id), rep.name, sums, run.longest if run else 0)
    return Own(line, run.current if run else 0)


def _of(asked: Asked, rows: QuerySet[Any]) -> QuerySet[Any]:
    if asked.teams is not None:
        rows = rows.filter(rep__team__in=asked.teams)
    return rows if asked.reps is None else rows.filter(rep__in=asked.reps)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()), timezone.get_default_timezone())


def _sums(asked: Asked, by: By) -> dict[Any, Sums]:
    """The sums by each row's key, in one query."""
    rows = _of(asked, ResponseRollup.objects.filter(day__gte=asked.first, day__lte=asked.last))
    grouped = rows.order_by().values_list(COLUMN[by])
    summed = grouped.annotate(*(Sum(name) for name in FIGURES))
    return {key: Sums(*figures) for key, *figures in summed}


def _runs(asked: Asked, by: By) -> dict[Any, int]:
    """The longest runs of those who are asked about, by rep or team, in one query."""
    key = COLUMN[by] if by is By.TEAM else "rep"
    rows = _of(asked, ResponseRun.objects.all()).order_by().values_list(F(key))
    return dict(rows.annotate(Max("longest")))


def names(by: By, keys: Iterable[Any]) -> dict[Any, tuple[str, str]]:
    """What each row is called outside, and to people; in one query at most."""
    if by is By.REP:
        reps = Rep.objects.filter(pk__in=list(keys)).select_related("user")
        return {rep.pk: (str(rep.public_id), rep.name) for rep in reps}
    if by is By.TEAM:
        teams = Team.objects.filter(pk__in=[key for key in keys if key is not None])
        names = {team.pk: (str(team.public_id), team.name) for team in teams}
        return {**names, None: ("", _("No team"))}
    if by is By.HOUR:
        return {key: (str(key), f"{key:02}:00") for key in keys}
    missing = _("No source") if by is By.SOURCE else _("No type")
    return {key: (key, key or missing) for key in keys}
