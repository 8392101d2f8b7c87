"""What is filled in about a rep's time: hours, leave, the calendar, a week to copy (PU2, PU8)."""

from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from leaddistrib.engine.availability import overlapping
from leaddistrib.fetching import NotFetched
from leaddistrib.lifecycle.availability import Block
from leaddistrib.lifecycle.calendars import calendar_address
from leaddistrib.lifecycle.ics import is_installed
from leaddistrib.models import Calendar, Onboarding, Rep, TimeOff, WorkingHours
from leaddistrib.queries import clock, wording
from leaddistrib.queries.holidays import NoHolidays, check_region
from leaddistrib.queries.onboarding import day_of, phases_for

PRESETS: dict[str, tuple[str | Promise, list[Block]]] = {
    "split": (
        lazy("Mon–Fri 9–12, 13–18"),
        [
            (day, start, end)
            for day in range(5)
            for start, end in ((time(9), time(12)), (time(13), time(18)))
        ],
    ),
    "straight": (lazy("Mon–Fri 9–17"), [(day, time(9), time(17)) for day in range(5)]),
    "always": (lazy("always at work (no hours)"), []),
}
"""Weeks that can be chosen instead of being typed."""

AHEAD = timedelta(days=366)
"""How far ahead a rep's onboarding may be set to begin."""


class RepForm(forms.ModelForm):
    """A rep, and a week to take over instead of the one below."""

    language = forms.ChoiceField(
        label=lazy("Language"),
        required=False,
        choices=lambda: [("", _("As the rep’s browser")), *settings.LANGUAGES],
    )
    preset = forms.ChoiceField(
        label=lazy("Replace the working hours by"),
        required=False,
        choices=[("", "---------"), *((code, label) for code, (label, _blocks) in PRESETS.items())],
    )
    week_from = forms.ModelChoiceField(
        label=lazy("or by those of"),
        required=False,
        queryset=Rep.objects.select_related("user"),
    )
    onboarding_on = forms.DateField(
        label=lazy("begins onboarding on"),
        required=False,
        widget=AdminDateWidget,
        help_text=lazy(
            "Where an onboarding policy holds for the team. Empty: the rep is not onboarded."
        ),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        begins = self.fields["onboarding_on"]
        own = Onboarding.objects.filter(rep=self.instance.pk) if self.instance.pk else None
        self.onboarding = own.first() if own else None
        if self.onboarding:
            begins.disabled, begins.initial = True, self.onboarding.began_on
            address = reverse("admin:leaddistrib_onboarding_change", args=[self.onboarding.pk])
            begins.help_text = format_html('<a href="{}">{}</a>', address, _("Onboarding"))
        elif own is None:
            begins.initial = day_of(clock.now())  # a rep who is new here is a new rep

    def clean_holiday_region(self) -> str:
        region: str = self.cleaned_data["holiday_region"].strip().upper()
        try:
            if region and region != self.instance.holiday_region:
                check_region(region)
        except NoHolidays as error:
            raise ValidationError(wording.holiday_problem(error)) from error
        return region

    def clean_onboarding_on(self) -> date | None:
        """A year is as far ahead as anybody is hired: what is later is a slip of the pen."""
        day: date | None = self.cleaned_data["onboarding_on"]
        latest = day_of(clock.now()) + AHEAD
        if day and not self.onboarding and day > latest:
            text = _("Onboarding begins within a year from now: on %(day)s at the latest.")
            raise ValidationError(text, params={"day": date_format(latest, "SHORT_DATE_FORMAT")})
        return day

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("preset") and cleaned.get("week_from"):
            self.add_error("week_from", _("Choose one of the two."))
        team = cleaned.get("team")
        if self.begins_on() and not phases_for(team.pk if team else None):
            if "onboarding_on" in self.changed_data:
                text = _("No onboarding policy holds for this rep's team.")
                self.add_error("onboarding_on", text)
            cleaned["onboarding_on"] = None
        return cleaned

    def begins_on(self) -> date | None:
        """The day on which the rep is to begin, who has not begun yet; None for one who is not."""
        return None if self.onboarding else self.cleaned_data.get("onboarding_on")

    def new_week(self) -> list[Block] | None:
        """The week that was chosen instead of being typed; None if none was."""
        if preset := self.cleaned_data.get("preset"):
            return PRESETS[preset][1]
        if other := self.cleaned_data.get("week_from"):
            rows = WorkingHours.objects.filter(rep=other)
            return list(rows.values_list("weekday", "starts", "ends"))
        return None


class HoursFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        blocks = [
            (given["weekday"], given["starts"], given["ends"])
            for given in (getattr(row, "cleaned_data", {}) for row in self.forms)
            if {"weekday", "starts", "ends"} <= given.keys() and not given.get("DELETE")
        ]
        if overlapping(blocks):
            raise ValidationError(
                _(
                    "Blocks of a day must not overlap, and each must end after it begins:"
                    " a night is two blocks, until midnight and from midnight."
                )
            )


class HoursInline(admin.TabularInline):
    model = WorkingHours
    formset = HoursFormSet
    extra = 0


class TimeOffInline(admin.TabularInline):
    """Time off that somebody entered; what a calendar brought is changed there."""

    model = TimeOff
    fields = ("starts_at", "ends_at", "kind", "reason")
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[TimeOff]:
        return super().get_queryset(request).filter(calendar=None)


class CalendarForm(forms.ModelForm):
    """The address is sealed when it is saved, and never shown again: empty, it stays."""

    url = forms.CharField(
        label=lazy("address (ICS)"),
        max_length=500,
        widget=forms.URLInput(attrs={"size": 80, "autocomplete": "off"}),
        help_text=lazy("Kept encrypted and not shown again. Empty: the one that is set stays."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["url"].required = self.instance.pk is None

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not is_installed():
            raise ValidationError(wording.calendar_problem("no_library"))
        try:
            return calendar_address(url) if url else ""
        except NotFetched as error:
            raise ValidationError(wording.calendar_problem(error.code)) from error


class CalendarInline(admin.StackedInline):
    model = Calendar
    form = CalendarForm
    fields = ("server", "url", "busy_counts", "read_at", "state")
    readonly_fields = ("server", "read_at", "state")
    extra = 0

    @admin.display(description=lazy("server"))
    def server(self, calendar: Calendar) -> str:
        return _("%(host)s, set") % {"host": calendar.host} if calendar.host else "-"

    @admin.display(description=lazy("state"))
    def state(self, calendar: Calendar) -> str:
        if calendar.problem:
            return wording.calendar_problem(calendar.problem)
        return _("It can be read.") if calendar.read_at else _("It has not been read yet.")
