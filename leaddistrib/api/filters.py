"""What a list of leads can be narrowed to. None of it is personal: what a viewer may not read must
not be found out by filtering either."""

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField

from leaddistrib.models import Lead
from leaddistrib.policy import Sight
from leaddistrib.queries.blindness import hidden

HIDEABLE = ("source", "lead_type", "country")
"""Fields of a lead, and the names of their filters, that a blind one may hide."""


class MomentField(IsoDateTimeField):
    """A time that databases can hold."""

    def clean(self, value: object) -> datetime | None:
        moment: datetime | None = super().clean(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(_("This time is out of range.")) from error


class MomentFilter(filters.IsoDateTimeFilter):
    field_class = MomentField


class LeadFilter(filters.FilterSet):
    """Exact values; ``received_after`` includes the moment, ``received_before`` does not."""

    status = filters.ChoiceFilter(choices=Lead.Status.choices, help_text="where the lead is now")
    source = filters.CharFilter(help_text="exact name of the source")
    lead_type = filters.CharFilter(help_text="exact lead type")
    country = filters.CharFilter(help_text="ISO 3166-1 code of two letters")
    owner = filters.CharFilter(
        field_name="owner__user__username", help_text="user name of the rep who owns the lead"
    )
    pool = filters.UUIDFilter(field_name="pool__public_id", help_text="id of the pool")
    received_after = MomentFilter(
        field_name="received_at", lookup_expr="gte", help_text="received at this time or later"
    )
    received_before = MomentFilter(
        field_name="received_at", lookup_expr="lt", help_text="received earlier than this time"
    )

    class Meta:
        model = Lead
        fields = ()

    def __init__(self, *args: Any, who: Sight | None = None, **kwargs: Any) -> None:
        """As of django-filter: the query's parameters, and the leads to narrow for ``who``."""
        super().__init__(*args, **kwargs)
        self.who = who

    def filter_queryset(self, queryset: QuerySet[Lead]) -> QuerySet[Lead]:
        for field in HIDEABLE:
            if self.form.cleaned_data[field]:
                queryset = queryset.exclude(hidden(field, self.who))
        found: QuerySet[Lead] = super().filter_queryset(queryset)
        return found
