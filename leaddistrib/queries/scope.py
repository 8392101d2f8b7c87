"""Whom a batch of leads may be pushed to, said before anything is locked (PU5).

Acts lock the scope's reps, and then its rotations, before ``queries.world.load`` reads them.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from leaddistrib.engine.facts import LeadFacts, Rules, Step
from leaddistrib.models import Account, Rep, Team, Territory

Key = tuple[int | None, str, int | None]
"""What a rotation is of: (team, seniority, None) or (None, "", territory)."""

TAKES_TURNS = ("round_robin", "weighted", "least_loaded")
"""Strategies by which a team's rotation moves on."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom and what a batch of leads may concern: ``teams`` that steps name, ``turns`` the (team,
    seniority) whose members take turns, ``managed`` the teams whose managers are asked.
    ``territories`` and ``owners`` are None where all of them may. ``pools`` are those that steps
    name."""

    teams: frozenset[int] = frozenset()
    turns: frozenset[tuple[int, str]] = frozenset()
    managed: frozenset[int] = frozenset()
    by_territory: bool = False
    by_owner: bool = False
    territories: frozenset[int] | None = None
    owners: frozenset[int] | None = None
    pools: frozenset[int] = frozenset()

    @property
    def pushes(self) -> bool:
        """Whether anything may be pushed to anybody."""
        return bool(self.teams or self.by_territory or self.by_owner)


def scope(
    rules: Rules, matched: Iterable[int | None], leads: Sequence[LeadFacts] | None = None
) -> Scope:
    """What the rules of these indexes may push to; for these ``leads``, or for any. No query."""
    every: list[Step] = [
        step for index in set(matched) if index is not None for step in rules.rules[index].steps
    ]
    steps = [step for step in every if step.pool is None]
    members = [step for step in steps if step.push in TAKES_TURNS]
    return Scope(
        teams=frozenset(step.team for step in steps if step.team is not None),
        turns=frozenset((step.team, step.seniority) for step in members if step.team is not None),
        managed=frozenset(step.team for step in steps if step.push == "manager" and step.team),
        by_territory=any(step.push == "territory_owner" for step in steps),
        by_owner=any(step.push == "account_owner" for step in steps),
        territories=_known(lead.territory for lead in leads) if leads is not None else None,
        owners=_known(lead.account_owner for lead in leads) if leads is not None else None,
        pools=_known(step.pool for step in every),
    )


def _known(ids: Iterable[int | None]) -> frozenset[int]:
    return frozenset(one for one in ids if one is not None)


def reps_of(scope: Scope) -> QuerySet[Rep]:
    """The reps whom the scope may push to: members, managers, owners, and the owners' backups."""
    wanted = Q(team__in={team for team, _ in scope.turns})
    if scope.managed:
        managers = Team.managers.through.objects.filter(team__in=scope.managed)
        wanted |= Q(user__in=managers.values("user"))
    if scope.by_territory or scope.by_owner:
        owners = _owners(scope)
        wanted |= owners | Q(pk__in=Rep.objects.filter(owners, backup__gt=0).values("backup"))
    return Rep.objects.filter(wanted).order_by("pk")


def _owners(scope: Scope) -> Q:
    """Those who work the territories or look after the accounts."""
    wanted = Q(pk__in=())
    if scope.by_territory:
        territories = territories_of(scope)
        named = Territory.reps.through.objects.filter(territory__in=territories.values("pk"))
        teams = territories.filter(team__isnull=False, reps=None)  # whom nobody is named for
        wanted |= Q(pk__in=named.values("rep")) | Q(team__in=teams.values("team"))
    if scope.by_owner:
        owned = Account.objects.filter(owner__isnull=False).values("owner")
        wanted |= Q(pk__in=owned if scope.owners is None else scope.owners)
    return wanted


def territories_of(scope: Scope) -> QuerySet[Territory]:
    if not scope.by_territory:
        return Territory.objects.none()
    every = Territory.objects.order_by("pk")
    return every if scope.territories is None else every.filter(pk__in=scope.territories)


def counting_teams(scope: Scope, reps: Collection[int]) -> QuerySet[Team]:
    """Teams of ``reps`` in which a lead that goes to its account's owner counts (PU7)."""
    if not scope.by_owner:
        return Team.objects.none()
    return Team.objects.filter(count_owner_matches=True, reps__in=reps).distinct()


def rotations_of(scope: Scope, reps: Collection[int]) -> set[Key]:
    """The rotations that a decision in the scope may move, where it may push to ``reps``."""
    counting = counting_teams(scope, reps).values_list("pk", flat=True)
    territories = territories_of(scope).values_list("pk", flat=True)
    return {
        *((team, seniority, None) for team, seniority in scope.turns),
        *((team, "", None) for team in counting),
        *((None, "", territory) for territory in territories),
    }
