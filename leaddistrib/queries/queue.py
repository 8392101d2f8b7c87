"""What waits in some pools, in the order and cut that the reader asked for (PL1)."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

import django_filters as filters
from django.db.models import (
    Case,
    DateTimeField,
    ExpressionWrapper,
    F,
    Field,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Lower, NullIf

from leaddistrib.models import Lead, Pool
from leaddistrib.policy import Sight, View, policy
from leaddistrib.queries.blindness import hidden

NEWEST_FIRST = "newest"
ORDERS: Mapping[str, tuple[Any, ...]] = {
    NEWEST_FIRST: ("-opens_at", "-id"),
    "oldest": ("opens_at", "id"),
    "score": (F("shown").desc(nulls_last=True), "-opens_at", "-id"),
    "source": ("shown", "-opens_at", "-id"),
    "company": (NullIf(Lower("shown"), Value("")).asc(nulls_last=True), "-opens_at", "-id"),
    "left": (F("due_at").asc(nulls_last=True), "opens_at", "id"),
}
"""``shown`` is the field of that name, blank where the reps of the pool do not see it."""

ALWAYS = (NEWEST_FIRST, "oldest", "left")
"""Orders by what every preview shows."""


NO_SOURCE = "-"
"""What stands for a source that is not known: an empty parameter narrows nothing."""

BLANK = (None, "")
"""Values of filters that narrow nothing."""


class WaitingFilter(filters.FilterSet):
    """What waiting leads can be narrowed to, on pages and by the API.

    Only by what the policy shows in a preview: what nobody may read before the lead is theirs must
    not be found out by filtering either. For the same reason a lead whose field is hidden from the
    reader is left out wherever that field is asked for, whatever it holds.
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

    def __init__(self, *args: Any, who: Sight | None = None, **kwargs: Any) -> None:
        """As of django-filter: the query's parameters, and the leads to narrow. ``who`` looks;
        None: a rep of the pools."""
        super().__init__(*args, **kwargs)
        self.who = who
        shown = policy().fields(View.PREVIEW)
        for name in [name for name, one in self.filters.items() if one.field_name not in shown]:
            del self.filters[name]

    def filter_queryset(self, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        given = self.form.cleaned_data
        asked = {
            self.filters[name].field_name for name in self.filters if given.get(name) not in BLANK
        }
        for field in sorted(asked):
            queryset = queryset.exclude(hidden(field, self.who))
        found: QuerySet[Lead] = super().filter_queryset(queryset)
        return found

    def from_source(self, leads: QuerySet[Lead], name: str, value: str) -> QuerySet[Lead]:
        return leads.filter(source="" if value == NO_SOURCE else value)


def orders() -> list[str]:
    """The names of ORDERS by which the viewer of a preview may sort."""
    shown = policy().fields(View.PREVIEW)
    return [name for name in ORDERS if name in ALWAYS or name in shown]


def waiting_in(pools: Iterable[Pool], seen: Q, order: str = NEWEST_FIRST) -> QuerySet[Lead]:
    """Waiting leads of ``pools`` that the reader may have ``seen`` (``visibility``), in one of
    ``ORDERS``, with their pools.

    By time left ("left"): first those that go stale, or whose pool passes them on, soonest. In one
    pool those are the ones that wait longest, which an index has in that order.
    """
    asked = list(pools)
    leads = Lead.objects.filter(seen, pool__in=asked, status=Lead.Status.WAITING)
    leads = leads.select_related("pool")
    if order == "left" and len(asked) == 1:
        order = "oldest"
    if order == "left":
        leads = leads.alias(due_at=_due_at(asked))
    elif order not in ALWAYS:
        leads = leads.alias(shown=_shown(order))
    return leads.order_by(*ORDERS[order])


def _shown(field: str) -> Case:
    """The lead's ``field``, or what a lead has that has none, where it is hidden from reps."""
    output = cast("Field[Any, Any]", Lead._meta.get_field(field))
    blank = None if output.null else Value("")
    return Case(When(hidden(field), then=blank), default=F(field), output_field=output)


def _due_at(pools: Iterable[Pool]) -> Case:
    """When the time that its pool gives a lead is over; null where the pool gives none."""
    limits = {
        pool.pk: [limit for limit in (pool.stale_minutes, pool.push_minutes) if limit is not None]
        for pool in pools
    }
    whens = (
        When(
            pool=pool,
            then=ExpressionWrapper(
                F("opens_at") + timedelta(minutes=min(given)), output_field=DateTimeField()
            ),
        )
        for pool, given in limits.items()
        if given
    )
    return Case(*whens, output_field=DateTimeField())


def values_in(pools: Iterable[Pool], seen: Q, field: str) -> list[str]:
    """What the leads that wait in ``pools``, and that the reader may have ``seen``, have as
    ``field`` ("source", "country"), in alphabetical order; nothing where previews do not show it,
    nor of leads that hide it."""
    if field not in policy().fields(View.PREVIEW):
        return []
    leads = Lead.objects.filter(seen, pool__in=list(pools), status=Lead.Status.WAITING)
    leads = leads.exclude(hidden(field))
    return list(leads.order_by(field).values_list(field, flat=True).distinct())
