"""What becomes of leads: how many of each kind are won, and how soon (DB2, OU1).

Counted are the leads that came in during a period, and where they stand now, whoever has them: the
rates of a young period still grow. The number of queries does not depend on how many rows there
are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import ceil

from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Lead, Outcome
from leaddistrib.queries.standing import TERMINAL, reached, standing


class By(StrEnum):
    """What the rows stand for: a field of the lead."""

    SOURCE = "source"
    LEAD_TYPE = "lead_type"
    PRODUCT = "product"
    INDUSTRY = "industry"
    COUNTRY = "country"
    SIZE = "size_band"


class Figure(StrEnum):
    """What is counted. EARLY are wins dated before their lead came in: kept, and worth a look."""

    LEADS = "leads"
    WON = "won"
    LOST = "lost"
    EARLY = "early"


@dataclass(frozen=True, slots=True)
class Line:
    """One row. ``key`` is the field's value, "" where none is given. ``days`` are those from coming
    in to being won, of each win, in ascending order; ``early`` wins are dated before that."""

    key: str
    name: str
    leads: int
    won: int = 0
    lost: int = 0
    early: int = 0
    days: tuple[int, ...] = ()

    @property
    def rate(self) -> float | None:
        """Won of all leads, from 0 to 1; None where there is none."""
        return self.won / self.leads if self.leads else None

    @property
    def median(self) -> int | None:
        return percentile(self.days, 50)

    @property
    def p25(self) -> int | None:
        return percentile(self.days, 25)

    @property
    def p75(self) -> int | None:
        return percentile(self.days, 75)

    @property
    def p90(self) -> int | None:
        return percentile(self.days, 90)


@dataclass(frozen=True, slots=True)
class Spread:
    """By how many reps leads came to a stage, and how evenly (0: all the same number)."""

    stage: Outcome.Stage
    leads: int
    reps: int
    gini: float


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, those with most leads first, their total, and each stage's spread over reps."""

    by: By
    lines: tuple[Line, ...]
    total: Line
    spreads: tuple[Spread, ...]


def conversion(leads: QuerySet[Lead], since: datetime, until: datetime, by: By) -> Report:
    """What became of those of ``leads`` that came in from ``since`` until before ``until``. Four
    queries."""
    cohort = _cohort(leads, since, until)
    volumes = Counter(dict(cohort.order_by().values_list(by).annotate(Count("pk"))))
    counted: Mapping[Figure, Counter[str]] = {figure: Counter() for figure in Figure}
    days: Mapping[str, list[int]] = defaultdict(list)
    ends = standing(TERMINAL).filter(lead__in=cohort.order_by().values("pk"))
    found = ends.order_by().values_list(f"lead__{by}", "stage", "lead__received_at", "at")
    for key, stage, came, at in found.iterator():
        counted[Figure(stage)][key] += 1
        if stage == Outcome.Stage.WON:
            counted[Figure.EARLY][key] += at < came
            days[key].append(days_between(came, at))
    won, lost, early = (counted[one] for one in (Figure.WON, Figure.LOST, Figure.EARLY))
    lines = [
        Line(key, _name(by, key), number, won[key], lost[key], early[key], _ascending(days[key]))
        for key, number in volumes.items()
    ]
    lines.sort(key=lambda line: (-line.leads, line.name))
    every = _ascending(one for those in days.values() for one in those)
    total = Line("", "", volumes.total(), won.total(), lost.total(), early.total(), every)
    return Report(by, tuple(lines), total, tuple(_spreads(cohort)))


def leads_behind(
    leads: QuerySet[Lead],
    since: datetime,
    until: datetime,
    by: By,
    key: str | None,
    figure: Figure = Figure.LEADS,
) -> QuerySet[Lead]:
    """The leads that a figure of the row ``key`` counts (None: of all rows)."""
    counted = _cohort(leads, since, until)
    if key is not None:
        counted = counted.filter(**{by: key})
    if figure is Figure.LEADS:
        return counted
    stage = Outcome.Stage.LOST if figure is Figure.LOST else Outcome.Stage.WON
    ends = standing([stage]).filter(lead=OuterRef("pk"))
    if figure is Figure.EARLY:
        ends = ends.filter(at__lt=F("lead__received_at"))
    return counted.filter(Exists(ends))


def percentile(days: Sequence[int], percent: int) -> int | None:
    """In how many days ``percent`` of 100 of them were done, of ``days`` in ascending order (the
    nearest rank, so that it is a number that occurs); None for none."""
    return days[max(ceil(len(days) * percent / 100), 1) - 1] if days else None


def days_between(began: datetime, ended: datetime) -> int:
    """Days of the calendar in the current time zone: 0 on the same one, below 0 the other way."""
    return (timezone.localdate(ended) - timezone.localdate(began)).days


def _ascending(days: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(days))


def _cohort(leads: QuerySet[Lead], since: datetime, until: datetime) -> QuerySet[Lead]:
    # What restricts the viewer's leads may join; then one lead is several rows.
    seen = Lead.objects.filter(received_at__gte=since, received_at__lt=until)
    return seen.filter(pk__in=leads.order_by().values("pk"))


def _spreads(cohort: QuerySet[Lead]) -> Iterable[Spread]:
    """How the stages that deals come to lie on the reps. Two queries."""
    by_rep: Mapping[str, Counter[int]] = defaultdict(Counter)
    began = reached([Outcome.Stage.QUALIFIED, Outcome.Stage.OPPORTUNITY])
    for outcomes in (began, standing([Outcome.Stage.WON])):
        theirs = outcomes.filter(rep__isnull=False, lead__in=cohort.order_by().values("pk"))
        rows = theirs.order_by().values_list("stage", "rep")
        for stage, rep, number in rows.annotate(Count("lead", distinct=True)):
            by_rep[stage][rep] += number
    for stage in (Outcome.Stage.QUALIFIED, Outcome.Stage.OPPORTUNITY, Outcome.Stage.WON):
        if held := by_rep[stage]:
            yield Spread(stage, held.total(), len(held), gini(list(held.values())))


def _name(by: By, key: str) -> str:
    if not key:
        return _("Not given")
    if by is By.SIZE:
        return str(Lead.SizeBand(key).label)
    return key
