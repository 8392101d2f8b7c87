"""Messages to people, kept in the commit that caused them and sent afterwards (NO4)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.channels import Channel, TeamChat
from leaddistrib.models.leads import Lead


class OutboxMessage(models.Model):
    """One message through one channel, sent by ``leaddistrib_worker``: to a user, to a team's chat,
    or, with neither, to the contact of its lead.

    Due when ``due_at`` has passed and it is neither sent, dropped nor dead. While it is being
    sent ``due_at`` is pushed forward (the lease), so that a worker that dies gives it back.
    """

    Channel = Channel

    event = models.CharField(_("event"), max_length=120)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("recipient"),
    )
    chat = models.ForeignKey(
        TeamChat,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="messages",
        verbose_name=_("chat"),
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
    # Receipts: taken by the provider, arrived on the device, opened by the recipient (NO3).
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    dropped_at = models.DateTimeField(_("no longer true"), null=True, blank=True)
    dead_at = models.DateTimeField(_("given up"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    # What the provider calls it: a message in a chat is changed by this name.
    reference = models.CharField(max_length=200, blank=True, editable=False)

    class Meta:
        ordering = ("due_at", "id")
        verbose_name = _("outgoing message")
        verbose_name_plural = _("outgoing messages")
        constraints = (
            models.UniqueConstraint(
                fields=("event", "recipient", "channel"), name="leaddistrib_outbox_once"
            ),
            models.UniqueConstraint(
                fields=("event", "chat"),
                condition=Q(chat__isnull=False),
                name="leaddistrib_outbox_once_a_chat",
            ),
            models.UniqueConstraint(
                fields=("event", "channel"),
                condition=Q(chat__isnull=True, recipient__isnull=True),
                name="leaddistrib_outbox_once_a_contact",
            ),
            models.CheckConstraint(
                condition=Q(recipient__isnull=True) | Q(chat__isnull=True),
                name="leaddistrib_outbox_one_audience",
            ),
        )
        indexes = (
            models.Index(
                fields=("channel", "due_at", "id"),
                condition=Q(sent_at__isnull=True, dropped_at__isnull=True, dead_at__isnull=True),
                name="leaddistrib_outbox_due",
            ),
            models.Index(fields=("-created_at",), name="leaddistrib_outbox_newest"),
            # How many text messages somebody had today.
            models.Index(
                fields=("recipient", "sent_at"),
                condition=Q(channel="sms", sent_at__isnull=False),
                name="leaddistrib_outbox_sms",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} → {self.recipient or self.chat or self.lead}"
