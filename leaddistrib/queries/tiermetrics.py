"""How each tier does, by the figures that it is measured by and by those of the others (TI3).

The highest tier is to bring revenue and large deals, those between to convert and to answer soon,
the lowest to reach people and to say rightly who is worth a salesperson's time.

Which tier a lead counts for: see ``queries.tiered``. All is summed up by rep and week in the
database, so what comes back does not grow with the leads.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, Expression, F, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils.translation import gettext as _

from leaddistrib.models import (
    Assignment,
    Outcome,
    Rep,
    ResponseRollup,
    TierPlacement,
)
from leaddistrib.queries.distribution import CENT
from leaddistrib.queries.levels import Levels
from leaddistrib.queries.placing import week_of
from leaddistrib.queries.response import Asked
from leaddistrib.queries.standing import standing
from leaddistrib.queries.tiered import (
    Tiered,
    again,
    called_qualified,
    during,
    in_teams,
    tiered,
    week,
)


class Measure(StrEnum):
    """What tiers are measured by."""

    REVENUE = "revenue"
    DEAL_SIZE = "deal_size"
    CONVERSION = "conversion"
    RESPONSE = "response"
    CONTACT_RATE = "contact_rate"
    ACCURACY = "accuracy"


HIGHEST = frozenset({Measure.REVENUE, Measure.DEAL_SIZE})
BETWEEN = frozenset({Measure.CONVERSION, Measure.RESPONSE})
LOWEST = frozenset({Measure.CONTACT_RATE, Measure.ACCURACY})


@dataclass(slots=True)
class Figures:
    """What is counted of some leads. ``revenue`` is what was won and ``deals`` how many wins with a
    value that is, by currency (ISO 4217). ``started`` are those with a response clock, ``seconds``
    the time until the first contact of the ``answered`` ones. ``judged`` are those that were called
    qualified and of which it is known since what they were, ``right`` those of them that were."""

    leads: int = 0
    won: int = 0
    revenue: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    deals: Counter[str] = field(default_factory=Counter)
    started: int = 0
    answered: int = 0
    seconds: int = 0
    judged: int = 0
    right: int = 0

    @property
    def deal_size(self) -> dict[str, Decimal]:
        """The mean value of a win, of those with a value, by currency."""
        return {
            currency: (amount / self.deals[currency]).quantize(CENT)
            for currency, amount in self.revenue.items()
        }

    @property
    def conversion(self) -> float | None:
        """Won of all leads, from 0 to 1; None where there is none."""
        return _share(self.won, self.leads)

    @property
    def response(self) -> float | None:
        """Mean seconds until the first contact; None where nobody was in touch."""
        return _share(self.seconds, self.answered)

    @property
    def contact_rate(self) -> float | None:
        """Those with a contact, of those with a response clock; None where none had one."""
        return _share(self.answered, self.started)

    @property
    def accuracy(self) -> float | None:
        """Rightly called qualified, of those of which it is known; None where none is."""
        return _share(self.right, self.judged)


@dataclass(frozen=True, slots=True)
class Line:
    """A tier of a team, or its leads and reps in none: then ``level`` is None. ``key`` names it
    outside; ``reps`` are the active ones that are in it now; ``measures`` those that it is measured
    by."""

    key: str
    level: int | None
    name: str
    reps: int
    measures: frozenset[Measure]
    figures: Figures


@dataclass(frozen=True, slots=True)
class TeamLines:
    """A team with a tier policy, the highest tier first. ``key`` is its public id, "" for the reps
    without a team."""

    key: str
    name: str
    lines: tuple[Line, ...]


def tier_metrics(asked: Asked) -> list[TeamLines]:
    """The tiers of each team that has a policy with tiers, by the team's name (TI3). Of
    ``asked`` the days and the teams count. Ten queries."""
    teams = tiered(asked.teams)
    rows = Rep.objects.filter(in_teams(teams, "team")).order_by()
    team_of = dict(rows.values_list("pk", "team"))
    active = rows.filter(active=True, user__is_active=True).values_list("team", "tier")
    present: Counter[Place] = Counter()
    for team, tier, number in active.annotate(Count("pk")):
        present[team, tier if tier in teams[team].levels else None] += number
    found = _by_tier(asked, teams, team_of)
    met = {*teams} - {None} | {*team_of.values()}
    return [
        TeamLines(
            one.key,
            one.team.name if one.team else _("No team"),
            tuple(_lines(team, one, present, found)),
        )
        for team, one in teams.items()
        if team in met
    ]


def measures(level: int, levels: Levels) -> frozenset[Measure]:
    """What the tier of ``level`` is measured by, of a policy with these."""
    if level == min(levels):
        return HIGHEST
    return LOWEST if level == max(levels) else BETWEEN


Place = tuple[int | None, int | None]
"""A team and the level of a tier of it; None for reps without a team, and for no tier."""


def _share(number: int, whole: int) -> float | None:
    return number / whole if whole else None


def _lines(
    team: int | None, one: Tiered, present: Mapping[Place, int], found: Mapping[Place, Figures]
) -> Iterator[Line]:
    for level, tier in sorted(one.levels.items()):
        place, measured = (team, level), measures(level, one.levels)
        figures = found.get(place, Figures())
        key = f"{one.key}:{level}"
        yield Line(key, level, tier.name, present.get(place, 0), measured, figures)
    reps, figures = present.get((team, None), 0), found.get((team, None), Figures())
    if reps or figures != Figures():
        yield Line(f"{one.key}:0", None, _("In no tier"), reps, frozenset(), figures)


def _by_tier(
    asked: Asked, teams: Mapping[int | None, Tiered], team_of: Mapping[int, int | None]
) -> Mapping[Place, Figures]:
    """What is counted in each tier. Five of the queries."""
    placed = _placements(asked, teams)
    found: dict[Place, Figures] = defaultdict(Figures)

    def of(rep: int, week: date) -> Figures:
        team = team_of[rep]
        policy, level = placed.get((rep, week), (None, None))
        known = policy == teams[team].policy and level in teams[team].levels
        return found[team, level if known else None]

    had = Assignment.objects.filter(during(asked), in_teams(teams))
    for rep, monday, number in _weekly(had, week(), leads=Count("pk")):
        of(rep, monday).leads += number
    of_days = ResponseRollup.objects.filter(day__gte=asked.first, day__lte=asked.last)
    sums = {name: Sum(name) for name in ("started", "answered", "seconds")}
    for rep, monday, *summed in _weekly(of_days.filter(in_teams(teams)), TruncWeek("day"), **sums):
        one = of(rep, monday)
        one.started, one.answered, one.seconds = (
            was + more
            for was, more in zip((one.started, one.answered, one.seconds), summed, strict=True)
        )
    for rep, monday, currency, *numbers in _won(asked, teams):
        one, (won, deals, value) = of(rep, monday), numbers
        one.won += won
        if value is not None:
            one.revenue[currency] += value.quantize(CENT)  # SQLite's sum has no cents
            one.deals[currency] += deals
    for rep, monday, judged, right in _qualified(asked, teams):
        one = of(rep, monday)
        one.judged, one.right = one.judged + judged, one.right + right
    return found


def _placements(
    asked: Asked, teams: Mapping[int | None, Tiered]
) -> dict[tuple[int, date], tuple[int | None, int | None]]:
    """By which policy each rep was placed on which level for each week of these days."""
    rows = TierPlacement.objects.filter(
        in_teams(teams), period__gte=week_of(asked.first), period__lte=asked.last
    )
    found = rows.order_by().values_list("rep", "period", "policy", "level")
    return {(rep, period): (policy, level) for rep, period, policy, level in found}


def _weekly(rows: QuerySet[Any], monday: Expression, **counted: Any) -> QuerySet[Any]:
    """``counted`` of ``rows``, by rep and week."""
    grouped: QuerySet[Any] = rows.annotate(monday=monday).order_by().values_list("rep", "monday")
    found: QuerySet[Any] = grouped.annotate(**counted)
    return found


def _won(asked: Asked, teams: Mapping[int | None, Tiered]) -> QuerySet[Any]:
    """By rep, week and currency: how many were won under the rep and are now, how many of them with
    a value, and their sum."""
    won = _joined(standing([Outcome.Stage.WON]), asked, teams)
    rows: QuerySet[Any] = won.values_list("rep", "monday", "currency")
    found: QuerySet[Any] = rows.annotate(Count("pk"), Count("value"), Sum("value"))
    return found


def _qualified(asked: Asked, teams: Mapping[int | None, Tiered]) -> QuerySet[Any]:
    """By rep and week: how many leads ``called_qualified`` has, and of how many it was right."""
    rows: QuerySet[Any] = _joined(called_qualified(), asked, teams).values_list("rep", "monday")
    right = Count("lead", distinct=True, filter=Q(right=True))
    found: QuerySet[Any] = rows.annotate(judged=Count("lead", distinct=True), proved=right)
    return found


def _joined(
    outcomes: QuerySet[Any], asked: Asked, teams: Mapping[int | None, Tiered]
) -> QuerySet[Any]:
    """Those of ``outcomes`` whose rep had the lead in these days, each once, with the week."""
    theirs = outcomes.filter(
        during(asked, "lead__assignments__started_at"),
        in_teams(teams),
        lead__assignments__rep=F("rep"),
    )
    # The alias names the assignment joined above; named in full, it would be joined anew.
    latest = theirs.alias(held=F("lead__assignments__pk")).filter(~again(asked, "held"))
    found: QuerySet[Any] = latest.annotate(monday=week("lead__assignments__started_at"))
    return found.order_by()
