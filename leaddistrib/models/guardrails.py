"""What keeps a race fair: limits, ratios, and a time of day that is each rep's own (GU1–GU6)."""

from datetime import time

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.people import Rep
from leaddistrib.models.policies import TeamPolicy

AT_LEAST_ONE = [MinValueValidator(1)]


class GuardrailPolicy(TeamPolicy):
    """Limits of competitive claims, those in races. An empty one does not hold."""

    daily_claims = models.PositiveSmallIntegerField(
        _("competitive claims a day"),
        null=True,
        blank=True,
        default=10,
        validators=AT_LEAST_ONE,
        help_text=_("By the team's local day. A lead that is given back counts all the same."),
    )
    hot_per_warm = models.PositiveSmallIntegerField(
        _("hot claims for each warm one"),
        null=True,
        blank=True,
        default=2,
        validators=AT_LEAST_ONE,
        help_text=_("Within a week."),
    )
    claims_per_assigned = models.PositiveSmallIntegerField(
        _("competitive claims for each assigned lead"),
        null=True,
        blank=True,
        default=5,
        validators=AT_LEAST_ONE,
        help_text=_("Within a week. Counted are assigned leads that were not given back."),
    )
    weekly_cold = models.PositiveSmallIntegerField(
        _("cold claims a week"),
        null=True,
        blank=True,
        default=3,
        validators=AT_LEAST_ONE,
        help_text=_("Who claimed fewer last week claims cold ones first, until there are as many."),
    )
    cooldown_hours = models.PositiveSmallIntegerField(
        _("hours before a lead given back may be claimed again"), null=True, blank=True, default=24
    )
    priority_minutes = models.PositiveSmallIntegerField(
        _("priority window (minutes)"),
        null=True,
        blank=True,
        default=30,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
        help_text=_("Once a working day for each rep, in turn. Empty: there are none."),
    )
    priority_head_start = models.PositiveSmallIntegerField(
        _("head start in it (minutes)"), default=5, validators=AT_LEAST_ONE
    )
    priority_from = models.TimeField(_("windows from"), default=time(9))
    priority_until = models.TimeField(_("windows until"), default=time(17))

    class Meta(TeamPolicy.Meta):
        verbose_name = _("guardrail policy")
        verbose_name_plural = _("guardrail policies")
        constraints = (
            *TeamPolicy.Meta.constraints,
            models.CheckConstraint(
                condition=Q(priority_until__gt=F("priority_from")),
                name="leaddistrib_guardrail_hours",
            ),
        )

    def clean(self) -> None:
        super().clean()
        times: list[time | None] = [self.priority_from, self.priority_until]
        first, last = times
        if first is None or last is None:  # what was typed is no time, which is said beside it
            return
        minutes = (last.hour - first.hour) * 60 + last.minute - first.minute
        if minutes <= 0:
            raise ValidationError({"priority_until": _("The windows end before they begin.")})
        if self.priority_minutes and minutes < self.priority_minutes:
            text = _("There is no room for one window between these times.")
            raise ValidationError({"priority_until": text})


class PriorityWindow(models.Model):
    """A rep's priority window of a day: new leads open for the rep before anybody else (GU4)."""

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="priority_windows", verbose_name=_("rep")
    )
    day = models.DateField(_("day"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    class Meta:
        ordering = ("starts_at", "rep")
        verbose_name = _("priority window")
        verbose_name_plural = _("priority windows")
        constraints = (
            models.UniqueConstraint(fields=("rep", "day"), name="leaddistrib_priority_once_a_day"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="leaddistrib_priority_order"
            ),
        )
        indexes = (models.Index(fields=("ends_at",), name="leaddistrib_priority_ends"),)

    def __str__(self) -> str:
        return f"{self.rep} @ {self.starts_at:%Y-%m-%d %H:%M}"
