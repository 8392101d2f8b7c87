"""Which policy of a fair race holds for whom: a team's own, else the general one."""

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import Q, QuerySet

from leaddistrib.models import Rep
from leaddistrib.models.policies import TeamPolicy

P = TypeVar("P", bound=TeamPolicy)


def policies_for(model: type[P], teams: Iterable[int | None]) -> dict[int | None, P | None]:
    """The policy of this kind that holds for each of ``teams`` (primary keys; None: reps without a
    team). A team's own comes first, also when it is not active: then none holds. One query."""
    wanted = set(teams)
    rows = model._default_manager.filter(Q(team__in=wanted - {None}) | Q(team=None))
    own = {policy.team_id: policy for policy in rows.select_related("team")}
    found = {team: own.get(team, own.get(None)) for team in wanted}
    return {team: policy if policy and policy.active else None for team, policy in found.items()}


def policy_for(model: type[P], team: int | None) -> P | None:
    """The policy of this kind that holds for one team. One query."""
    return policies_for(model, [team])[team]


def reps_under(policy: TeamPolicy) -> QuerySet[Rep]:
    """Everybody in the teams that ``policy`` is for, whether it is active or not, saved or not."""
    if policy.team_id is not None:
        return Rep.objects.filter(team=policy.team_id)
    others = type(policy)._default_manager.filter(team__isnull=False).exclude(pk=policy.pk)
    return Rep.objects.filter(Q(team=None) | ~Q(team__in=others.values("team")))
