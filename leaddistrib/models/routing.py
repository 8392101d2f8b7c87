"""Why a lead went where it went, and whose it was."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep
from leaddistrib.models.pools import Pool
from leaddistrib.models.rules import Rule, RuleSet


class Decision(models.Model):
    """What was decided for a lead, with the reasons of that moment (RU5). Never changed.

    Nearly always by the rules; a duplicate follows its first lead (IN3), somebody may assign a lead
    by hand, with a reason, and one that nobody answers goes on (SL3).
    """

    class Method(models.TextChoices):
        PUSH = "push", _("Pushed")
        QUEUE = "queue", _("Queued")
        SHARED = "shared", _("Shared")
        RACE = "race", _("Raced")
        DUPLICATE = "duplicate", _("Duplicate")
        MANUAL = "manual", _("By hand")
        ESCALATION = "escalation", _("Escalated")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="decisions", verbose_name=_("lead")
    )
    ruleset = models.ForeignKey(
        RuleSet,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("rule set"),
    )
    # Empty when the rules have no catch-all that matched: the safety net took the lead.
    rule = models.ForeignKey(
        Rule,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("rule"),
    )
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    owner = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("owner"),
    )
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("pool"),
    )
    # Of a lead that counts in its pool's mix (GU3): as it was then, whatever becomes of its score.
    quality = models.CharField(_("quality"), max_length=8, blank=True)
    explanation = models.JSONField(_("explanation"))
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        ordering = ("lead", "id")
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = (
            models.CheckConstraint(
                condition=Q(method__in=("push", "manual"), owner__isnull=False)
                | Q(method="duplicate")
                | Q(method="escalation", owner__isnull=False, pool__isnull=True)
                | Q(method="escalation", owner__isnull=True, pool__isnull=False)
                | Q(method__in=("queue", "shared", "race"), owner__isnull=True, pool__isnull=False),
                name="leaddistrib_decision_owner_or_pool",
            ),
            models.CheckConstraint(
                condition=Q(method__in=("duplicate", "manual", "escalation"))
                | Q(ruleset__isnull=False),
                name="leaddistrib_decision_by_rules",
            ),
        )
        indexes = (
            models.Index(
                fields=("pool", "-id"),
                condition=~Q(quality=""),
                name="leaddistrib_decision_mix",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_method_display()}"


class Assignment(models.Model):
    """A stretch of time in which a rep owned a lead. At most one is open (RA2)."""

    class Method(models.TextChoices):
        PUSH = "push", _("Pushed")
        CLAIM = "claim", _("Claimed")
        CONTACT = "contact", _("First contact")
        DUPLICATE = "duplicate", _("Duplicate")
        MANUAL = "manual", _("By hand")
        ESCALATION = "escalation", _("Escalated")
        HISTORY = "history", _("Imported")

    class Ended(models.TextChoices):
        RELEASED = "released", _("Given back")
        REASSIGNED = "reassigned", _("Reassigned")
        LAPSED = "lapsed", _("Not answered in time")
        CLOSED = "closed", _("Closed")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.PROTECT, related_name="assignments", verbose_name=_("rep")
    )
    decision = models.ForeignKey(
        Decision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("decision"),
    )
    method = models.CharField(_("method"), max_length=10, choices=Method.choices)
    started_at = models.DateTimeField(_("since"))
    # Receipts of a lead that was handed out; those of a claimed one are in its offer (NO3).
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    ended_at = models.DateTimeField(_("until"), null=True, blank=True)
    end = models.CharField(_("ended by"), max_length=10, choices=Ended.choices, blank=True)
    end_reason = models.CharField(_("reason"), max_length=500, blank=True)

    # The claim translates this constraint's error, by this name, into a lost race.
    ONE_OPEN = "leaddistrib_one_open_assignment"

    class Meta:
        ordering = ("lead", "started_at", "id")
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        constraints = (
            models.UniqueConstraint(
                fields=("lead",),
                condition=Q(ended_at__isnull=True),
                name="leaddistrib_one_open_assignment",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | (Q(ended_at__isnull=False, ended_at__gte=F("started_at")) & ~Q(end="")),
                name="leaddistrib_assignment_end",
            ),
        )
        indexes = (
            models.Index(fields=("rep", "-started_at"), name="leaddistrib_assignment_rep"),
            # The distribution report reads a period of everybody's (FA1).
            models.Index(fields=("started_at",), name="leaddistrib_assignment_since"),
        )

    def __str__(self) -> str:
        return f"{self.lead} → {self.rep}"
