"""What becomes of leads: how many of each kind are won, and how soon (DB2, OU1).

Counted are the leads that came in during a period, and where they stand now, whoever has them: the
rates of a young period still grow. The number of queries does not depend on how many rows there
are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Lead, Outcome
from leaddistrib.queries.ranking import percentiles
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


DAYS = ExpressionWrapper(
    TruncDate("at") - TruncDate("lead__received_at"), output_field=DurationField()
)
"""Days of the calendar in the current time zone: 0 on the same one, below 0 the other way."""

PERCENTS = (25, 50, 75, 90)


@dataclass(slots=True)
class Line:
    """One row. ``key`` is the field's value, "" where none is given; ``early`` wins are dated
    before their lead came in. ``days`` are those of the calendar, from coming in to being won, that
    each of PERCENTS of 100 wins took at most (the nearest rank, so that it is a number that
    occurs); nothing where none was won."""

    key: str = ""
    name: str = ""
    leads: int = 0
    won: int = 0
    lost: int = 0
    early: int = 0
    days: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float | None:
        """Won of all leads, from 0 to 1; None where there is none."""
        return self.won / self.leads if self.leads else None

    @property
    def median(self) -> int | None:
        return self.days.get(50)

    @property
    def p25(self) -> int | None:
        return self.days.get(25)

    @property
    def p75(self) -> int | None:
        return self.days.get(75)

    @property
    def p90(self) -> int | None:
        return self.days.get(90)


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
    """What became of those of ``leads`` that came in from ``since`` until before ``until``. Five
    queries."""
    cohort = _cohort(leads, since, until)
    lines: dict[str, Line] = defaultdict(Line)
    for key, number in cohort.order_by().values_list(by).annotate(Count("pk")):
        lines[key].leads = number
    ends = standing(TERMINAL).filter(lead__in=cohort.order_by().values("pk"))
    won = Q(stage=Outcome.Stage.WON)
    early = won & Q(at__lt=F("lead__received_at"))
    counted = ends.order_by().values_list(f"lead__{by}")
    for key, *numbers in counted.annotate(
        won=Count("pk", filter=won),
        lost=Count("pk", filter=~won),
        early=Count("pk", filter=early),
    ):
        lines[key].won, lines[key].lost, lines[key].early = numbers
    total = Line()
    for key, line in lines.items():
        line.key, line.name = key, _name(by, key)
        for figure in Figure:
            setattr(total, figure, getattr(total, figure) + getattr(line, figure))
    wins = ends.filter(won).annotate(days=DAYS)
    for rank in percentiles(wins, f"lead__{by}", "days", PERCENTS):
        (total if rank.whole else lines[rank.key]).days[rank.percent] = rank.value.days
    ordered = sorted(lines.values(), key=lambda line: (-line.leads, line.name))
    return Report(by, tuple(ordered), total, tuple(_spreads(cohort)))


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


def _cohort(leads: QuerySet[Lead], since: datetime, until: datetime) -> QuerySet[Lead]:
    # What restricts the viewer's leads may join; then one lead is several rows.
    came = Q(received_at__gte=since, received_at__lt=until)
    return Lead.objects.filter(came, pk__in=leads.filter(came).order_by().values("pk"))


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
