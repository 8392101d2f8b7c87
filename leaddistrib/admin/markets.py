"""Territories and accounts."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.fields import LinesField
from leaddistrib.admin.filters import OwnerFilter, TeamFilter
from leaddistrib.lifecycle.intake.codes import country_code, subdivision_code
from leaddistrib.models import Account, Territory


def _country(text: str) -> str:
    code = country_code(text)
    if code is None:
        raise ValidationError(
            _("Expected a country such as FR, FRA or France, got “%(value)s”."),
            params={"value": text},
        )
    return code


def _subdivision(text: str) -> str:
    code = subdivision_code(text, "")
    if code is None:
        raise ValidationError(
            _("Expected a code such as FR-75 or US-CA, got “%(value)s”."), params={"value": text}
        )
    return code


class TerritoryForm(forms.ModelForm):
    countries = LinesField(
        label=_("Countries"), each=_country, help_text=_("One per line, as a code or a name.")
    )
    subdivisions = LinesField(
        label=_("Subdivisions"),
        each=_subdivision,
        help_text=_("States, regions, departments; one ISO 3166-2 code per line, such as FR-75."),
    )
    postal_prefixes = LinesField(
        label=_("Postal prefixes"), help_text=_("Starts of postal codes, one per line.")
    )

    class Meta:
        model = Territory
        fields = ("name", "team", "reps", "countries", "subdivisions", "postal_prefixes")


@admin.register(Territory)
class TerritoryAdmin(LeadDistribAdmin):
    form = TerritoryForm
    list_display = ("name", "team", "where")
    list_select_related = ("team",)
    list_filter = (TeamFilter,)
    search_fields = ("name", "team__name")
    autocomplete_fields = ("team", "reps")

    @admin.display(description=_("where"))
    def where(self, territory: Territory) -> str:
        parts = [*territory.countries, *territory.subdivisions, *territory.postal_prefixes]
        shown = ", ".join(parts[:12])
        return f"{shown} …" if len(parts) > 12 else shown


@admin.register(Account)
class AccountAdmin(LeadDistribAdmin):
    list_display = ("name", "domain", "owner")
    list_select_related = ("owner__user",)
    list_filter = (OwnerFilter,)
    search_fields = ("name", "domain")
    autocomplete_fields = ("owner",)
