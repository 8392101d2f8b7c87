"""Accounts: companies that are known, and who looks after them (IN4); singly or from a file."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin, leads_link, number_of
from leaddistrib.admin.filters import OwnerFilter, OwnerTeamFilter, SelectFilter
from leaddistrib.admin.lists import ListImport
from leaddistrib.lifecycle.catalogue.accounts import Accounts
from leaddistrib.lifecycle.intake import fields
from leaddistrib.models import Account, Lead


class AccountForm(forms.ModelForm):
    domain = forms.CharField(
        label=lazy("Web domain"),
        required=False,
        help_text=lazy("Such as acme.com. Leads from it and from what lies below it are theirs."),
    )
    country = forms.CharField(
        label=lazy("Country"), required=False, help_text=lazy("Such as FR or France")
    )

    class Meta:
        model = Account
        fields = ("name", "domain", "country", "industry", "employees", "owner")

    def clean_domain(self) -> str:
        text = self.cleaned_data["domain"]
        return fields.domain(text) if text else ""

    def clean_country(self) -> str:
        text = self.cleaned_data["country"]
        return fields.country(text) if text else ""


class CountryFilter(SelectFilter):
    title = lazy("country")
    parameter_name = "country"
    lookup = "country"

    def options(self) -> Any:
        codes = Account.objects.exclude(country="").order_by("country").values_list("country")
        return [(code, code) for (code,) in codes.distinct()]


class OwnedFilter(admin.SimpleListFilter):
    title = lazy("has an owner")
    parameter_name = "owned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() is None:
            return queryset
        return queryset.filter(owner__isnull=self.value() == "no")


@admin.register(Account)
class AccountAdmin(ListImport, LeadDistribAdmin):
    catalogue = Accounts
    form = AccountForm
    list_display = ("name", "domain", "country", "industry", "employees", "owner", "leads")
    list_select_related = ("owner__user",)
    list_filter = (OwnerFilter, OwnerTeamFilter, OwnedFilter, CountryFilter)
    search_fields = ("name", "domain", "match_name")
    autocomplete_fields = ("owner",)

    def get_queryset(self, request: HttpRequest) -> Any:
        counted = number_of(Lead.objects.all(), "account")
        return super().get_queryset(request).annotate(_leads=counted)

    @admin.display(description=lazy("leads"), ordering="_leads")
    def leads(self, account: Any) -> str:
        return leads_link(account._leads, account__id__exact=account.pk)
