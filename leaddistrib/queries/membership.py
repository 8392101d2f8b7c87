"""Who belongs to which pool: reps named one by one, and everybody in its teams."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Exists, Q, QuerySet

from leaddistrib.models import Pool, Rep
from leaddistrib.queries.premium import kept_from_premium


def pools_of(rep: Rep) -> QuerySet[Pool]:
    """The pools that exist for ``rep``: those of which the rep is a member, but for premium ones
    that the rep's tier does not see (TI1)."""
    kept_out = Exists(kept_from_premium().filter(pk=rep.pk))
    return Pool.objects.filter(_includes(rep), Q(premium=False) | ~kept_out).distinct()


def is_member(rep: Rep, pool_id: int) -> bool:
    return Pool.objects.filter(_includes(rep), pk=pool_id).exists()


def members_by_pool(pools: Iterable[int]) -> dict[int, set[int]]:
    """Ids of the members of each pool, in two queries however many pools there are."""
    wanted = list(pools)
    members: dict[int, set[int]] = defaultdict(set)
    named = Pool.reps.through.objects.filter(pool_id__in=wanted)
    in_teams = Pool.teams.through.objects.filter(pool_id__in=wanted, team__reps__isnull=False)
    for pool, rep in named.values_list("pool_id", "rep_id"):
        members[pool].add(rep)
    for pool, rep in in_teams.values_list("pool_id", "team__reps"):
        members[pool].add(rep)
    return members


def _includes(rep: Rep) -> Q:
    return Q(reps=rep) | Q(teams=rep.team_id) if rep.team_id else Q(reps=rep)
