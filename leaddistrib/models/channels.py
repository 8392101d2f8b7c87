"""By which ways people are told: providers, chats of teams, devices, and who wants which (NO1)."""

from datetime import time

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Team


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Push notification")
    SMS = "sms", _("SMS")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")


class Gateway(models.Model):
    """How the site reaches a channel's provider. E-mail goes by Django's own settings, Teams by the
    address of each chat.

    ``secrets`` is a sealed JSON object: what it holds is the channel's own business
    (``notify.<channel>``). It is written, never shown.
    """

    channel = models.CharField(
        _("channel"),
        max_length=10,
        unique=True,
        choices=[(one.value, one.label) for one in (Channel.PUSH, Channel.SMS, Channel.SLACK)],
    )
    active = models.BooleanField(_("active"), default=True)
    address = models.URLField(
        _("address"),
        blank=True,
        max_length=300,
        help_text=_("Where the provider takes messages."),
    )
    sender = models.CharField(
        _("sender"),
        max_length=100,
        blank=True,
        help_text=_("The number or name that an SMS comes from; for push, an e-mail address."),
    )
    secrets = models.BinaryField(null=True, editable=False)

    history = HistoricalRecords(excluded_fields=["secrets"])

    class Meta:
        ordering = ("channel",)
        verbose_name = _("provider")
        verbose_name_plural = _("providers")

    def __str__(self) -> str:
        return self.get_channel_display()


class TeamChat(models.Model):
    """A team's room in Slack or Teams, where its open leads are posted.

    ``secret`` is sealed: the address to which a Teams room takes messages. A Slack room is named by
    ``room`` and reached by the site's Slack provider.
    """

    team = models.ForeignKey(
        Team, on_delete=models.CASCADE, related_name="chats", verbose_name=_("team")
    )
    channel = models.CharField(
        _("channel"),
        max_length=10,
        choices=[(one.value, one.label) for one in (Channel.SLACK, Channel.TEAMS)],
    )
    name = models.CharField(_("name"), max_length=100)
    room = models.CharField(
        _("Slack channel id"),
        max_length=30,
        blank=True,
        help_text=_("Such as C0123456789: in Slack, at the end of the channel's details."),
    )
    secret = models.BinaryField(null=True, editable=False)
    host = models.CharField(_("server"), max_length=253, blank=True, editable=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords(excluded_fields=["secret"])

    class Meta:
        ordering = ("team", "name")
        verbose_name = _("team chat")
        verbose_name_plural = _("team chats")
        constraints = (
            models.UniqueConstraint(fields=("team", "name"), name="leaddistrib_chat_name"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.get_channel_display()})"


class PushSubscription(models.Model):
    """A browser that a user lets us push to. Whoever knows endpoint and keys can push to it, so
    both are sealed (``secret``, a JSON object as browsers give it)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="push_subscriptions",
        verbose_name=_("user"),
    )
    # SHA-256 of the endpoint: one browser is one subscription, whoever is signed in there.
    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    secret = models.BinaryField(editable=False)
    device = models.CharField(_("device"), max_length=100, blank=True)
    created_at = models.DateTimeField(_("since"))
    used_at = models.DateTimeField(_("last reached"), null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        verbose_name = _("push subscription")
        verbose_name_plural = _("push subscriptions")

    def __str__(self) -> str:
        return self.device or str(self.pk)


class NotificationSettings(models.Model):
    """How one user wants to be told. Whoever has no row has the defaults below (NO4)."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="notification_settings",
        verbose_name=_("user"),
    )
    push = models.BooleanField(_("push notifications"), default=True)
    email = models.BooleanField(_("e-mail"), default=True)
    sms = models.BooleanField(
        _("SMS"), default=False, help_text=_("When a push notification fails or is not seen.")
    )
    slack = models.BooleanField(
        _("Slack"), default=True, help_text=_("Direct messages, once your account there is tied.")
    )
    phone = models.CharField(_("mobile phone"), max_length=20, blank=True)
    quiet_from = models.TimeField(
        _("quiet from"),
        null=True,
        blank=True,
        help_text=_("No push notification and no SMS from then on, in your own time zone."),
    )
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    slack_member = models.CharField(_("Slack member id"), max_length=30, blank=True)
    # Links to previews that were sent before are no longer good.
    links_revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("notification settings")
        verbose_name_plural = _("notification settings")
        constraints = (
            models.UniqueConstraint(
                fields=("slack_member",),
                condition=~Q(slack_member=""),
                name="leaddistrib_slack_member",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="leaddistrib_quiet_hours",
            ),
        )

    def __str__(self) -> str:
        return str(self.user)

    def clean(self) -> None:
        if (self.quiet_from is None) != (self.quiet_until is None):
            missing = "quiet_until" if self.quiet_until is None else "quiet_from"
            raise ValidationError({missing: _("Quiet hours have a start and an end.")})

    def is_quiet(self, wall: time) -> bool:
        """Whether ``wall`` (local time) lies within the quiet hours, which may span midnight."""
        if self.quiet_from is None or self.quiet_until is None:
            return False
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= wall < self.quiet_until
        return wall >= self.quiet_from or wall < self.quiet_until
