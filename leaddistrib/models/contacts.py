"""Work on a lead: who is at it now, who spoke with it, what came of it, what the customer said."""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep
from leaddistrib.models.pools import Pool


class Contact(models.Model):
    """A rep was in touch with a lead. In a shared pool the first one may make the owner (PO1)."""

    class Channel(models.TextChoices):
        CALL = "call", _("Call")
        EMAIL = "email", _("E-mail")
        MEETING = "meeting", _("Meeting")
        OTHER = "other", _("Other")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="contacts", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("rep")
    )
    channel = models.CharField(_("channel"), max_length=7, choices=Channel.choices)
    at = models.DateTimeField(_("at"))
    note = models.CharField(_("note"), max_length=500, blank=True)
    # Where the lead waited, or had come from, when it was contacted: it may move on (PO3).
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("pool"),
    )

    class Meta:
        ordering = ("lead", "at", "id")
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = (
            models.Index(fields=("rep", "-at"), name="leaddistrib_contact_rep"),
            models.Index(fields=("pool", "at"), name="leaddistrib_contact_pool"),
        )

    def __str__(self) -> str:
        return f"{self.rep} → {self.lead} ({self.get_channel_display()})"


class Work(models.Model):
    """“Working on it”: a rep is at a shared lead, so that nobody else calls it meanwhile (PO2).

    One row for each lead that somebody ever worked on. It holds until ``until`` by the database's
    clock; nobody has to end it.
    """

    lead = models.OneToOneField(
        Lead, on_delete=models.CASCADE, related_name="work", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="work", verbose_name=_("rep")
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("work")
        verbose_name_plural = _("work")
        constraints = (
            models.CheckConstraint(
                condition=Q(until__gte=F("since")), name="leaddistrib_work_order"
            ),
        )
        indexes = (models.Index(fields=("until",), name="leaddistrib_work_until"),)

    def __str__(self) -> str:
        return f"{self.rep} @ {self.lead}"

    def holds(self, moment: datetime) -> bool:
        return self.since <= moment < self.until


class Outcome(models.Model):
    """A stage that a lead reached, and under whom. The latest that was not undone is where it
    stands."""

    class Stage(models.TextChoices):
        CONTACTED = "contacted", _("Contacted")
        QUALIFIED = "qualified", _("Qualified")
        OPPORTUNITY = "opportunity", _("Opportunity")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="outcomes", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="outcomes",
        verbose_name=_("rep"),
    )
    stage = models.CharField(_("stage"), max_length=11, choices=Stage.choices)
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    # One that was recorded by mistake is kept, and counts nowhere any more.
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("undone by"),
    )

    class Meta:
        ordering = ("lead", "at", "id")
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        indexes = (
            models.Index(fields=("rep", "stage", "-at"), name="leaddistrib_outcome_rep"),
            models.Index(fields=("stage", "at"), name="leaddistrib_outcome_stage"),
        )

    def __str__(self) -> str:
        return f"{self.lead}: {self.get_stage_display()}"


class Satisfaction(models.Model):
    """What the customer of a lead says, in one number (OU1): asked by a signed page, or told by a
    rep or another system."""

    class Measure(models.TextChoices):
        CSAT = "csat", _("Satisfaction (1–5)")
        NPS = "nps", _("Recommendation (0–10)")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="satisfaction", verbose_name=_("lead")
    )
    rep = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="satisfaction",
        verbose_name=_("rep"),
    )
    measure = models.CharField(
        _("measure"), max_length=4, choices=Measure.choices, default=Measure.CSAT
    )
    score = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    comment = models.CharField(_("comment"), max_length=1000, blank=True)
    asked_at = models.DateTimeField(_("asked"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    # Not "by is empty": whoever recorded it may have left since.
    by_customer = models.BooleanField(_("said by the customer"), default=False)

    class Meta:
        ordering = ("-answered_at", "-id")
        verbose_name = _("satisfaction")
        verbose_name_plural = _("satisfaction")
        constraints = (
            models.UniqueConstraint(
                fields=("lead", "measure"), name="leaddistrib_satisfaction_once"
            ),
            models.CheckConstraint(
                condition=Q(score__isnull=True, answered_at__isnull=True)
                | Q(measure="csat", score__gte=1, score__lte=5, answered_at__isnull=False)
                | Q(measure="nps", score__gte=0, score__lte=10, answered_at__isnull=False),
                name="leaddistrib_satisfaction_score",
            ),
        )

    def __str__(self) -> str:
        return f"{self.lead}: {self.score if self.score is not None else '–'}"
