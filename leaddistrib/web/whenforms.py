"""What reps fill in about when leads are welcome (PU2, PU8)."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from leaddistrib.engine.availability import overlapping
from leaddistrib.fetching import NotFetched
from leaddistrib.lifecycle.availability import Block
from leaddistrib.lifecycle.calendars import calendar_address
from leaddistrib.lifecycle.ics import is_installed
from leaddistrib.models import Calendar, Rep, TimeOff, WorkingHours
from leaddistrib.queries import wording
from leaddistrib.queries.holidays import NoHolidays, check_region
from leaddistrib.queries.periods import DayField
from leaddistrib.queries.zones import zones as known_zones

FURTHEST = timedelta(days=730)
PRESETS = {"split": "9–12, 13–18", "straight": "9–17"}
"""Weeks to begin with, Monday to Friday, by the name in their link."""

CLOCK = r"(\d{1,2})(?:\s*[:h.]\s*(\d{2})?)?"
RANGE = re.compile(rf"{CLOCK}\s*(?:-|–|—|to|à)\s*{CLOCK}", re.IGNORECASE)


class TimeOffForm(forms.Form):
    """Whole days, from the first to the last, in the rep's time zone (PU2)."""

    first = DayField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}))
    last = DayField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}))
    reason = forms.CharField(label=_("Reason (optional)"), max_length=100, required=False)

    def __init__(self, *args: Any, zone: tzinfo, **options: Any) -> None:
        super().__init__(*args, **options)
        self.zone = zone

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        today = timezone.localdate(timezone=self.zone)
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first."))
        if last and last < today:
            self.add_error("last", _("These days are over."))
        if last and last > today + FURTHEST:
            self.add_error("last", _("This is more than two years away."))
        return cleaned

    @property
    def starts_at(self) -> datetime:
        return self._midnight(self.cleaned_data["first"])

    @property
    def ends_at(self) -> datetime:
        """Midnight after the last day."""
        return self._midnight(self.cleaned_data["last"] + timedelta(days=1))

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time.min, tzinfo=self.zone)


def days_of(time_off: TimeOff, zone: tzinfo) -> dict[str, object]:
    """What the form shows of time off that is there."""
    last = time_off.ends_at - timedelta(microseconds=1)  # the last day, not the day after
    return {
        "first": time_off.starts_at.astimezone(zone).date().isoformat(),
        "last": last.astimezone(zone).date().isoformat(),
        "reason": time_off.reason,
    }


class HoursField(forms.CharField):
    """The blocks of a day as people write them: "9-12, 13:30-18", "9h–12h", "18-24"."""

    def clean(self, value: Any) -> list[tuple[time, time]]:
        text = super().clean(value)
        if RANGE.sub("", text).strip(" ,;/\t"):
            raise ValidationError(_("Write from and to, such as 9–12, 13–18."))
        return [_block(match) for match in RANGE.finditer(text)]


def _block(match: re.Match[str]) -> tuple[time, time]:
    hour, minute, end_hour, end_minute = (int(part or 0) for part in match.groups())
    try:
        start = time(hour, minute)
        # Midnight at the end of the day is kept as the next one's beginning.
        end = time() if (end_hour, end_minute) == (24, 0) else time(end_hour, end_minute)
    except ValueError:
        raise ValidationError(
            _("“%(text)s” is not a time of day."), params={"text": match[0]}
        ) from None
    if end <= start and end != time():
        raise ValidationError(
            _("“%(text)s” ends before it begins. Write a night as two days: until 24, and from 0."),
            params={"text": match[0]},
        )
    return start, end


def in_words(blocks: Iterable[tuple[time, time]]) -> str:
    """The blocks of a day as the field reads them."""
    return ", ".join(
        f"{start:%H:%M}–{end:%H:%M}" if end != time() else f"{start:%H:%M}–24:00"
        for start, end in blocks
    )


