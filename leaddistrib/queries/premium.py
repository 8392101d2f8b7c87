"""Whose tier does not see premium pools (TI1)."""

from collections.abc import Iterable

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery

from leaddistrib.models import Rep, Tier, TierPolicy


def kept_from_premium() -> QuerySet[Rep]:
    """Reps for whom premium pools do not exist: the tier that counts for them (``levels``), by the
    policy that holds for their team, does not see them. Where no policy holds, nobody is kept
    out."""
    of_policy = Tier.objects.filter(policy=OuterRef("policy")).order_by()
    middle = of_policy.values("policy").annotate(middle=(Max("level") + 1) / 2).values("middle")
    placed = Q(level=OuterRef("tier"))
    # Not placed, or on a level that the policy does not have (any more).
    in_none = ~Exists(of_policy.filter(level=OuterRef(OuterRef("tier"))))
    own = TierPolicy.objects.filter(team=OuterRef(OuterRef("team")))
    keeps_out = Tier.objects.filter(
        Q(policy__team=OuterRef("team")) | Q(policy__team=None) & ~Exists(own),
        placed | in_none & Q(level=Subquery(middle)),
        policy__active=True,
        premium=False,
    )
    return Rep.objects.filter(Exists(keeps_out))


def kept_out_of_premium(reps: Iterable[int]) -> frozenset[int]:
    """Those of ``reps`` (primary keys) for whom premium pools do not exist. One query."""
    return frozenset(kept_from_premium().filter(pk__in=list(reps)).values_list("pk", flat=True))
