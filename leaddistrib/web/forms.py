"""What reps fill in."""

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FURTHEST = timedelta(days=730)


class ReleaseForm(forms.Form):
    """Why a lead is given back (RA4)."""

    reason = forms.CharField(
        label=_("Why do you give it back?"),
        max_length=500,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
    )


class CloseForm(forms.Form):
    """What came of a lead, as far as the rep cares to say."""

    reason = forms.CharField(
        label=_("What came of it? (optional)"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"list": "reasons", "autocomplete": "off"}),
    )


class TimeOffForm(forms.Form):
    """Whole days, from the first to the last, in the site's time zone (PU2)."""

    first = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason (optional)"), max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        today = timezone.localdate()
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        if last and last < today:
            self.add_error("last", _("These days are over."))
        if last and last > today + FURTHEST:
            self.add_error("last", _("This is more than two years away."))
        return cleaned

    @property
    def starts_at(self) -> datetime:
        return timezone.make_aware(datetime.combine(self.cleaned_data["first"], time.min))

    @property
    def ends_at(self) -> datetime:
        """Midnight after the last day."""
        after = self.cleaned_data["last"] + timedelta(days=1)
        return timezone.make_aware(datetime.combine(after, time.min))


class LanguageForm(forms.Form):
    """In which language to read; empty follows the browser (UI4)."""

    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=lambda: [("", _("As my browser")), *settings.LANGUAGES],
    )


class LeadFilterForm(forms.Form):
    """Which of the leads they look after a manager wants to see."""

    STATUSES = [
        ("", _("All")),
        ("waiting", _("Waiting")),
        ("owned", _("Owned")),
        ("closed", _("Closed")),
    ]

    company = forms.CharField(label=_("Company"), max_length=100, required=False)
    status = forms.ChoiceField(label=_("Status"), choices=STATUSES, required=False)
