"""How many leads a rep may get in a week, by how much of the quota was reached (AL1, AL2)."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep
from leaddistrib.models.policies import TeamPolicy


class Quota(models.Model):
    """What a rep is to sell in a month. ``month`` is its first day."""

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="quotas", verbose_name=_("rep")
    )
    month = models.DateField(_("month"), help_text=_("Its first day."))
    amount = models.DecimalField(
        _("amount"),
        max_digits=12,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    currency = models.CharField(_("currency"), max_length=3)

    history = HistoricalRecords()

    class Meta:
        ordering = ("-month", "rep")
        verbose_name = _("quota")
        verbose_name_plural = _("quotas")
        constraints = (
            models.UniqueConstraint(fields=("rep", "month"), name="leaddistrib_quota_once"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, month__day=1), name="leaddistrib_quota_numbers"
            ),
        )

    def __str__(self) -> str:
        return f"{self.rep}: {self.month:%Y-%m}"


class AllocationPolicy(TeamPolicy):
    """Leads a week by quota attainment, computed anew each month. Its bands hold the numbers."""

    floor = models.PositiveSmallIntegerField(
        _("at least (leads a week)"),
        default=8,
        help_text=_("Nobody's allocation falls below it, whatever the bands say."),
    )
    alert_after = models.PositiveSmallIntegerField(
        _("alert after falls in a row"),
        default=2,
        validators=[MinValueValidator(1)],
        help_text=_("Then the rep's manager is told: fewer leads may be why there are fewer wins."),
    )

    class Meta(TeamPolicy.Meta):
        verbose_name = _("allocation policy")
        verbose_name_plural = _("allocation policies")


class AllocationBand(models.Model):
    """From which share of the quota on how many leads a week are a rep's."""

    policy = models.ForeignKey(
        AllocationPolicy, on_delete=models.CASCADE, related_name="bands", verbose_name=_("policy")
    )
    from_percent = models.PositiveSmallIntegerField(_("quota reached from (%)"))
    leads = models.PositiveSmallIntegerField(_("leads a week"))

    history = HistoricalRecords()

    class Meta:
        ordering = ("policy", "from_percent")
        verbose_name = _("band")
        verbose_name_plural = _("bands")
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "from_percent"), name="leaddistrib_band_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.from_percent} %: {self.leads}"


class Allocation(models.Model):
    """How many leads a week are a rep's in a month, and by which figures. Only the running month's
    is ever put right, by hand, after its policy or a quota was changed."""

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="allocations", verbose_name=_("rep")
    )
    policy = models.ForeignKey(
        AllocationPolicy,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("policy"),
    )
    month = models.DateField(_("month"))
    leads = models.PositiveSmallIntegerField(_("leads a week"))
    former = models.PositiveSmallIntegerField(_("before"), null=True, blank=True)
    falls = models.PositiveSmallIntegerField(_("falls in a row"), default=0)
    # Of the month before: what was won of how much, in the quota's currency.
    won = models.DecimalField(_("won"), max_digits=14, decimal_places=2)
    quota = models.DecimalField(_("quota"), max_digits=12, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    percent = models.DecimalField(_("reached (%)"), max_digits=9, decimal_places=2)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-month", "rep")
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = (
            models.UniqueConstraint(fields=("rep", "month"), name="leaddistrib_allocation_once"),
        )

    def __str__(self) -> str:
        return f"{self.rep}: {self.leads} ({self.month:%Y-%m})"
