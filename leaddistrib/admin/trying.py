"""“Try this lead”: where a version of the rules would send it now, and why (RU5, RU6)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import sees_leads
from leaddistrib.admin.fields import NamedValuesField
from leaddistrib.admin.rulesetpages import RuleSetPages, address, is_draft, published
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.knowing import FIELDS
from leaddistrib.lifecycle.matching import match, place
from leaddistrib.models import Lead, RuleSet
from leaddistrib.queries import clock
from leaddistrib.queries.trying import Tried, try_lead

FOUND = 20  # leads that a search shows


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=AdminTextInputWidget
    )


class TryForm(forms.Form):
    """A few facts, as people write them; intake's cleaning reads them."""

    company = _text(lazy("Company"))
    contact_email = _text(lazy("E-mail"))
    country = _text(lazy("Country"), lazy("Such as FR or France"))
    subdivision = _text(lazy("Subdivision"), lazy("State, region, department"))
    postal_code = _text(lazy("Postal code"))
    industry = _text(lazy("Industry"))
    employees = _text(lazy("Employees"))
    score = _text(lazy("Score"))
    source = _text(lazy("Source"))
    lead_type = _text(lazy("Lead type"))
    product = _text(lazy("Product"))
    language = _text(lazy("Language"))
    attributes = NamedValuesField(
        label=lazy("Attributes"),
        help_text=lazy("One per line, such as “budget: 20000”."),
        widget=forms.Textarea({"rows": 3, "cols": 40}),
    )

    lead: Lead

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        data = {name: values.get(name) for name in self.fields}
        data["contact.email"] = data.pop("contact_email")
        data["attributes"] = values.get("attributes") or {}
        try:
            given = clean(data)
        except InvalidLead as error:
            for name, texts in error.fields.items():
                field = name.replace(".", "_").partition("_attributes")[0]
                at = field if field in self.fields else None
                self.add_error(at, [ValidationError(text) for text in texts])
            return values
        fields = {name: getattr(given, name) for name in FIELDS}
        self.lead = Lead(**fields, received_at=clock.now())
        return values


class TryingPages(RuleSetPages):
    def get_urls(self) -> list[URLPattern]:
        any_version = self.admin_site.admin_view(self.try_newest)
        return [
            path("try/", any_version, name="leaddistrib_ruleset_try_newest"),
            self.view("try/", self.try_lead, "try"),
            *super().get_urls(),
        ]

    def try_newest(self, request: HttpRequest) -> HttpResponse:
        """What the newest draft, or else the published version, would do with a lead."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        drafts = RuleSet.objects.filter(status=RuleSet.Status.DRAFT)
        ruleset = drafts.order_by("-version").first() or published()
        if ruleset is None:
            text = _("There are no rules yet. Make a rule set first.")
            self.message_user(request, text, messages.WARNING)
            return HttpResponseRedirect(reverse("admin:leaddistrib_ruleset_changelist"))
        query = urlencode({"lead": request.GET["lead"]} if "lead" in request.GET else {})
        return HttpResponseRedirect(f"{address(ruleset, 'try')}?{query}")

    def try_lead(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Nothing is written. Facts that somebody makes up and what is searched for are posted all
        the same: an address is kept in logs and histories, and they tell of persons."""
        ruleset = self.to_look_at(request, pk)
        may_see = sees_leads(request)
        text = request.POST.get("q", "").strip()
        lead: Lead | None = _chosen(request.GET.get("lead", "")) if may_see else None
        form = TryForm(request.POST if "try" in request.POST else None)
        if form.is_bound and form.is_valid():
            lead = form.lead
        tried: list[Tried] = []
        if lead is not None:
            place([lead])
            if lead._state.adding:
                match([lead])
            tried = [try_lead(one, lead) for one in _versions(ruleset)]
        return self.show(
            request,
            "try.html",
            ruleset,
            _("Try a lead with version %(version)d") % {"version": ruleset.version},
            form=form,
            lead=lead,
            tried=tried,
            text=text,
            found=_found(text) if text and may_see else [],
            sees_leads=may_see,
        )


def _versions(ruleset: RuleSet) -> Sequence[RuleSet]:
    """A draft is shown beside the version in force."""
    beside = published() if is_draft(ruleset) else None
    return [ruleset, beside] if beside else [ruleset]


def _chosen(text: str) -> Lead | None:
    if not text.isdecimal() or len(text) > 18:
        return None
    leads = Lead.objects.select_related("territory", "account__owner__user", "owner__user", "pool")
    return leads.filter(pk=int(text)).first()


def _found(text: str) -> list[Lead]:
    names = ("company", "contact_name", "contact_email", "external_id")
    wanted = Q()
    for name in names:
        wanted |= Q(**{f"{name}__icontains": text})
    leads = Lead.objects.filter(wanted).select_related("owner__user", "pool")
    return list(leads.order_by("-received_at", "-pk")[:FOUND])
