"""The organisation's own numbers, changed in the admin site without a deploy."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.contacts import Satisfaction
from leaddistrib.models.pools import Pool


class Organisation(models.Model):
    """One row. ``queries.organisation.organisation()`` gives it, or the defaults below."""

    class Duplicates(models.TextChoices):
        OWNER = "owner", _("goes to whoever owns the first one")
        MERGE = "merge", _("is closed at once, linked to the first one")
        LINK = "link", _("is linked to the first one and routed like any other")

    class Asking(models.TextChoices):
        NEVER = "never", _("never")
        WON = "won", _("when a lead is won")
        CLOSED = "closed", _("when a lead is won or lost")

    duplicates = models.CharField(
        _("a probable duplicate"),
        max_length=5,
        choices=Duplicates.choices,
        default=Duplicates.OWNER,
    )
    duplicate_days = models.PositiveSmallIntegerField(
        _("days in which a lead counts as the same"),
        default=90,
        validators=[MinValueValidator(1)],
    )
    match_threshold = models.PositiveSmallIntegerField(
        _("likeness of company names (%)"),
        default=90,
        validators=[MinValueValidator(50), MaxValueValidator(100)],
        help_text=_("A lead's company is an account's when their names are at least this alike."),
    )
    free_mail_domains = models.JSONField(
        _("more free-mail domains"),
        default=list,
        blank=True,
        help_text=_("Addresses there belong to people, not to companies."),
    )
    review_days = models.PositiveSmallIntegerField(
        _("days after which a rule is to be reviewed"), default=90
    )
    scoring_replaces = models.BooleanField(
        _("scoring rules replace a given score"),
        default=False,
        help_text=_("Otherwise they score only leads that come without one."),
    )
    best_weight = models.DecimalField(
        _("weight of the best converter"),
        max_digits=4,
        decimal_places=2,
        default=3,
        validators=[MinValueValidator(1)],
        help_text=_("For teams with weights from performance; the average rep's is 1."),
    )
    performance_days = models.PositiveSmallIntegerField(
        _("days that performance is measured over"), default=90
    )
    sms_after_minutes = models.PositiveSmallIntegerField(
        _("SMS after (minutes)"),
        default=2,
        help_text=_("Goes out when a push notification was not seen by then, or failed."),
    )
    sms_daily_limit = models.PositiveSmallIntegerField(
        _("SMS a day for each rep"), default=20, help_text=_("By the rep's local day.")
    )
    recycle_pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("pool for recycled leads"),
        help_text=_("Where leads go that are recycled by themselves. Empty: none are."),
    )
    recycle_lost_days = models.PositiveSmallIntegerField(
        _("days after which a lost lead is recycled"),
        null=True,
        blank=True,
        help_text=_("Empty: only by hand."),
    )
    recycle_unworked_days = models.PositiveSmallIntegerField(
        _("days without contact after which an owned lead is recycled"),
        null=True,
        blank=True,
        help_text=_("Empty: only by hand."),
    )
    recycle_cooldown_days = models.PositiveSmallIntegerField(
        _("days in which the last owner cannot claim a recycled lead"), default=30
    )
    satisfaction = models.CharField(
        _("customers are asked how satisfied they are"),
        max_length=6,
        choices=Asking.choices,
        default=Asking.NEVER,
    )
    satisfaction_measure = models.CharField(
        _("by"),
        max_length=4,
        choices=Satisfaction.Measure.choices,
        default=Satisfaction.Measure.CSAT,
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = (
            models.CheckConstraint(condition=Q(id=1), name="leaddistrib_one_organisation"),
        )

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


class ConfigurationChange(Organisation):
    """No rows of its own: it gives the record of changes a name and a permission in the admin
    site. ``queries.audit`` reads what each model keeps."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = _("change of the configuration")
        verbose_name_plural = _("changes of the configuration")
