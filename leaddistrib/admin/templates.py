"""First messages that reps send to leads, with placeholders (SL5)."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from leaddistrib.admin.choices import Known
from leaddistrib.admin.filters import TeamFilter
from leaddistrib.admin.suggesting import SuggestingAdmin
from leaddistrib.models import MessageTemplate
from leaddistrib.queries.templating import PLACEHOLDERS, fill, unknown_placeholders


class MessageTemplateForm(forms.ModelForm):
    """A template, whose placeholders all exist."""

    language = forms.ChoiceField(
        label=lazy("Language"),
        required=False,
        choices=lambda: [("", lazy("Any")), *Known().values("language")],
        help_text=lazy("Of the lead."),
    )

    class Meta:
        model = MessageTemplate
        fields = ("name", "active", "team", "lead_type", "language", "subject", "body")

    def clean_subject(self) -> str:
        return self._with_known_placeholders("subject")

    def clean_body(self) -> str:
        return self._with_known_placeholders("body")

    def _with_known_placeholders(self, field: str) -> str:
        text: str = self.cleaned_data[field]
        unknown = unknown_placeholders(text)
        if unknown:
            said = ngettext(
                "There is no placeholder %(names)s.",
                "Placeholders %(names)s do not exist.",
                len(unknown),
            )
            names = ", ".join(f"{{{name}}}" for name in unknown)
            raise ValidationError(said, code="unknown", params={"names": names})
        return text


@admin.register(MessageTemplate)
class MessageTemplateAdmin(SuggestingAdmin):
    form = MessageTemplateForm
    suggested = ("lead_type",)
    list_display = ("name", "team", "lead_type", "language", "active")
    list_select_related = ("team",)
    list_filter = ("active", TeamFilter)
    search_fields = ("name", "subject", "lead_type")
    autocomplete_fields = ("team",)
    readonly_fields = ("placeholders", "example")
    fieldsets = (
        (None, {"fields": ("name", "active")}),
        (lazy("For which leads"), {"fields": ("team", "lead_type", "language")}),
        (lazy("The message"), {"fields": ("subject", "body", "placeholders")}),
        (lazy("Filled in"), {"fields": ("example",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: MessageTemplate | None = None) -> Any:
        """What it reads like is shown once there is something to fill in."""
        fieldsets = super().get_fieldsets(request, obj)
        return fieldsets if obj else fieldsets[:-1]

    @admin.display(description=lazy("placeholders"))
    def placeholders(self, template: MessageTemplate) -> SafeString:
        named = [(f"{{{name}}}", label) for name, (label, _value) in PLACEHOLDERS.items()]
        return format_html(
            '<ul class="leaddistrib-placeholders">{}</ul><p>{}</p>',
            format_html_join("", "<li><code>{}</code> {}</li>", named),
            _("One that is not known of a lead is left out, with the blank before it."),
        )

    @admin.display(description=lazy("example"))
    def example(self, template: MessageTemplate) -> SafeString:
        values = example_values()
        subject, body = fill(template.subject, values), fill(template.body, values)
        return format_html('<strong>{}</strong><p class="as-written">{}</p>', subject, body)


def example_values() -> dict[str, str]:
    """What the placeholders stand for in an example: nobody's data."""
    return {
        "contact_name": "Jeanne Lenoir",
        "contact_title": _("Head of Operations"),
        "company": "Boulangeries Lenoir",
        "product": _("Route planner"),
        "city": "Lyon",
        "rep_name": "Amina Benali",
        "rep_email": "amina@example.com",
        "team": "Paris",
        "booking_link": "https://meet.example.com/amina",
    }
