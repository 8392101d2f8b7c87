"""Who leads go to: teams, their managers, and reps."""

import logging
import uuid
from datetime import tzinfo
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib import conf

log = logging.getLogger(__name__)


def default_capacity() -> int:
    return int(conf.settings.CAPACITY)


class Team(models.Model):
    """Reps who share a market, a manager and a rotation."""

    class Weighting(models.TextChoices):
        BY_HAND = "by_hand", _("set by hand on each rep")
        PERFORMANCE = "performance", _("computed from performance every week")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    managers = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="managed_teams",
        verbose_name=_("managers"),
        help_text=_("They see the team's leads and why each went where it did."),
    )
    weighting = models.CharField(
        _("weights"),
        max_length=11,
        choices=Weighting.choices,
        default=Weighting.BY_HAND,
        help_text=_("Where the weights of the weighted strategy come from."),
    )
    count_owner_matches = models.BooleanField(
        _("owner matches count"),
        default=False,
        help_text=_("A lead that goes to its account's owner takes the owner's turn in the team."),
    )
    count_manual = models.BooleanField(
        _("manual assignments count"),
        default=False,
        help_text=_("A lead that somebody assigns by hand takes the rep's turn in the team."),
    )

    time_zone = models.CharField(
        _("time zone"),
        max_length=50,
        blank=True,
        help_text=_("Limits are counted by its days and weeks. Empty: the organisation's."),
    )

    history = HistoricalRecords(m2m_fields=[managers])

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        """The zone of the team's days and weeks, else the organisation's (TIME_ZONE)."""
        return _zone(self.time_zone)

    def clean(self) -> None:
        check_time_zone(self.time_zone)


class Rep(models.Model):
    """A user who works leads."""

    class Seniority(models.TextChoices):
        SENIOR = "senior", _("Senior")
        STANDARD = "standard", _("Standard")
        SDR = "sdr", _("SDR")

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
    seniority = models.CharField(
        _("seniority"), max_length=8, choices=Seniority.choices, default=Seniority.STANDARD
    )
    weight = models.DecimalField(
        _("weight"),
        max_digits=5,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Turns under the weighted strategy for each one of a colleague of weight 1."),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=50,
        blank=True,
        help_text=_("Such as Europe/Paris. Empty: the organisation's."),
    )
    holiday_region = models.CharField(
        _("public holidays"),
        max_length=6,
        blank=True,
        help_text=_("Country or subdivision, such as FR or DE-BY. Empty: none are kept."),
    )
    backup = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("backup"),
        help_text=_("Gets the leads of this rep's accounts and territories during leave."),
    )
    taper_days = models.PositiveSmallIntegerField(
        _("days without new leads before leave"), default=0
    )

    # The latest placement and allocation, kept here because every claim asks for them.
    tier = models.PositiveSmallIntegerField(_("tier"), null=True, blank=True, editable=False)
    allocation = models.PositiveSmallIntegerField(
        _("allocation (leads a week)"), null=True, blank=True, editable=False
    )

    booking_url = models.URLField(
        _("booking page"),
        blank=True,
        max_length=300,
        help_text=_("Where customers book a meeting; goes into first messages."),
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("user__last_name", "user__first_name", "id")
        verbose_name = _("rep")
        verbose_name_plural = _("reps")
        constraints = (
            models.CheckConstraint(condition=Q(capacity__gte=1), name="leaddistrib_rep_capacity"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="leaddistrib_rep_weight"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Full name, or the user name where none was given."""
        return self.user.get_full_name() or self.user.get_username()

    @property
    def zone(self) -> tzinfo:
        """The rep's time zone, else the organisation's (TIME_ZONE)."""
        return _zone(self.time_zone)

    @property
    def limits_zone(self) -> tzinfo:
        """The zone of the days and weeks by which the rep's limits are counted: the team's. By the
        rep's own, a limit could be reset by travelling in the settings."""
        return self.team.zone if self.team else timezone.get_default_timezone()

    def clean(self) -> None:
        check_time_zone(self.time_zone)
        self.check_backup()

    def check_backup(self) -> None:
        """Raise unless whoever covers for the rep is somebody else, and is not covered by the rep
        in the end: then nobody would be there when all of them are away."""
        seen, one = {self.pk}, self.backup
        while one is not None:
            if one == self:
                raise ValidationError({"backup": _("A rep cannot be the own backup.")})
            if one.pk in seen:
                break  # a circle of others, which is theirs to mend
            seen.add(one.pk)
            if one.backup_id == self.pk:
                text = _("%(name)s is covered by this rep: choose somebody else.")
                raise ValidationError({"backup": ValidationError(text, params={"name": one.name})})
            one = one.backup


def _zone(name: str) -> tzinfo:
    """The zone of this name; the organisation's (TIME_ZONE) for "".

    A zone that this machine does not know was checked on another one: nothing breaks for it, hours
    and texts are by the organisation's until its time zone data is brought up to date.
    """
    if not name:
        return timezone.get_default_timezone()
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _say_once(name)
        return timezone.get_default_timezone()


@cache
def _say_once(zone: str) -> None:
    """Not for every lead that is routed."""
    log.error("time_zone=%s is not known here", zone)


def check_time_zone(name: str) -> None:
    """Raise ValidationError unless ``name`` is a time zone such as Europe/Paris, or empty."""
    if not name:
        return
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        text = _("There is no time zone “%(name)s”. Write one such as Europe/Paris.")
        raise ValidationError(
            {"time_zone": ValidationError(text, params={"name": name})}
        ) from error
