"""Accounts: companies that are known, and who looks after them (IN4); singly or from a file."""

from collections.abc import MutableMapping
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin, leads_link, number_of
from leaddistrib.admin.filters import OwnerFilter, OwnerTeamFilter, SelectFilter
from leaddistrib.engine.names import match_name
from leaddistrib.lifecycle.intake import fields
from leaddistrib.models import Account, Lead, Rep

if apps.is_installed("import_export"):
    from import_export.admin import ImportMixin
    from import_export.fields import Field
    from import_export.formats.base_formats import CSV, XLSX
    from import_export.resources import ModelResource

    class AccountResource(ModelResource):
        """A row of a file is the account of its domain, else of its name, or a new one."""

        owner = Field("owner__user__username", "owner")

        class Meta:
            model = Account
            fields = ("name", "domain", "country", "industry", "employees", "owner")
            import_id_fields = ("name",)
            skip_unchanged = True
            report_skipped = True
            clean_model_instances = True

        def before_import_row(self, row: MutableMapping[str, Any], **kwargs: Any) -> None:
            """Clean the cells as intake does; what is wrong is shown with its line."""
            wrong: dict[str, Any] = {}
            for name, cleaner in CLEANERS.items():
                text = str(row.get(name) or "").strip()
                try:
                    row[name] = cleaner(text) if text else ""
                except ValidationError as error:
                    wrong[name] = error
            if wrong:
                raise ValidationError(wrong)

        def get_instance(self, instance_loader: Any, row: MutableMapping[str, Any]) -> Any:
            domain, name = row.get("domain"), match_name(str(row.get("name") or ""))
            same = Q(domain=domain) if domain else Q(match_name=name)
            return Account.objects.filter(same).order_by("pk").first() if domain or name else None

        def import_field(self, field: Any, instance: Any, row: Any, **kwargs: Any) -> None:
            if field.column_name == "owner":
                if "owner" in row:
                    instance.owner = _rep(row["owner"])
                return
            super().import_field(field, instance, row, **kwargs)

        def before_save_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
            instance._history_user = kwargs.get("user")

    class AccountImport(ImportMixin):
        """The button and its pages: upload, preview, confirm."""

        resource_classes = [AccountResource]

        def get_import_formats(self) -> list[Any]:
            return [CSV, XLSX]

        def has_import_permission(self, request: HttpRequest) -> bool:
            return request.user.has_perms(["leaddistrib.add_account", "leaddistrib.change_account"])

else:

    class AccountImport:  # type: ignore[no-redef]
        """Without django-import-export: no button."""


def _rep(username: str) -> Rep | None:
    if not username:
        return None
    rep = Rep.objects.filter(user__username=username).first()
    if rep is None:
        raise ValidationError(
            _("Expected the user name of a rep, got “%(value)s”."), params={"value": username}
        )
    return rep


def _text(text: str) -> str:
    return text


def _username(text: str) -> str:
    _rep(text)
    return text


CLEANERS = {
    "name": _text,
    "domain": fields.domain,
    "country": fields.country,
    "industry": _text,
    "employees": lambda text: str(fields.whole_number(text, 2**31 - 1)),
    "owner": _username,
}


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
class AccountAdmin(AccountImport, LeadDistribAdmin):
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
