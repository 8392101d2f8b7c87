"""Whose tier does not see premium pools (TI1)."""

from collections.abc import Iterable

from django.db.models import Exists, QuerySet

from leaddistrib.models import Rep
from leaddistrib.queries.levels import counting_for_rep


def kept_from_premium() -> QuerySet[Rep]:
    """Reps for whom premium pools do not exist: the tier that counts for them, by the policy that
    holds for their team, does not see them. Where no policy holds, nobody is kept out."""
    return Rep.objects.filter(Exists(counting_for_rep().filter(premium=False)))


def kept_out_of_premium(reps: Iterable[int]) -> frozenset[int]:
    """Those of ``reps`` (primary keys) for whom premium pools do not exist. One query."""
    return frozenset(kept_from_premium().filter(pk__in=list(reps)).values_list("pk", flat=True))
