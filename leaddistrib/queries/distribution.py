"""Who got how much: leads by rep, team, source, rule or method in a period, and how evenly (FA1).

What is counted are assignments that began in the period, whichever way they came. A lead is won or
lost for the rep under whom it got there, where that is how it stands now; its value is its own.
A rep's team is the present one. The number of queries does not depend on how many rows there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from leaddistrib.engine.fairness import gini
from leaddistrib.models import Assignment, Lead, Outcome, Rep, Rule, Team
from leaddistrib.queries.answering import IN_TIME, Answers, answers
from leaddistrib.queries.standing import TERMINAL, standing

CENT = Decimal("0.01")


class By(StrEnum):
    """What the rows of the report stand for."""

    REP = "rep"
    TEAM = "team"
    SOURCE = "source"
    RULE = "rule"
    METHOD = "method"


# Where each stands, from an assignment and from an outcome that is joined to its assignment.
OF_ASSIGNMENT = {
    By.REP: "rep",
    By.TEAM: "rep__team",
    By.SOURCE: "lead__source",
    By.RULE: "decision__rule__key",
    By.METHOD: "method",
}
OF_OUTCOME = {
    By.REP: "rep",
    By.TEAM: "rep__team",
    By.SOURCE: "lead__source",
    By.RULE: "lead__assignments__decision__rule__key",
    By.METHOD: "lead__assignments__method",
}
# The same, by what a row is called outside.
PUBLIC = {**OF_ASSIGNMENT, By.REP: "rep__public_id", By.TEAM: "rep__team__public_id"}


class Scope(NamedTuple):
    """A period, from ``since`` to before ``until``, and whose leads: those of the reps of ``teams``
    (primary keys), or of everybody for None."""

    since: datetime
    until: datetime
    teams: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row. ``key`` names it outside, "" for what has no team, rule or source; ``share`` is of
    the whole volume, from 0 to 1; ``value`` is what was won, by currency; ``answers`` says how soon
    they were answered."""

    key: str
    name: str
    volume: int
    share: float
    closed: int = 0
    won: int = 0
    value: Mapping[str, Decimal] = field(default_factory=dict)
    answers: Answers = field(default_factory=Answers)

    @property
    def conversion(self) -> float | None:
        """Won of those that were won or lost, from 0 to 1; None where none was."""
        return self.won / self.closed if self.closed else None


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly the leads lie on the reps: 0 when all have the same. ``among`` is the Gini
    coefficient of those with any, ``roster`` that of everybody who could have had some."""

    among: float
    roster: float
    holders: int
    everybody: int


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, the largest first, their total, and the spread over the reps, whatever the rows
    stand for."""

    by: By
    scope: Scope
    lines: tuple[Line, ...]
    total: Line
    spread: Spread


@dataclass(slots=True)
class _Results:
    closed: int = 0
    won: int = 0
    value: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))


def distribution(scope: Scope, by: By = By.REP) -> Report:
    """The report of ``scope`` by ``by`` (FA1, DB2). At most six queries."""
    volumes = _volumes(scope, by)
    results = _results(scope, by)
    answered = answers(_assignments(scope), OF_ASSIGNMENT[by])
    roster = _roster(scope)
    per_rep = volumes if by is By.REP else _volumes(scope, By.REP)
    names = _names(by, volumes, roster)
    if by is By.REP:
        # Whoever is on the roster and had none is told, too.
        volumes = {**dict.fromkeys(roster, 0), **volumes}
    whole = sum(volumes.values())
    lines = [
        _line(*names[key], volume, whole, results[key], answered[key])
        for key, volume in volumes.items()
        if key in names
    ]
    lines.sort(key=lambda line: (-line.volume, line.name, line.key))
    total = _Results()
    for one in results.values():
        total.closed += one.closed
        total.won += one.won
        for currency, amount in one.value.items():
            total.value[currency] += amount
    answered_of_all = Answers()
    for those in answered.values():
        answered_of_all += those
    held = list(per_rep.values())
    everybody = [per_rep.get(rep, 0) for rep in {*roster, *per_rep}]
    return Report(
        by,
        scope,
        tuple(lines),
        _line("", "", whole, whole, total, answered_of_all),
        Spread(gini(held), gini(everybody), len(held), len(everybody)),
    )


class Figure(StrEnum):
    """What a figure counts, for the leads behind it."""

    VOLUME = "volume"
    CLOSED = "closed"
    WON = "won"
    ANSWERED = "answered"
    IN_TIME = "in_time"


ANSWERING = {
    Figure.ANSWERED: Q(clock__answered_at__isnull=False),
    Figure.IN_TIME: IN_TIME,
}


