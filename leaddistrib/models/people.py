"""Who leads go to: teams, their managers, and reps."""

import uuid
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leaddistrib import conf


def default_capacity() -> int:
    return int(conf.settings.CAPACITY)


class Team(models.Model):
    """Reps who share a market, a manager and a rotation."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    managers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("managers"),
        help_text=_("They see the team's leads and why each went where it did."),
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Rep(models.Model):
    """A user who works leads."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="rep",
        verbose_name=_("user"),
    )
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="reps",
        verbose_name=_("team"),
    )
    active = models.BooleanField(
        _("active"), default=True, help_text=_("Untick when a rep leaves; nothing is deleted.")
    )
    paused = models.BooleanField(
        _("paused"), default=False, help_text=_("A paused rep gets no lead and cannot claim.")
    )
    capacity = models.PositiveIntegerField(
        _("capacity"),
        default=default_capacity,
        validators=[MinValueValidator(1)],
        help_text=_("Open leads at which push and claim pass this rep over."),
    )
    language = models.CharField(_("language"), max_length=10, blank=True)

    class Meta:
        ordering = ("user__last_name", "user__first_name", "id")
        verbose_name = _("rep")
        verbose_name_plural = _("reps")
        constraints = (
            models.CheckConstraint(condition=Q(capacity__gte=1), name="leaddistrib_rep_capacity"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Full name, or the user name where none was given."""
        return self.user.get_full_name() or self.user.get_username()


class TimeOff(models.Model):
    """A stretch of time in which a rep gets no leads (PU2)."""

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="time_off", verbose_name=_("rep")
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    reason = models.CharField(_("reason"), max_length=100, blank=True)

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
