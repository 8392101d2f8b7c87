"""Races: who was told of a lead, and who reached for it."""

import uuid
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep
from leaddistrib.models.pools import Pool


class Offer(models.Model):
    """One rep told of one lead, in one period of it, and when it opens for that rep (RA1).

    A window is open because ``opens_at`` has passed, never because a timer fired.
    """

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="offers", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="offers", verbose_name=_("rep")
    )
    period = models.PositiveIntegerField(_("period"))
    opens_at = models.DateTimeField(_("opens"))
    # Until it opens for the rep, the lead does not exist for them (TI1, GU4). Otherwise they see
    # it, and when it opens.
    hidden = models.BooleanField(_("hidden until it opens"), default=False)
    # Empty until the rep's own window opens, which the worker sees to.
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)
    # The first provider took a message about it, or the rep had it on screen: whatever came first.
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        ordering = ("lead", "period", "opens_at", "rep")
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints = (
            models.UniqueConstraint(
                fields=("lead", "rep", "period"), name="leaddistrib_offer_once_a_period"
            ),
        )
        indexes = (
            models.Index(
                fields=("rep", "lead"),
                condition=Q(closed_at__isnull=True),
                name="leaddistrib_offer_open",
            ),
            # Windows that open: the worker asks for those whose time has come.
            models.Index(
                fields=("opens_at", "id"),
                condition=Q(opened_at__isnull=True, closed_at__isnull=True),
                name="leaddistrib_offer_unopened",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead} → {self.rep}"


class Claim(models.Model):
    """One attempt to claim a lead, with its result and the times behind it (RA3)."""

    class Result(models.TextChoices):
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        REFUSED = "refused", _("Refused")
        COLLECTED = "collected", _("Collected")  # it is decided when no more are collected

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="claims", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.PROTECT, related_name="claims", verbose_name=_("rep")
    )
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="claims",
        verbose_name=_("pool"),
    )
    period = models.PositiveIntegerField(_("period"))
    result = models.CharField(_("result"), max_length=9, choices=Result.choices)
    # The codes of the gates that refused, first the one that decided.
    reasons = models.JSONField(_("reasons"), default=list, blank=True)
    # As it was then: limits count claim events, whatever became of the lead since (GU1, GU5).
    competitive = models.BooleanField(_("competitive"), default=False)
    temperature = models.CharField(_("temperature"), max_length=4, blank=True)
    via = models.CharField(_("via"), max_length=20)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    claimed_at = models.DateTimeField(_("claimed"))
    # Of a claim that was collected: when it was decided, and what stood against it then, with its
    # numbers, because the rep hears of it later.
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    against = models.JSONField(_("against"), default=list, blank=True)

    # The claim translates this constraint's error, too: which of the two comes first is chance.
    ONE_WIN = "leaddistrib_one_win_a_period"

    class Meta:
        ordering = ("-claimed_at", "-id")
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints = (
            models.UniqueConstraint(
                fields=("lead", "period"),
                condition=Q(result="won"),
                name="leaddistrib_one_win_a_period",
            ),
            models.UniqueConstraint(
                fields=("lead", "rep"),
                condition=Q(result="collected"),
                name="leaddistrib_one_collected_claim",
            ),
        )
        indexes = (
            models.Index(fields=("rep", "-claimed_at"), name="leaddistrib_claim_rep"),
            models.Index(fields=("-claimed_at",), name="leaddistrib_claim_newest"),
        )

    def __str__(self) -> str:
        return f"{self.rep}: {self.lead} ({self.get_result_display()})"

    @property
    def speed(self) -> timedelta | None:
        """Time from being told to claiming; None when the rep was never told."""
        return self.claimed_at - self.told_at if self.told_at else None
