"""Whose tier does not see premium pools (TI1)."""

from collections.abc import Iterable

from django.db.models import Exists, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from leaddistrib.models import Rep, Tier, TierPolicy


def kept_from_premium() -> QuerySet[Rep]:
    """Reps for whom premium pools do not exist: their tier, by the policy that holds for their
    team, does not see them. Who is not placed counts as of the middle tier; where no policy holds,
    nobody is kept out."""
    middle = (
        Tier.objects.filter(policy=OuterRef("policy"))
        .order_by()
        .values("policy")
        .annotate(middle=(Max("level") + 1) / 2)
        .values("middle")
    )
    own = TierPolicy.objects.filter(team=OuterRef(OuterRef("team")))
    keeps_out = Tier.objects.filter(
        Q(policy__team=OuterRef("team")) | Q(policy__team=None) & ~Exists(own),
        policy__active=True,
        level=Coalesce(OuterRef("tier"), Subquery(middle)),
        premium=False,
    )
    return Rep.objects.filter(Exists(keeps_out))


def kept_out_of_premium(reps: Iterable[int]) -> frozenset[int]:
    """Those of ``reps`` (primary keys) for whom premium pools do not exist. One query."""
    return frozenset(kept_from_premium().filter(pk__in=list(reps)).values_list("pk", flat=True))
