"""Leads: taken in by hand, corrected, and why each went where it went (IN1, IN5, RU5)."""

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.doors import assign
from leaddistrib.admin.exporting import export
from leaddistrib.admin.fields import NamedValuesField
from leaddistrib.admin.filters import (
    AlertFilter,
    DateRangeFilter,
    OwnerFilter,
    OwnerTeamFilter,
    PoolFilter,
    ResponsePolicyFilter,
    RuleFilter,
    SourceFilter,
)
from leaddistrib.admin.imports import ImportAdmin
from leaddistrib.admin.timeline import timeline
from leaddistrib.errors import InvalidLead
from leaddistrib.lifecycle.intake.cleaning import FIELDS, LeadInput, clean
from leaddistrib.lifecycle.intake.correcting import correct
from leaddistrib.lifecycle.intake.receiving import Outcome, Received, receive
from leaddistrib.lifecycle.scoring import preview
from leaddistrib.models import Lead
from leaddistrib.queries import explanations
from leaddistrib.queries.recognition import recognition, score_in_words

INTEREST = ("lead_type", "product", "score", ("value", "currency"), "attributes")
# The fields of the form by the name under which intake knows them.
FORM_NAMES = {name: name.replace(".", "_") for name in FIELDS if name != "received_at"}


def _text(label: Any, help_text: Any = "") -> forms.CharField:
    """What people write freely and intake reads: “1 200” employees, a country by its name."""
    return forms.CharField(
        label=label, help_text=help_text, required=False, widget=AdminTextInputWidget
    )


class LeadForm(forms.ModelForm):
    """Facts of a lead as people write them; intake's cleaning normalises or refuses them."""

    country = _text(lazy("Country"), lazy("Such as FR or France"))
    subdivision = _text(lazy("Subdivision"), lazy("State, region, department"))
    contact_email = _text(lazy("E-mail"))
    contact_phone = _text(lazy("Phone"))
    employees = _text(lazy("Employees"))
    score = _text(lazy("Score"))
    language = _text(lazy("Language"))
    value = _text(lazy("Expected value"), lazy("Such as 1200 or 1200.50"))
    currency = _text(lazy("Currency"), lazy("Such as EUR"))
    attributes = NamedValuesField(
        label=lazy("Attributes"), help_text=lazy("One per line, such as “budget: 20000”.")
    )

    class Meta:
        model = Lead
        fields = tuple(FORM_NAMES.values())

    given: LeadInput

    def clean(self) -> dict[str, Any] | None:
        values = super().clean() or self.cleaned_data
        data = {name: values.get(field) for name, field in FORM_NAMES.items()}
        data["attributes"] = values.get("attributes") or {}
        try:
            self.given = clean(data)
        except InvalidLead as error:
            for name, texts in error.fields.items():
                field = FORM_NAMES.get(name, "attributes" if "attributes" in name else None)
                self.add_error(field, ValidationError([ValidationError(text) for text in texts]))
            return values
        if not any(data[name] for name in ("company", "contact.name", "contact.email")):
            self.add_error("company", _("Name a company, a contact or an e-mail address."))
        self._refuse_known(self.given)
        return values | {field: getattr(self.given, field) for field in FORM_NAMES.values()}

    def _refuse_known(self, given: LeadInput) -> None:
        same = Lead.objects.filter(
            source_system=given.source_system, external_id=given.external_id
        ).exclude(pk=self.instance.pk)
        if given.external_id and same.exists():
            self.add_error("external_id", _("This source system sent a lead with this id."))


@admin.register(Lead)
class LeadAdmin(ImportAdmin, LeadDistribAdmin):
    form = LeadForm
    list_display = (
        "company_or_contact",
        "source",
        "score",
        "status",
        "owner",
        "pool",
        "received",
    )
    list_select_related = ("owner__user", "pool")
    list_filter = (
        "status",
        SourceFilter,
        "temperature",
        OwnerTeamFilter,
        OwnerFilter,
        PoolFilter,
        RuleFilter,
        ResponsePolicyFilter,
        AlertFilter,
        ("received_at", DateRangeFilter),
    )
    search_fields = ("company", "contact_name", "contact_email", "external_id")
    readonly_fields = (
        "status",
        "owner",
        "pool",
        "opens_at",
        "received_at",
        "size_band",
        "temperature",
        "quality",
        "region",
        "metro",
        "territory",
        "account",
        "duplicate_of",
        "recognised",
        "by_the_rules_now",
        "public_id",
    )
    fieldsets = (
        (None, {"fields": ("company", "company_domain", "industry", "employees")}),
        (
            lazy("Contact"),
            {
                "fields": (
                    "contact_name",
                    "contact_title",
                    "contact_email",
                    "contact_phone",
                    "language",
                )
            },
        ),
        (lazy("Place"), {"fields": ("country", "subdivision", "city", "postal_code")}),
        (lazy("Interest"), {"fields": INTEREST}),
        (lazy("Origin"), {"fields": ("source", "source_system", "external_id")}),
    )
    where = (
        lazy("Where it is"),
        {
            "fields": (
                ("status", "owner", "pool"),
                ("opens_at", "received_at"),
                ("size_band", "temperature", "quality"),
                "public_id",
            )
        },
    )
    found = (
        lazy("What it was recognised by"),
        {
            "fields": (
                ("territory", "region", "metro"),
                ("account", "duplicate_of"),
                "recognised",
                "by_the_rules_now",
            )
        },
    )
    actions = (assign, export)
    change_form_template = "admin/leaddistrib/lead/change_form.html"

    @admin.display(description=lazy("lead"), ordering="company")
    def company_or_contact(self, lead: Lead) -> str:
        return str(lead)

    @admin.display(description=lazy("received"), ordering="received_at")
    def received(self, lead: Lead) -> str:
        return date_format(timezone.localtime(lead.received_at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=lazy("when it came in"))
    def recognised(self, lead: Lead) -> str:
        return " ".join(recognition(lead)) or "–"

    @admin.display(description=lazy("score by the rules of today"))
    def by_the_rules_now(self, lead: Lead) -> str:
        made = preview(lead)
        return score_in_words(made.score, made.given) if made else "–"

    def get_fieldsets(self, request: HttpRequest, obj: Lead | None = None) -> Any:
        return self.fieldsets if obj is None else (self.where, self.found, *self.fieldsets)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Never: what happened to a lead is counted in. A person's data is erased, not the lead."""
        return False

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leaddistrib.export_lead")

    # Adding: the lead comes in as through any other door

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        lead = super().save_form(request, form, change)
        if change:
            return lead
        received = receive(form.given, actor=cast("Any", request.user))
        self._say_where(request, received)
        return received.lead

    def _say_where(self, request: HttpRequest, received: Received) -> None:
        if received.outcome != Outcome.CREATED:
            text = _("This lead was known already. Nothing was changed.")
            self.message_user(request, text, messages.WARNING)
        elif received.decision:
            self.message_user(request, explanations.sentence(received.decision), messages.INFO)

    def save_model(self, request: HttpRequest, obj: Lead, form: Any, change: bool) -> None:
        if change:
            correct(obj, form.given, actor=cast("Any", request.user))

    # Changing: the facts, beside everything that happened

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        lead = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if lead is not None:
            decisions = lead.decisions.select_related("ruleset", "rule", "owner__user", "pool")
            context |= {
                "decisions": [
                    (decision, explanations.trace(decision))
                    for decision in reversed(list(decisions))
                ],
                "timeline": timeline(lead),
            }
        return super().change_view(request, object_id, form_url, context)
