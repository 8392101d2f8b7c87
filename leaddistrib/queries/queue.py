"""What waits in some pools, in the order and cut that the reader asked for (PL1)."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import F, QuerySet

from leaddistrib.models import Lead, Pool

NEWEST_FIRST = "newest"
ORDERS: Mapping[str, tuple[Any, ...]] = {
    NEWEST_FIRST: ("-opens_at", "-id"),
    "oldest": ("opens_at", "id"),
    "score": (F("score").desc(nulls_last=True), "-opens_at", "-id"),
    "source": ("source", "-opens_at", "-id"),
}


def waiting_in(
    pools: Iterable[Pool], order: str = NEWEST_FIRST, source: str | None = None
) -> QuerySet[Lead]:
    """Waiting leads of ``pools`` in one of ``ORDERS``, of one source where it is given."""
    leads = Lead.objects.filter(pool__in=list(pools), status=Lead.Status.WAITING)
    if source is not None:
        leads = leads.filter(source=source)
    return leads.select_related("pool").order_by(*ORDERS[order])


def sources_in(pools: Iterable[Pool]) -> list[str]:
    """The sources of the leads that wait in ``pools``, in alphabetical order."""
    leads = Lead.objects.filter(pool__in=list(pools), status=Lead.Status.WAITING)
    return list(leads.order_by("source").values_list("source", flat=True).distinct())
