"""Which leads count for which tier, and which of them were rightly called qualified (TI3).

A lead counts for the tier that its owner was placed in for the week in which the owner got it,
wherever the owner is now. A rep's team, and what its tiers are, are the present ones.
"""

from collections.abc import Mapping, Set
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import DateField, Exists, Expression, OuterRef, Q, QuerySet
from django.db.models.functions import TruncWeek
from django.utils import timezone

from leaddistrib.models import Assignment, Lead, Outcome, Team, TierPolicy
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.levels import Levels, levels_of
from leaddistrib.queries.localdays import midnight
from leaddistrib.queries.response import Asked
from leaddistrib.queries.standing import reached

PROVED = (Outcome.Stage.OPPORTUNITY, Outcome.Stage.WON)
"""What a lead that was rightly called qualified becomes."""


class Tiered(NamedTuple):
    """A team (None: the reps without one), the policy that holds for it, and its tiers."""

    team: Team | None
    policy: int
    levels: Levels

    @property
    def key(self) -> str:
        return str(self.team.public_id) if self.team else ""


def tiered(teams: Set[int] | None) -> dict[int | None, Tiered]:
    """Those of ``teams`` (primary keys; None: all, and the reps without a team) for which a policy
    with tiers holds, by name. Three queries."""
    known: dict[int | None, Team | None] = {}
    wanted = Team.objects.order_by("name")
    for team in wanted if teams is None else wanted.filter(pk__in=teams):
        known[team.pk] = team
    if teams is None:
        known[None] = None
    policies = policies_for(TierPolicy, known)
    levels = levels_of(policies.values())
    return {
        pk: Tiered(team, policy.pk, levels[policy.pk])
        for pk, team in known.items()
        if (policy := policies[pk]) and policy.pk in levels
    }


def first_moment(day: date) -> datetime:
    """When ``day`` begins for the organisation, by whose days responses and weeks are counted."""
    return midnight(day, timezone.get_default_timezone())


def during(asked: Asked, name: str = "started_at") -> Q:
    """What began, by the field ``name``, in the days of ``asked``."""
    since, until = first_moment(asked.first), first_moment(asked.last + timedelta(days=1))
    return Q(**{f"{name}__gte": since, f"{name}__lt": until})


def in_teams(teams: Set[int | None] | Mapping[int | None, Tiered], name: str = "rep__team") -> Q:
    """Those whose team, by the field ``name``, is one of ``teams`` (None: none)."""
    named = Q(**{f"{name}__in": [team for team in teams if team is not None]})
    return named | Q(**{f"{name}__isnull": True}) if None in teams else named


def week(name: str = "started_at") -> Expression:
    """The first day of the week that the moment ``name`` is in, as placements have it."""
    return TruncWeek(name, output_field=DateField(), tzinfo=timezone.get_default_timezone())


def again(asked: Asked, held: str) -> Exists:
    """Whether the rep of a row with ``lead`` and ``rep`` had the lead again in these days, after
    the assignment ``held``. Of two, the later one counts for what came of the lead."""
    until = first_moment(asked.last + timedelta(days=1))
    return Exists(
        Assignment.objects.filter(
            lead=OuterRef("lead"), rep=OuterRef("rep"), started_at__lt=until, pk__gt=OuterRef(held)
        )
    )


def called_qualified() -> QuerySet[Any]:
    """What reps called qualified and of which it is known since whether it was; ``right`` says so.

    It was when it became an opportunity or was won, under whomever; it was not when it was lost, or
    closed, without.
    """
    since = reached((*PROVED, Outcome.Stage.LOST)).filter(
        lead=OuterRef("lead"), at__gte=OuterRef("at")
    )
    said = reached([Outcome.Stage.QUALIFIED]).annotate(
        right=Exists(since.filter(stage__in=PROVED)), known=Exists(since)
    )
    found: QuerySet[Any] = said.filter(Q(known=True) | Q(lead__status=Lead.Status.CLOSED))
    return found
