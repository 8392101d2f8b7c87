"""Territories, metropolitan areas and events: where leads come from, and who works there (RU1)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.fields import LinesField
from leaddistrib.admin.filters import TeamFilter
from leaddistrib.admin.territories import TerritoryFiles
from leaddistrib.engine.territories import Named, Overlap
from leaddistrib.lifecycle.catalogue.places import (
    country,
    postal_prefix,
    postal_start,
    subdivision,
)
from leaddistrib.models import Metro, SalesEvent, Territory
from leaddistrib.queries import clock
from leaddistrib.queries.places import country_name, subdivision_name
from leaddistrib.queries.territories import leads_by_territory, overlaps

RECENT_DAYS = 30
OVERLAPS = 10
"""Overlaps that are named one by one after saving."""


class TerritoryForm(forms.ModelForm):
    countries = LinesField(
        label=lazy("Countries"),
        each=country,
        named=country_name,
        help_text=lazy("One per line, as a code or a name."),
    )
    subdivisions = LinesField(
        label=lazy("Subdivisions"),
        each=subdivision,
        named=subdivision_name,
        help_text=lazy(
            "States, regions, departments; one ISO 3166-2 code per line, such as FR-75. A region "
            "takes all that lies in it."
        ),
    )
    postal_prefixes = LinesField(
        label=lazy("Postal prefixes"),
        each=postal_prefix,
        help_text=lazy("A country and the start of its postal codes, one per line: FR 750."),
    )

    class Meta:
        model = Territory
        fields = (
            *("name", "team", "reps"),
            *("countries", "subdivisions", "metros", "postal_prefixes"),
        )


@admin.register(Territory)
class TerritoryAdmin(TerritoryFiles, LeadDistribAdmin):
    form = TerritoryForm
    list_display = ("name", "team", "where")
    list_select_related = ("team",)
    list_filter = (TeamFilter,)
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team", "reps", "metros")
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "team", "reps"),
                "description": lazy(
                    "Its leads go to the reps named here; without any, to everybody in the team."
                ),
            },
        ),
        (
            lazy("Places"),
            {
                "fields": ("countries", "subdivisions", "metros", "postal_prefixes"),
                "description": lazy(
                    "All places together. Where territories overlap, the most specific place "
                    "decides: a longer prefix, then a shorter one, a metropolitan area, a "
                    "subdivision, its region, the country. Without any place it is the rest of "
                    "the world."
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("metros")

    @admin.display(description=lazy("where"))
    def where(self, territory: Territory) -> str:
        parts = [
            *map(country_name, territory.countries),
            *map(subdivision_name, territory.subdivisions),
            *(metro.name for metro in territory.metros.all()),
            *territory.postal_prefixes,
        ]
        shown = ", ".join(parts[:8]) or _("the rest of the world")
        return f"{shown} …" if len(parts) > 8 else shown

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        territory = form.instance
        self._say_how_many(request, territory)
        self._say_overlaps(request, [one for one in overlaps() if territory.pk in one.territories])

    def imported(self, request: HttpRequest) -> None:
        self._say_overlaps(request, overlaps())

    def _say_overlaps(self, request: HttpRequest, found: Sequence[Overlap]) -> None:
        for one in found[:OVERLAPS]:
            self.message_user(request, overlap_in_words(one), messages.WARNING)
        if len(found) > OVERLAPS:
            text = ngettext(
                "%(number)d more place overlaps.",
                "%(number)d more places overlap.",
                len(found) - OVERLAPS,
            ) % {"number": len(found) - OVERLAPS}
            self.message_user(request, text, messages.WARNING)

    def _say_how_many(self, request: HttpRequest, territory: Territory) -> None:
        since = clock.now() - timedelta(days=RECENT_DAYS)
        number = leads_by_territory(since)[territory.pk]
        text = ngettext(
            "%(number)d lead of the last %(days)d days lies in “%(name)s”.",
            "%(number)d leads of the last %(days)d days lie in “%(name)s”.",
            number,
        ) % {"number": number, "days": RECENT_DAYS, "name": territory}
        self.message_user(request, text, messages.INFO)


def overlap_in_words(overlap: Overlap) -> str:
    """That several territories name one place, and which of them has it."""
    names = Territory.objects.in_bulk(overlap.territories)
    has, *others = (str(names[pk]) for pk in overlap.territories)
    return _("%(place)s is also in %(others)s: its leads go to “%(has)s”, the oldest.") % {
        "place": place_in_words(overlap.place),
        "others": ", ".join(f"“{name}”" for name in others),
        "has": has,
    }


def place_in_words(place: Named) -> str:
    match place.kind:
        case "country":
            return f"{country_name(place.code)} ({place.code})"
        case "subdivision":
            return f"{subdivision_name(place.code)} ({place.code})"
        case "world":
            return _("the rest of the world")
    return place.code


class MetroForm(forms.ModelForm):
    country = forms.CharField(label=lazy("Country"), help_text=lazy("Such as FR or France"))
    postal_prefixes = LinesField(
        label=lazy("Postal prefixes"),
        each=postal_start,
        required=True,
        help_text=lazy("Starts of its postal codes, one per line."),
    )

    class Meta:
        model = Metro
        fields = ("name", "country", "postal_prefixes")

    def clean_country(self) -> str:
        return country(self.cleaned_data["country"])

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        starts = set(values.get("postal_prefixes") or ())
        others = Metro.objects.filter(country=values.get("country")).exclude(pk=self.instance.pk)
        for other in others:
            if shared := starts.intersection(other.postal_prefixes):
                text = _("“%(other)s” has %(prefixes)s already.")
                params = {"other": other, "prefixes": ", ".join(sorted(shared))}
                self.add_error("postal_prefixes", text % params)
        return values


@admin.register(Metro)
class MetroAdmin(LeadDistribAdmin):
    form = MetroForm
    list_display = ("name", "country", "where")
    search_fields = ("name",)

    @admin.display(description=lazy("where"))
    def where(self, metro: Metro) -> str:
        shown = ", ".join(metro.postal_prefixes[:12])
        return f"{shown} …" if len(metro.postal_prefixes) > 12 else shown


@admin.register(SalesEvent)
class SalesEventAdmin(LeadDistribAdmin):
    list_display = ("name", "held_on")
    search_fields = ("name",)
    autocomplete_fields = ("attendees",)
    fieldsets = (
        (
            None,
            {
                "fields": ("name", "held_on", "attendees"),
                "description": lazy(
                    "A lead names its event in the attribute “event”. A rule's step may send it "
                    "to the reps who attended only."
                ),
            },
        ),
    )
