"""What decides: versions of the rules, each rule with its conditions and where it leads."""

import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.freezing import DraftsQuerySet, OfADraft, VersionsQuerySet, refuse_if
from leaddistrib.models.people import Rep, Team
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
    # A draft that comes into force by itself at this moment.
    scheduled_at = models.DateTimeField(_("scheduled for"), null=True, blank=True)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("scheduled by"),
    )
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("published by"),
    )

    objects = VersionsQuerySet["RuleSet"].as_manager()
    VERSION = ""

    # Who scheduled, published, archived it and changed its note.
    history = HistoricalRecords(excluded_fields=["public_id"])

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
            models.CheckConstraint(
                condition=Q(scheduled_at__isnull=True) | Q(status="draft"),
                name="leaddistrib_only_drafts_scheduled",
            ),
        )

    def __str__(self) -> str:
        return f"v{self.version} ({self.get_status_display()})"

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        refuse_if(RuleSet.objects.filter(pk=self.pk))
        return super().delete(*args, **options)


class Publication(models.Model):
    """One time that a version came into force: who did it, when, and how (RU3). Never changed."""

    class Kind(models.TextChoices):
        PUBLISHED = "published", _("Published")
        SCHEDULED = "scheduled", _("Published as scheduled")
        ROLLED_BACK = "rolled_back", _("Rolled back to")

    ruleset = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="publications", verbose_name=_("rule set")
    )
    kind = models.CharField(_("how"), max_length=11, choices=Kind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("publication")
        verbose_name_plural = _("publications")

    def __str__(self) -> str:
        return f"{self.ruleset} {self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"


class RuleRecord(models.Model):
    """What the record of a rule's changes holds beside its columns: where it led (RU3)."""

    # Each step as a document, with the names it had: see ``models.rulerecords``.
    steps = models.JSONField(_("where it goes"), default=list)

    class Meta:
        abstract = True


class Rule(OfADraft):
    """Conditions and, in ``steps``, where a lead that meets them goes.

    ``key`` stays the same from version to version, so that what a rule did, and when somebody last
    looked at it, is known across them. ``when`` is the validated document of its conditions: ``{}``
    or a tree of all/any/not.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    ruleset = models.ForeignKey(
        RuleSet, on_delete=models.CASCADE, related_name="rules", verbose_name=_("rule set")
    )
    key = models.UUIDField(_("key"), default=uuid.uuid4, editable=False, db_index=True)
    position = models.PositiveIntegerField(_("position"))
    name = models.CharField(_("name"), max_length=200)
    when = models.JSONField(_("conditions"), default=dict, blank=True)

    objects = DraftsQuerySet["Rule"].as_manager()
    BELONGS_TO, VERSION = "ruleset", "ruleset__"

    # Written by ``lifecycle.drafting``. A draft copies its rules in bulk, which writes none of
    # these: it is no edit.
    history = HistoricalRecords(
        bases=[RuleRecord],
        excluded_fields=["public_id"],
        history_change_reason_field=models.TextField(null=True),
    )

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


class RuleStep(OfADraft):
    """One place a rule sends a lead to: the first step, then its fallbacks in order (PU4)."""

    class Push(models.TextChoices):
        ROUND_ROBIN = "round_robin", _("in turn (round-robin)")
        WEIGHTED = "weighted", _("in turn by weight (weighted)")
        TERRITORY_OWNER = "territory_owner", _("to whoever works the territory")
        ACCOUNT_OWNER = "account_owner", _("to the account's owner")
        LEAST_LOADED = "least_loaded", _("to whoever has the fewest open leads")
        MANAGER = "manager", _("to the team's manager")

    # These need no team: who may get the lead is known from the lead. A team narrows them.
    TEAM_OPTIONAL = (Push.TERRITORY_OWNER, Push.ACCOUNT_OWNER)

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
    seniority = models.CharField(
        _("only these reps"), max_length=8, choices=Rep.Seniority.choices, blank=True
    )
    attended = models.BooleanField(
        _("only who attended the lead's event"),
        default=False,
        help_text=_("The lead names it in its attribute “event”."),
    )

    objects = DraftsQuerySet["RuleStep"].as_manager()
    BELONGS_TO, VERSION = "rule", "rule__ruleset__"

    class Meta:
        ordering = ("rule", "position")
        verbose_name = _("where it goes")
        verbose_name_plural = _("where it goes, in order")
        constraints = (
            models.UniqueConstraint(fields=("rule", "position"), name="leaddistrib_step_position"),
            models.CheckConstraint(
                condition=Q(
                    push="", team__isnull=True, pool__isnull=False, seniority="", attended=False
                )
                | Q(
                    push__in=(
                        "round_robin",
                        "weighted",
                        "territory_owner",
                        "account_owner",
                        "least_loaded",
                        "manager",
                    ),
                    pool__isnull=True,
                )
                & (Q(team__isnull=False) | Q(push__in=("territory_owner", "account_owner"))),
                name="leaddistrib_step_team_or_pool",
            ),
        )

    def __str__(self) -> str:
        return f"{self.team or self.pool or self.get_push_display()}"

    def again(self, rule: Rule, position: int) -> "RuleStep":
        """The same place, unsaved, as a step of ``rule``."""
        return RuleStep(
            rule=rule,
            position=position,
            push=self.push,
            team_id=self.team_id,
            pool_id=self.pool_id,
            seniority=self.seniority,
            attended=self.attended,
        )

    def clean(self) -> None:
        if self.pool_id:
            if self.team_id or self.push or self.seniority or self.attended:
                raise ValidationError(_("A pool takes no team, strategy or choice of reps."))
            return
        if self.team_id and not self.push:
            self.push = self.Push.ROUND_ROBIN
        if not self.push or not (self.team_id or self.push in self.TEAM_OPTIONAL):
            raise ValidationError(_("Choose a team to push to or a pool, one of the two."))


class RuleReview(models.Model):
    """Somebody looked at a rule and found it still right (RU7)."""

    key = models.UUIDField(_("rule"), editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"))
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("review of a rule")
        verbose_name_plural = _("reviews of rules")
        indexes = (models.Index(fields=("key", "-at"), name="leaddistrib_review_rule"),)

    def __str__(self) -> str:
        return f"{self.key} {self.at:%Y-%m-%d}"
