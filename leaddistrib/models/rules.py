"""What decides: versions of the rules, each rule with its conditions and where it leads."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.people import Team
from leaddistrib.models.pools import Pool


class RuleSet(models.Model):
    """One version of the rules. One is published at a time, and it never changes (RU3)."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    version = models.PositiveIntegerField(_("version"), unique=True)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.DRAFT
    )
    note = models.CharField(_("what changed"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("published by"),
    )

    class Meta:
        ordering = ("-version",)
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        constraints = (
            models.UniqueConstraint(
                fields=("status",),
                condition=Q(status="published"),
                name="leaddistrib_one_published_ruleset",
            ),
            models.CheckConstraint(
                condition=~Q(status="published") | Q(published_at__isnull=False),
                name="leaddistrib_published_has_date",
            ),
        )

    def __str__(self) -> str:
        return f"v{self.version} ({self.get_status_display()})"


class Rule(models.Model):
    """Conditions and, in ``steps``, where a lead that meets them goes.

    ``when`` is the validated document of interfaces.md: ``{}`` or a tree of all/any/not.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    ruleset = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="rules", verbose_name=_("rule set")
    )
    position = models.PositiveIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=200)
    when = models.JSONField(_("conditions"), default=dict, blank=True)

    class Meta:
        ordering = ("ruleset", "position")
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = (
            models.UniqueConstraint(
                fields=("ruleset", "position"), name="leaddistrib_rule_position"
            ),
        )

    def __str__(self) -> str:
        return self.name


class RuleStep(models.Model):
    """One place a rule sends a lead to: the first step, then its fallbacks in order (PU4)."""

    class Push(models.TextChoices):
        ROUND_ROBIN = "round_robin", _("in turn (round-robin)")

    rule = models.ForeignKey(
        Rule, on_delete=models.CASCADE, related_name="steps", verbose_name=_("rule")
    )
    position = models.PositiveSmallIntegerField(_("position"))
    push = models.CharField(_("push to a team"), max_length=20, choices=Push.choices, blank=True)
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("team"),
    )
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("or to a pool"),
    )

    class Meta:
        ordering = ("rule", "position")
        verbose_name = _("where it goes")
        verbose_name_plural = _("where it goes, in order")
        constraints = (
            models.UniqueConstraint(fields=("rule", "position"), name="leaddistrib_step_position"),
            models.CheckConstraint(
                condition=Q(push="", team__isnull=True, pool__isnull=False)
                | (~Q(push="") & Q(team__isnull=False, pool__isnull=True)),
                name="leaddistrib_step_team_or_pool",
            ),
        )

    def __str__(self) -> str:
        return f"{self.team or self.pool}"

    def clean(self) -> None:
        if bool(self.team_id) == bool(self.pool_id):
            raise ValidationError(_("Choose a team to push to or a pool, one of the two."))
        if self.team_id and not self.push:
            self.push = self.Push.ROUND_ROBIN
        if self.pool_id and self.push:
            raise ValidationError({"push": _("A pool takes no push strategy.")})
