"""Which tier counts for a rep: the own one, or the middle one for who is in none (TI1)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from leaddistrib.models import Tier, TierPolicy

Levels = Mapping[int, Tier]
"""The tiers of one policy by their levels; empty where no policy holds."""


def levels_of(policies: Iterable[TierPolicy | None]) -> dict[int, Levels]:
    """The tiers of each policy, by its primary key; nothing for one without tiers. One query."""
    found: dict[int, dict[int, Tier]] = defaultdict(dict)
    held = {policy.pk for policy in policies if policy}
    for tier in Tier.objects.filter(policy__in=held).order_by("level"):
        found[tier.policy_id][tier.level] = tier
    return dict(found)


def own_tier(levels: Levels, level: int | None) -> Tier | None:
    """The tier of a rep who was placed on ``level``; None who was not, or on a level that the
    policy does not have (any more): it was deleted, or the rep changed to another team."""
    return levels.get(level or 0)


def middle(levels: Levels) -> Tier | None:
    """The middle tier, the higher of two; None without tiers."""
    known = sorted(levels)
    return levels[known[(len(known) - 1) // 2]] if known else None


def counting(levels: Levels, level: int | None) -> Tier | None:
    """The tier that counts for a rep who was placed on ``level``: the own, else the middle one."""
    return own_tier(levels, level) or middle(levels)


def counting_for_rep() -> QuerySet[Tier]:
    """The same inside a query of reps (``Exists``): the tier that counts for each, by the policy
    that holds for the team, as ``policies_for`` has it."""
    of_policy = Tier.objects.filter(policy=OuterRef("policy")).order_by()
    between = (
        of_policy.values("policy").annotate(middle=(Max("level") + 1) / 2).values("middle")[:1]
    )
    in_none = ~Exists(of_policy.filter(level=OuterRef(OuterRef("tier"))))
    own = TierPolicy.objects.filter(team=OuterRef(OuterRef("team")))
    return Tier.objects.filter(
        Q(policy__team=OuterRef("team")) | Q(policy__team=None) & ~Exists(own),
        Q(level=OuterRef("tier")) | in_none & Q(level=Subquery(between)),
        policy__active=True,
    )
