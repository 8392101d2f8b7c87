"""Points per condition, for leads that come without a score (IN6)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords


class ScoringRule(models.Model):
    """``points`` for each lead that meets the conditions ``when`` (as a rule's). They add up."""

    name = models.CharField(_("name"), max_length=200)
    when = models.JSONField(_("conditions"), default=dict, blank=True)
    points = models.SmallIntegerField(_("points"))
    active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("scoring rule")
        verbose_name_plural = _("scoring rules")

    def __str__(self) -> str:
        return f"{self.name} ({self.points:+d})"
