"""The leads behind the figures of a tier (TI3)."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from leaddistrib.models import Assignment, Lead, Outcome, ResponseClock, TierPlacement
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


class Figure(StrEnum):
    """What a figure counts: see ``tiermetrics.Figures``."""

    LEADS = "leads"
    WON = "won"
    STARTED = "started"
    ANSWERED = "answered"
    JUDGED = "judged"
    RIGHT = "right"


def leads_behind(asked: Asked, key: str, figure: Figure) -> QuerySet[Lead]:
    """The leads that a figure of the line ``key`` counts, of the teams of ``asked``. A lead that a
    rep had twice is one here. Three queries, and the one that is returned.

    Raises:
        ValueError: ``key`` is no key of a line.
    """
    team, _colon, level = key.partition(":")
    number = int(level)
    if team:
        UUID(team)
    found = [(pk, one) for pk, one in tiered(asked.teams).items() if one.key == team]
    if not found:
        return Lead.objects.none()
    [(pk, one)] = found
    if figure in (Figure.STARTED, Figure.ANSWERED):
        rows: QuerySet[Any] = ResponseClock.objects.all()
        if figure is Figure.ANSWERED:
            rows = rows.filter(answered_at__isnull=False)
    else:
        rows = _with(asked, figure)
    rows = _on(rows.filter(during(asked), in_teams({pk})), one, number)
    return Lead.objects.filter(Exists(rows.filter(lead=OuterRef("pk"))))


def _with(asked: Asked, figure: Figure) -> QuerySet[Assignment]:
    """The assignments that count in ``figure``."""
    if figure is Figure.LEADS:
        return Assignment.objects.all()
    outcomes: QuerySet[Any] = called_qualified()
    if figure is Figure.WON:
        outcomes = standing([Outcome.Stage.WON])
    elif figure is Figure.RIGHT:
        outcomes = outcomes.filter(right=True)
    theirs = outcomes.filter(lead=OuterRef("lead"), rep=OuterRef("rep"))
    return Assignment.objects.filter(Exists(theirs), ~again(asked, "pk"))


def _on(rows: QuerySet[Any], one: Tiered, level: int) -> QuerySet[Any]:
    """Those of ``rows`` whose rep was placed on ``level`` for the week; in no tier for one that the
    policy does not have."""
    placed = TierPlacement.objects.filter(
        rep=OuterRef("rep"), period=OuterRef("monday"), policy=one.policy
    )
    there = Q(Exists(placed.filter(level=level)))
    if level not in one.levels:
        there = ~Q(Exists(placed.filter(level__in=list(one.levels))))
    found: QuerySet[Any] = rows.annotate(monday=week()).filter(there)
    return found
