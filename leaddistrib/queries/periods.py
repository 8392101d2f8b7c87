"""Which days a report is of, and by what it is split, as asked by page and API."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leaddistrib.queries.distribution import By, Scope

DAYS = 30
"""Days of a report when none are asked for: the last ones, today included."""

FIRST, LAST = date(1970, 1, 1), date(2099, 12, 31)
"""Days that may be asked for: near the ends of the calendar no day before or after can be worked
out, in any time zone."""

LABELS = {
    By.REP: _("Rep"),
    By.TEAM: _("Team"),
    By.SOURCE: _("Source"),
    By.RULE: _("Rule"),
    By.METHOD: _("How they came"),
}


class DayField(forms.DateField):
    """A day from FIRST to LAST."""

    default_validators = [MinValueValidator(FIRST), MaxValueValidator(LAST)]


class PeriodForm(forms.Form):
    """``from`` and ``to`` are days in the current time zone, both included."""

    by = forms.ChoiceField(choices=list(LABELS.items()), required=False)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        for name, label in (("from", _("From")), ("to", _("To"))):
            self.fields[name] = DayField(
                label=label,
                required=False,
                widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        today = timezone.localdate()
        cleaned["to"] = cleaned.get("to") or max(today, cleaned.get("from") or today)
        cleaned["from"] = cleaned.get("from") or max(
            FIRST, cleaned["to"] - timedelta(days=DAYS - 1)
        )
        cleaned["by"] = By(cleaned.get("by") or By.REP)
        if cleaned["from"] > cleaned["to"]:
            self.add_error("to", _("The last day is before the first."))
        return cleaned

    @property
    def by_asked(self) -> By:
        return By(self.cleaned_data["by"])

    def scope(self, teams: frozenset[int] | None) -> Scope:
        """What a valid form asks for, of the reps of ``teams`` (None: of everybody)."""
        return Scope(
            _midnight(self.cleaned_data["from"]),
            _midnight(self.cleaned_data["to"] + timedelta(days=1)),
            teams,
        )


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