def leads_behind(
    scope: Scope, by: By, key: str | None, figure: Figure = Figure.VOLUME
) -> QuerySet[Lead]:
    """The leads that a figure of the report counts: those of the row ``key`` (None: of all rows).
    A lead that a rep had twice is one here.

    Raises:
        ValueError: ``key`` is no key of such a row.
    """
    counted = _assignments(scope)
    if key is not None:
        if key and by in (By.REP, By.TEAM, By.RULE):
            UUID(key)
        wanted: Any = key or None
        if not key and by in (By.SOURCE, By.METHOD):
            wanted = ""
        condition = f"{PUBLIC[by]}__isnull" if wanted is None else PUBLIC[by]
        counted = counted.filter(**{condition: True if wanted is None else wanted})
    if figure in ANSWERING:
        counted = counted.filter(ANSWERING[figure])
    elif figure is not Figure.VOLUME:
        stages = (Outcome.Stage.WON,) if figure is Figure.WON else TERMINAL
        stand = standing(stages).filter(lead=OuterRef("lead"), rep=OuterRef("rep"))
        counted = counted.filter(Exists(stand))
    return Lead.objects.filter(Exists(counted.filter(lead=OuterRef("pk"))))


def _assignments(scope: Scope) -> QuerySet[Assignment]:
    begun = Assignment.objects.filter(started_at__gte=scope.since, started_at__lt=scope.until)
    return begun if scope.teams is None else begun.filter(rep__team__in=scope.teams)


def _volumes(scope: Scope, by: By) -> dict[Any, int]:
    """The number of assignments by each row's key, in one query."""
    grouped = _assignments(scope).order_by().values_list(OF_ASSIGNMENT[by])
    return dict(grouped.annotate(Count("pk")))


def _results(scope: Scope, by: By) -> dict[Any, _Results]:
    """What came of those assignments, by each row's key, in one query. Of two assignments of a lead
    to the same rep the later one counts."""
    again = Assignment.objects.filter(
        lead=OuterRef("lead"),
        rep=OuterRef("rep"),
        started_at__lt=scope.until,
        pk__gt=OuterRef("held"),
    )
    outcomes = standing(TERMINAL).filter(
        lead__assignments__rep=F("rep"),
        lead__assignments__started_at__gte=scope.since,
        lead__assignments__started_at__lt=scope.until,
    )
    if scope.teams is not None:
        outcomes = outcomes.filter(rep__team__in=scope.teams)
    rows = (
        # The alias names the assignment joined above; named in full, it would be joined anew.
        outcomes.alias(held=F("lead__assignments__pk"))
        .filter(~Exists(again))
        .order_by()
        .values_list(OF_OUTCOME[by], "stage", "currency")
        .annotate(Count("pk"), Sum("value"))
    )
    results: dict[Any, _Results] = defaultdict(_Results)
    for key, stage, currency, number, value in rows:
        one = results[key]
        one.closed += number
        if stage == Outcome.Stage.WON:
            one.won += number
            if value is not None:
                one.value[currency] += value.quantize(CENT)  # SQLite's sum has no cents
    return results


def _roster(scope: Scope) -> dict[int, tuple[str, str]]:
    """The active reps, with public id and name, in one query."""
    reps = Rep.objects.filter(active=True, user__is_active=True).select_related("user")
    if scope.teams is not None:
        reps = reps.filter(team__in=scope.teams)
    return {rep.pk: (str(rep.public_id), rep.name) for rep in reps}


def _names(
    by: By, keys: Iterable[Any], roster: Mapping[int, tuple[str, str]]
) -> dict[Any, tuple[str, str]]:
    """What each row is called outside, and to people; in one query at most."""
    keys = set(keys)
    if by is By.REP:
        gone = Rep.objects.filter(pk__in=keys - roster.keys()).select_related("user")
        return {**roster, **{rep.pk: (str(rep.public_id), rep.name) for rep in gone}}
    if by is By.TEAM:
        teams = Team.objects.filter(pk__in=keys - {None})
        names = {team.pk: (str(team.public_id), team.name) for team in teams}
        return {**names, None: ("", _("No team"))}
    if by is By.RULE:
        # A rule goes by its newest name.
        rules = Rule.objects.filter(key__in=keys - {None}).order_by("ruleset__version")
        found = {key: (str(key), name) for key, name in rules.values_list("key", "name")}
        return {**found, None: ("", _("No rule"))}
    if by is By.METHOD:
        return {key: (key, str(Assignment.Method(key).label)) for key in keys}
    return {key: (key, key or _("No source")) for key in keys}


def _line(
    key: str, name: str, volume: int, whole: int, results: _Results, answered: Answers
) -> Line:
    share = volume / whole if whole else 0.0
    value = dict(results.value)
    return Line(key, name, volume, share, results.closed, results.won, value, answered)
