"""Periodic work that was done, so that each period's is done once (OP2)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobRun(models.Model):
    """One job in one period. The unique pair makes it run once, however many clusters there are."""

    job = models.CharField(_("job"), max_length=60)
    period = models.CharField(_("period"), max_length=20)
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta:
        ordering = ("-started_at",)
        verbose_name = _("job run")
        verbose_name_plural = _("job runs")
        constraints = (
            models.UniqueConstraint(fields=("job", "period"), name="leaddistrib_job_period"),
        )

    def __str__(self) -> str:
        return f"{self.job} {self.period}"
