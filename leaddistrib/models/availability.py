"""When a rep is there: working hours, time off, and the calendar that brings it (PU2, PU8)."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep


class WorkingHours(models.Model):
    """A block of a rep's working week, in the rep's own time zone; a day may have several.

    A rep without any block is always at work. ``ends`` at midnight is the end of the day.
    """

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("Monday")
        TUESDAY = 1, _("Tuesday")
        WEDNESDAY = 2, _("Wednesday")
        THURSDAY = 3, _("Thursday")
        FRIDAY = 4, _("Friday")
        SATURDAY = 5, _("Saturday")
        SUNDAY = 6, _("Sunday")

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="working_hours", verbose_name=_("rep")
    )
    weekday = models.PositiveSmallIntegerField(_("day"), choices=Weekday.choices)
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    history = HistoricalRecords()

    class Meta:
        ordering = ("rep", "weekday", "starts")
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends__gt=F("starts")) | Q(ends="00:00"),
                name="leaddistrib_hours_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class Calendar(models.Model):
    """A rep's ICS calendar at some address, read by the worker. All-day events are leave.

    Whoever knows the address reads the whole calendar, so it is kept encrypted; ``host`` is what
    is shown of it.
    """

    rep = models.OneToOneField(
        Rep, on_delete=models.CASCADE, related_name="calendar", verbose_name=_("rep")
    )
    address = models.BinaryField(editable=False)
    host = models.CharField(_("server"), max_length=253, editable=False)
    busy_counts = models.BooleanField(
        _("meetings count"),
        default=False,
        help_text=_("No leads are handed out during events that the calendar shows as busy."),
    )
    read_at = models.DateTimeField(_("last read"), null=True, blank=True, editable=False)
    next_read_at = models.DateTimeField(null=True, blank=True, editable=False, db_index=True)
    # The first of the readings that failed since it was last read, or its address was entered.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    problem = models.CharField(_("problem"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")

    def __str__(self) -> str:
        return str(self.rep)


class TimeOff(models.Model):
    """A stretch of time in which a rep gets no leads, entered or brought by a calendar (PU2).

    Leave stands against everything; a busy time only against what the system would hand out.
    """

    class Kind(models.TextChoices):
        LEAVE = "leave", _("Leave")
        BUSY = "busy", _("Busy")

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="time_off", verbose_name=_("rep")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    kind = models.CharField(_("kind"), max_length=5, choices=Kind.choices, default=Kind.LEAVE)
    # Rows that a calendar brought are replaced whenever it is read again.
    calendar = models.ForeignKey(
        "leaddistrib.Calendar",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="entries",
        verbose_name=_("calendar"),
    )

    class Meta:
        ordering = ("starts_at",)
        verbose_name = _("time off")
        verbose_name_plural = _("time off")
        constraints = (
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="leaddistrib_timeoff_order"
            ),
        )
        indexes = (models.Index(fields=("rep", "ends_at"), name="leaddistrib_timeoff_rep"),)

    def __str__(self) -> str:
        return f"{self.rep}: {self.starts_at:%Y-%m-%d} – {self.ends_at:%Y-%m-%d}"

    def clean(self) -> None:
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": _("Time off must end after it starts.")})

    def covers(self, moment: datetime) -> bool:
        return self.starts_at <= moment < self.ends_at
