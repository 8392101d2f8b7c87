"""Sources that send leads by signed webhook (IN1)."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.leads import Lead


class Webhook(models.Model):
    """A source that may POST leads to ``/leads/hooks/<slug>/``, each call signed with its secret.

    Secrets are kept encrypted. After a rotation the previous one is good until
    ``previous_until``, so that the sender can change over without losing a lead.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("name in the address"), max_length=50, unique=True)
    source = models.CharField(
        _("source"), max_length=100, help_text=_("What its leads say they come from.")
    )
    active = models.BooleanField(_("active"), default=True)
    # The fields of a lead by the names that the sender uses; empty: the API's own names.
    mapping = models.JSONField(_("names of its fields"), default=dict, blank=True)
    secret = models.BinaryField(editable=False)
    previous_secret = models.BinaryField(editable=False, default=bytes)
    previous_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    history = HistoricalRecords(excluded_fields=["secret", "previous_secret", "public_id"])

    class Meta:
        ordering = ("slug",)
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.slug

    def previous_holds(self, moment: datetime) -> bool:
        return self.previous_until is not None and moment < self.previous_until


class WebhookCall(models.Model):
    """A call that came for a webhook, and what became of it.

    A call that brought a lead keeps its signature for as long as a replay could pass, so that the
    same call again is answered as the first was. Calls that brought none keep no signature, and
    only the newest of them stay.
    """

    class Outcome(models.TextChoices):
        CREATED = "created", _("New lead")
        KNOWN = "known", _("Known lead")
        REPEATED = "repeated", _("Answered as before")
        INVALID = "invalid", _("Wrong fields")
        REFUSED = "refused", _("Refused")
        UNSIGNED = "unsigned", _("Not signed with its secret")

    webhook = models.ForeignKey(
        Webhook, on_delete=models.CASCADE, related_name="calls", verbose_name=_("webhook")
    )
    signature = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(_("at"))
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices)
    # Why it was refused, or the names of the wrong fields: never what they held.
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    lead = models.ForeignKey(
        Lead,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("lead"),
    )

    # Intake looks for this constraint's error, by this name: the same call twice.
    ONCE = "leaddistrib_webhook_once"

    class Meta:
        ordering = ("-id",)
        verbose_name = _("webhook call")
        verbose_name_plural = _("webhook calls")
        constraints = (
            models.UniqueConstraint(
                fields=("webhook", "signature"),
                condition=~Q(signature=""),
                name="leaddistrib_webhook_once",
            ),
        )
        indexes = (models.Index(fields=("at",), name="leaddistrib_webhook_age"),)

    def __str__(self) -> str:
        return f"{self.webhook} {self.at:%Y-%m-%d %H:%M:%S}"
