"""Messages to people, kept in the commit that caused them and sent afterwards (NO4)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead


class OutboxMessage(models.Model):
    """One message to one user through one channel, sent by ``leaddistrib_worker``.

    Due when ``due_at`` has passed and it is neither sent, dropped nor dead. While it is being
    sent ``due_at`` is pushed forward (the lease), so that a worker that dies gives it back.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")

    event = models.CharField(_("event"), max_length=60)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("recipient"),
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    lead = models.ForeignKey(
        Lead,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="messages",
        verbose_name=_("lead"),
    )
    created_at = models.DateTimeField(_("created"))
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("no longer true"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints = (
            models.UniqueConstraint(
                fields=("event", "recipient", "channel"), name="leaddistrib_outbox_once"
            ),
        )
        indexes = (
            models.Index(
                fields=("due_at", "id"),
                condition=Q(sent_at__isnull=True, dropped_at__isnull=True, dead_at__isnull=True),
                name="leaddistrib_outbox_due",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} → {self.recipient}"
