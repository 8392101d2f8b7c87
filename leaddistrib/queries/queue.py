"""What waits in some pools, in the order and cut that the reader asked for (PL1)."""

from collections.abc import Iterable, Mapping
from typing import Any

import django_filters as filters
from django.db.models import F, QuerySet

from leaddistrib.models import Lead, Pool
from leaddistrib.policy import View, policy

NEWEST_FIRST = "newest"
ORDERS: Mapping[str, tuple[Any, ...]] = {
    NEWEST_FIRST: ("-opens_at", "-id"),
    "oldest": ("opens_at", "id"),
    "score": (F("score").desc(nulls_last=True), "-opens_at", "-id"),
    "source": ("source", "-opens_at", "-id"),
}


NO_SOURCE = "-"
"""What stands for a source that is not known: an empty parameter narrows nothing."""


class WaitingFilter(filters.FilterSet):
    """What waiting leads can be narrowed to, on pages and by the API.

    Only by what the policy shows in a preview: what nobody may read before the lead is theirs must
    not be found out by filtering either.
    """

    source = filters.CharFilter(
        field_name="source",
        method="from_source",
        help_text="exact name of the source; “-” for leads without one",
    )
    country = filters.CharFilter(
        lookup_expr="iexact", max_length=2, help_text="ISO 3166-1 code of two letters"
    )
    size = filters.ChoiceFilter(
        field_name="size_band", choices=Lead.SizeBand.choices, help_text="size of the company"
    )
    temperature = filters.ChoiceFilter(choices=Lead.Temperature.choices, help_text="by its score")
    min_score = filters.NumberFilter(
        field_name="score",
        lookup_expr="gte",
        min_value=0,
        max_value=1000,
        help_text="scores of at least this; leads without a score are left out",
    )
    company = filters.CharFilter(
        lookup_expr="icontains", max_length=100, help_text="text in the company's name"
    )

    class Meta:
        model = Lead
        fields = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As of django-filter: the query's parameters, and the leads to narrow."""
        super().__init__(*args, **kwargs)
        shown = policy().fields(View.PREVIEW)
        for name in [name for name, one in self.filters.items() if one.field_name not in shown]:
            del self.filters[name]

    def from_source(self, leads: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return leads.filter(source="" if value == NO_SOURCE else value)


def orders() -> list[str]:
    """The names of ORDERS by which the viewer of a preview may sort."""
    shown = policy().fields(View.PREVIEW)
    return [name for name in ORDERS if name in (NEWEST_FIRST, "oldest") or name in shown]


def waiting_in(pools: Iterable[Pool], order: str = NEWEST_FIRST) -> QuerySet[Lead]:
    """Waiting leads of ``pools`` in one of ``ORDERS``, with their pools."""
    leads = Lead.objects.filter(pool__in=list(pools), status=Lead.Status.WAITING)
    return leads.select_related("pool").order_by(*ORDERS[order])


def values_in(pools: Iterable[Pool], field: str) -> list[str]:
    """What the leads that wait in ``pools`` have as ``field`` ("source", "country"), in
    alphabetical order; nothing where previews do not show it."""
    if field not in policy().fields(View.PREVIEW):
        return []
    leads = Lead.objects.filter(pool__in=list(pools), status=Lead.Status.WAITING)
    return list(leads.order_by(field).values_list(field, flat=True).distinct())
