"""Which days a report is of, and by what it is split, as asked by page and API."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leaddistrib.models import Team
from leaddistrib.policy import Role, Sight
from leaddistrib.queries import conversion, response, waiting
from leaddistrib.queries.distribution import By, Scope
from leaddistrib.queries.overseeing import teams_overseen

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

RESPONSE_LABELS = {
    response.By.REP: _("Rep"),
    response.By.TEAM: _("Team"),
    response.By.SOURCE: _("Source"),
    response.By.LEAD_TYPE: _("Lead type"),
    response.By.HOUR: _("Hour"),
}


CONVERSION_LABELS = {
    conversion.By.SOURCE: _("Source"),
    conversion.By.LEAD_TYPE: _("Lead type"),
    conversion.By.PRODUCT: _("Product"),
    conversion.By.INDUSTRY: _("Industry"),
    conversion.By.COUNTRY: _("Country"),
    conversion.By.SIZE: _("Size"),
}


class DayField(forms.DateField):
    """A day from FIRST to LAST."""

    default_validators = [MinValueValidator(FIRST), MaxValueValidator(LAST)]


class DaysForm(forms.Form):
    """``from`` and ``to`` are days in the current time zone, both included."""

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
        if cleaned["from"] > cleaned["to"]:
            self.add_error("to", _("The last day is before the first."))
        return cleaned

    @property
    def since(self) -> datetime:
        """The first moment of a valid form's days."""
        return _midnight(self.cleaned_data["from"])

    @property
    def until(self) -> datetime:
        """The first moment after them."""
        return _midnight(self.cleaned_data["to"] + timedelta(days=1))


class PeriodForm(DaysForm):
    """What is asked of the distribution of leads."""

    by = forms.ChoiceField(choices=list(LABELS.items()), required=False)

    @property
    def by_asked(self) -> By:
        return By(self.cleaned_data["by"] or By.REP)

    def scope(self, teams: frozenset[int] | None) -> Scope:
        """What a valid form asks for, of the reps of ``teams`` (None: of everybody)."""
        return Scope(self.since, self.until, teams)


class ResponseForm(DaysForm):
    """What is asked of how soon leads are answered."""

    by = forms.ChoiceField(choices=list(RESPONSE_LABELS.items()), required=False)

    @property
    def by_asked(self) -> response.By:
        return response.By(self.cleaned_data["by"] or response.By.REP)

    def asked(
        self, teams: frozenset[int] | None, reps: frozenset[int] | None = None
    ) -> response.Asked:
        """What a valid form asks for, of these reps or those of ``teams`` (None: of everybody)."""
        days = self.cleaned_data
        return response.Asked(days["from"], days["to"], teams, reps)


class WaitingForm(DaysForm):
    """What is asked of how long customers wait."""

    by = forms.ChoiceField(choices=list(RESPONSE_LABELS.items()), required=False)

    @property
    def by_asked(self) -> response.By:
        return response.By(self.cleaned_data["by"] or response.By.SOURCE)

    def asked(self, who: Sight) -> waiting.Asked:
        """What a valid form asks for, of the leads that ``who`` looks after."""
        return waiting.asked_by(who, self.since, self.until)


class ConversionForm(DaysForm):
    """What is asked of what becomes of leads."""

    by = forms.ChoiceField(choices=list(CONVERSION_LABELS.items()), required=False)

    @property
    def by_asked(self) -> conversion.By:
        return conversion.By(self.cleaned_data["by"] or conversion.By.SOURCE)


class TiersForm(DaysForm):
    """What is asked of the tiers: the days, and one of the teams that ``who`` looks after."""

    team = forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=_("All"),
    )

    def __init__(self, data: Any, who: Sight) -> None:
        super().__init__(data)
        self._who = who
        self.fields["team"].queryset = teams_overseen(who)  # type: ignore[attr-defined]

    @property
    def asked(self) -> response.Asked:
        """What a valid form asks for: of all teams that the viewer looks after if none is named."""
        days, team = self.cleaned_data, self.cleaned_data["team"]
        teams = None if self._who.role is Role.ADMIN else self._who.managed_teams
        return response.Asked(days["from"], days["to"], frozenset({team.pk}) if team else teams)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
