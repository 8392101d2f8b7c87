"""The organisation's own numbers, on one page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.admin.base import LeadDistribAdmin
from leaddistrib.admin.fields import LinesField
from leaddistrib.lifecycle.intake import fields
from leaddistrib.models import Organisation


def _domain(text: str) -> str:
    try:
        return fields.domain(text.removeprefix("@"))
    except ValidationError as error:
        raise ValidationError(error.messages) from error


class OrganisationForm(forms.ModelForm):
    free_mail_domains = LinesField(
        label=lazy("More free-mail domains"),
        each=_domain,
        help_text=lazy(
            "One per line, such as mail.example. The well-known ones are known already. Addresses "
            "there belong to people, not to companies."
        ),
    )

    class Meta:
        model = Organisation
        fields = (
            *("duplicates", "duplicate_days", "match_threshold", "free_mail_domains"),
            *("scoring_replaces", "review_days", "best_weight", "performance_days"),
            *("recycle_pool", "recycle_lost_days", "recycle_unworked_days"),
            *("recycle_cooldown_days", "satisfaction", "satisfaction_measure"),
            *("sms_after_minutes", "sms_daily_limit"),
        )


@admin.register(Organisation)
class OrganisationAdmin(LeadDistribAdmin):
    form = OrganisationForm
    fieldsets = (
        (
            lazy("When somebody comes again"),
            {
                "fields": ("duplicates", "duplicate_days"),
                "description": lazy(
                    "A lead with the e-mail address or the phone number of an earlier one, or with "
                    "its domain and contact, is probably the same person's."
                ),
            },
        ),
        (
            lazy("Which company a lead is from"),
            {
                "fields": ("match_threshold", "free_mail_domains"),
                "description": lazy(
                    "By its domain first, then by its name without case, accents and legal form, "
                    "then by a name that is alike enough."
                ),
            },
        ),
        (lazy("Scores"), {"fields": ("scoring_replaces",)}),
        (lazy("Reviewing rules"), {"fields": ("review_days",)}),
        (lazy("Weights from performance"), {"fields": ("best_weight", "performance_days")}),
        (
            lazy("Another chance"),
            {
                "fields": (
                    *("recycle_pool", "recycle_lost_days", "recycle_unworked_days"),
                    "recycle_cooldown_days",
                ),
                "description": lazy(
                    "Once a day, lost leads and those that nobody works go to the pool, 500 of "
                    "each at most. Managers do it by hand at any time."
                ),
            },
        ),
        (
            lazy("What customers say"),
            {
                "fields": ("satisfaction", "satisfaction_measure"),
                "description": lazy(
                    "The contact gets one e-mail with a link to one question, which is answered "
                    "once."
                ),
            },
        ),
        (lazy("Text messages"), {"fields": ("sms_after_minutes", "sms_daily_limit")}),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """There is one, whether or not its row has been written yet."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to the one page."""
        return HttpResponseRedirect(reverse("admin:leaddistrib_organisation_change", args=[1]))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Organisation | None:
        """The row, or the defaults before anybody saved them."""
        found: Organisation | None = super().get_object(request, object_id, from_field)
        return found or (Organisation(pk=1) if object_id == "1" else None)
