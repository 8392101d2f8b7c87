"""Dry runs: a version of the rules replayed over past leads, by the worker (RU6)."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.rules import RuleSet


class DryRun(models.Model):
    """What a version would have done with past leads, beside the published one.

    Asked for in the admin site, worked out by the worker, kept as its figures. Nothing else is
    written.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    ruleset = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="dry_runs", verbose_name=_("rule set")
    )
    since = models.DateTimeField(_("leads from"))
    until = models.DateTimeField(_("leads to"))
    limit = models.PositiveIntegerField(_("at most"), default=10_000)
    asked_at = models.DateTimeField(_("asked"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("asked by"),
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    # When its worker last said how far it is: that is its lease. ``started_at`` says whose it is.
    touched_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    done = models.PositiveIntegerField(_("leads done"), default=0)
    total = models.PositiveIntegerField(_("leads"), default=0)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    result = models.JSONField(_("result"), default=dict, blank=True)

    class Meta:
        ordering = ("-asked_at",)
        verbose_name = _("dry run")
        verbose_name_plural = _("dry runs")

    def __str__(self) -> str:
        return f"{self.ruleset} {self.since:%Y-%m-%d} – {self.until:%Y-%m-%d}"
