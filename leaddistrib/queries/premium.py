"""Whose tier does not see premium pools (TI1)."""

from collections.abc import Iterable
from functools import cache

from django.db.models import Exists, QuerySet

from leaddistrib.models import Rep
from leaddistrib.queries.levels import counting_for_rep


@cache
def kept_from_premium() -> QuerySet[Rep]:
    """Reps for whom premium pools do not exist: the tier that counts for them, by the policy that
    holds for their team, does not see them. Where no policy holds, nobody is kept out. In no order;
    put together once, because that takes longer than to ask, and every claim in such a pool asks.
    """
    return Rep.objects.filter(Exists(counting_for_rep().filter(premium=False))).order_by()


def kept_out_of_premium(reps: Iterable[int]) -> frozenset[int]:
    """Those of ``reps`` (primary keys) for whom premium pools do not exist. One query."""
    return frozenset(kept_from_premium().filter(pk__in=list(reps)).values_list("pk", flat=True))
