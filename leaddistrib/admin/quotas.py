"""Quotas: singly, in the list, of a whole team for a month on one page, or from a file (AL1)."""

from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib import conf
from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.filters import DayRangeFilter, RepFilter, RepTeamFilter
from leaddistrib.admin.lists import ListImport
from leaddistrib.admin.uploads import BUSY
from leaddistrib.errors import Busy
from leaddistrib.lifecycle.allocating import first_of
from leaddistrib.lifecycle.catalogue.quotas import Quotas
from leaddistrib.lifecycle.intake import fields
from leaddistrib.lifecycle.quotas import set_quotas
from leaddistrib.models import Quota, Team
from leaddistrib.queries import clock
from leaddistrib.queries.attainment import CENT


class MonthField(forms.DateField):
    """A month, by any of its days; gives its first."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateInput(format="%Y-%m", attrs={"type": "month"})
        super().__init__(input_formats=["%Y-%m", "%Y-%m-%d"], widget=widget, **kwargs)

    def to_python(self, value: Any) -> date | None:
        day = super().to_python(value)
        if day and not 2000 <= day.year < 2100:
            raise ValidationError(_("Write a month of this century, such as 2027-03."))
        return day.replace(day=1) if day else None


class CurrencyField(forms.CharField):
    """ISO 4217, in capitals."""

    def clean(self, value: Any) -> str:
        return fields.currency(super().clean(value))


class QuotaForm(forms.ModelForm):
    month = MonthField(label=capfirst(lazy("month")))
    currency = CurrencyField(label=capfirst(lazy("currency")), max_length=fields.CODE_LENGTH)

    class Meta:
        model = Quota
        fields = ("rep", "month", "amount", "currency")


class WhoseForm(forms.Form):
    """Of which team, and for which month."""

    team = forms.ModelChoiceField(label=capfirst(lazy("team")), queryset=Team.objects.all())
    month = MonthField(label=capfirst(lazy("month")))


class AmountsForm(forms.Form):
    """An amount for each active rep of a team; at first those of the month, or else, to be looked
    at and saved, those of the month before."""

    currency = CurrencyField(label=capfirst(lazy("currency")), max_length=fields.CODE_LENGTH)

    def __init__(self, data: Any, *, team: Team, month: date) -> None:
        reps = list(team.reps.filter(active=True).select_related("user"))
        before = (month - timedelta(days=1)).replace(day=1)
        known = Quota.objects.filter(rep__in=reps, month__in=(before, month)).order_by("month")
        of_month = {quota.rep_id: quota for quota in known if quota.month == month}
        shown = of_month or {quota.rep_id: quota for quota in known}
        self.copied = before if shown and not of_month else None
        currencies = [quota.currency for quota in shown.values()]
        super().__init__(data, initial={"currency": (currencies or [conf.settings.CURRENCY])[0]})
        # One currency is chosen for all: another one would be converted by no rate.
        self.mixed = len(set(currencies)) > 1
        self.names = {f"rep-{rep.pk}": rep for rep in reps}
        amount = Quota._meta.get_field("amount")
        for name, rep in self.names.items():
            quota = shown.get(rep.pk)
            self.fields[name] = cast("Any", amount).formfield(
                label=rep.name,
                required=False,
                min_value=CENT,
                initial=quota.amount if quota else None,
            )

    def amounts(self) -> dict[int, Any]:
        """The amount of each rep; None for an empty one."""
        return {rep.pk: self.cleaned_data[name] for name, rep in self.names.items()}


@admin.register(Quota)
class QuotaAdmin(ListImport, LeadDistribAdmin):
    catalogue = Quotas
    form = QuotaForm
    list_display = ("rep", "team", "month", "amount", "currency")
    list_editable = ("amount",)
    list_select_related = ("rep__user", "rep__team")
    list_filter = (RepTeamFilter, RepFilter, ("month", DayRangeFilter))
    search_fields = ("rep__user__username", "rep__user__first_name", "rep__user__last_name")
    autocomplete_fields = ("rep",)
    ordering = ("-month", "rep")
    change_list_template = "admin/leaddistrib/quota/change_list.html"

    @admin.display(description=lazy("team"), ordering="rep__team__name")
    def team(self, quota: Quota) -> Any:
        return quota.rep.team

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.month_view)
        return [path("month/", page, name="leaddistrib_quota_month"), *super().get_urls()]

    def month_view(self, request: HttpRequest) -> HttpResponse:
        """The quotas of a team for a month, set in one go or taken over from the month before."""
        acts = ("add_quota", "change_quota", "delete_quota")
        if not request.user.has_perms([f"leaddistrib.{act}" for act in acts]):
            raise PermissionDenied
        whose = WhoseForm(request.GET or None, initial={"month": first_of(clock.now())})
        if not whose.is_valid():
            return self._month_page(request, whose=whose)
        team, month = whose.cleaned_data["team"], whose.cleaned_data["month"]
        form = AmountsForm(request.POST or None, team=team, month=month)
        if request.method == "POST" and form.is_valid():
            by = cast("AbstractUser", request.user)
            try:
                number = set_quotas(month, form.amounts(), form.cleaned_data["currency"], by=by)
            except Busy:
                self.message_user(request, str(BUSY), messages.ERROR)
            else:
                text = ngettext("%(count)d quota changed", "%(count)d quotas changed", number)
                self.message_user(request, text % {"count": number}, messages.SUCCESS)
                query = {"team": team.pk, "month_from": month, "month_to": month}
                address = reverse("admin:leaddistrib_quota_changelist", query=query)
                return HttpResponseRedirect(address)
        title = _("Quotas of %(team)s, %(month)s") % {
            "team": team,
            "month": date_format(month, "YEAR_MONTH_FORMAT"),
        }
        return self._month_page(request, whose=whose, form=form, title=title)

    def _month_page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        cast("Any", request).current_app = self.admin_site.name
        whole = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Quotas of a month"),
            "media": self.media,
            **context,
        }
        return TemplateResponse(request, "leaddistrib/admin/quotas_of_month.html", whole)
