"""What needs somebody: kept until it is over, told once (PU4)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.pools import Pool
from leaddistrib.models.rules import Rule


class Alert(models.Model):
    """A state that asks for a person. One is open at a time for each kind, rule and pool, however
    many leads it concerns: they are counted when it is shown."""

    class Kind(models.TextChoices):
        NOBODY_AVAILABLE = "nobody_available", _("Nobody was available")
        NOT_CLAIMED = "not_claimed", _("Nobody took it in time")
        NO_RULES = "no_rules", _("No rules are in force")
        UNANSWERED = "unanswered", _("Nobody answered in time, and nobody is left to ask")
        CHANNEL = "channel", _("Messages cannot be sent")
        LEFT_BEHIND = "left_behind", _("A rep who is not active still has leads")
        CALENDAR = "calendar", _("A calendar cannot be read")
        ALLOCATION = "allocation", _("A rep's allocation fell again")
        SCHEDULE = "schedule", _("A scheduled version of the rules could not be published")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    # What it is about, such as "rule:<key>:pool:<id>": decides whether it is the same one.
    subject = models.CharField(max_length=120)
    rule = models.ForeignKey(
        Rule,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("rule"),
    )
    pool = models.ForeignKey(
        Pool,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="alerts",
        verbose_name=_("pool"),
    )
    opened_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(_("over"), null=True, blank=True)
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject"),
                condition=Q(closed_at__isnull=True),
                name="leaddistrib_one_open_alert",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.rule or self.pool or self.subject}"