class WeekForm(forms.Form):
    """The working week, where it is, and whether its public holidays are kept."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    holiday_region = forms.CharField(
        label=_("Public holidays"),
        required=False,
        max_length=6,
        help_text=_("Country or a part of it, such as FR or DE-BY. Empty: you work on them."),
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "autocomplete": "off"}),
    )

    def __init__(self, rep: Rep, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for number, name in WorkingHours.Weekday.choices:
            self.fields[f"day{number}"] = HoursField(
                label=name,
                required=False,
                max_length=100,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )
        self.fields["time_zone"].choices = _zones(rep.time_zone)  # type: ignore[attr-defined]
        self.order_fields([*self.days, "time_zone", "holiday_region"])

    @property
    def days(self) -> list[str]:
        return [f"day{number}" for number in WorkingHours.Weekday.values]

    def clean_holiday_region(self) -> str:
        region: str = self.cleaned_data["holiday_region"].strip().upper()
        try:
            if region:
                check_region(region)
        except NoHolidays as error:
            raise ValidationError(wording.holiday_problem(error)) from error
        return region

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for number, day in enumerate(self.days):
            blocks = cleaned.get(day, [])
            if overlapping((number, *block) for block in blocks):
                self.add_error(day, _("These times overlap."))
        return cleaned

    @property
    def blocks(self) -> list[Block]:
        return [
            (number, start, end)
            for number, day in enumerate(self.days)
            for start, end in self.cleaned_data[day]
        ]


def week_of(rep: Rep, preset: str = "") -> dict[str, object]:
    """What the form shows: the rep's week, or one to begin with."""
    shown: dict[str, object] = {
        "time_zone": rep.time_zone,
        "holiday_region": rep.holiday_region,
    }
    if preset in PRESETS:
        return shown | {f"day{number}": PRESETS[preset] for number in range(5)}
    return shown | {f"day{number}": in_words(day) for number, day in _days(rep).items()}


def _days(rep: Rep) -> dict[int, list[tuple[time, time]]]:
    days: dict[int, list[tuple[time, time]]] = {}
    for row in rep.working_hours.all():
        days.setdefault(row.weekday, []).append((row.starts, row.ends))
    return days


def week_in_words(rep: Rep) -> list[tuple[str, str]]:
    """The days on which the rep works, each with its hours; empty for round the clock."""
    names = dict(WorkingHours.Weekday.choices)
    return [(str(names[number]), in_words(day)) for number, day in _days(rep).items()]


def _zones(own: str) -> list[Any]:
    default = _("As the organisation (%(zone)s)") % {"zone": timezone.get_default_timezone_name()}
    zones: list[Any] = [("", default), ("UTC", "UTC"), *known_zones()]
    if own and own not in {name for _area, group in zones[2:] for name, _place in group} | {"UTC"}:
        zones.insert(1, (own, own))
    return zones


class _ByName(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class CoverForm(forms.Form):
    """Who covers during leave, and for how long before it no new leads come (PU8)."""

    backup = _ByName(
        label=_("Who covers for you during leave"),
        queryset=Rep.objects.none(),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Gets the leads of your accounts and territories then."),
    )
    taper_days = forms.IntegerField(
        label=_("Days without new leads before leave"), min_value=0, max_value=30
    )

    def __init__(self, rep: Rep, *args: Any, **options: Any) -> None:
        given = {"backup": rep.backup_id, "taper_days": rep.taper_days}
        super().__init__(*args, **{"initial": given, **options})
        colleagues = Rep.objects.filter(active=True, user__is_active=True, team=rep.team_id)
        mates = colleagues if rep.team_id else Rep.objects.none()
        chosen = Rep.objects.filter(pk=rep.backup_id or 0)
        offered = (mates | chosen).exclude(pk=rep.pk).select_related("user")
        self.fields["backup"].queryset = offered  # type: ignore[attr-defined]


class CalendarForm(forms.Form):
    """Where the rep's calendar is, and whether its meetings count. The address is never shown
    again: empty, it stays."""

    url = forms.CharField(
        label=_("Address of your calendar (ICS)"),
        max_length=500,
        help_text=_("Your calendar’s settings name it “secret” or “published” address."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "inputmode": "url"}),
    )
    busy_counts = forms.BooleanField(label=_("No leads during meetings either"), required=False)

    def __init__(self, calendar: Calendar | None, *args: Any, **options: Any) -> None:
        given = {"busy_counts": calendar.busy_counts} if calendar else {}
        super().__init__(*args, **{"initial": given, **options})
        if calendar:
            field = self.fields["url"]
            field.required = False
            field.help_text = _(
                "%(host)s, set. Its address is kept encrypted and not shown; leave this empty to"
                " keep it."
            ) % {"host": calendar.host}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        if not is_installed():
            raise ValidationError(wording.calendar_problem("no_library"))
        try:
            return calendar_address(url) if url else ""
        except NotFetched as error:
            raise ValidationError(wording.calendar_problem(error.code)) from error
