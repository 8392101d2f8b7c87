"""What was handed over when a rep left, so that it can be found again and taken back (PU10)."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.people import Rep


class HandOver(models.Model):
    """One hand-over of what a rep had. Its leads are named by its public id in their log.

    ``moved`` holds the primary keys of what went to ``successor`` beside the leads: "accounts";
    "territories"; "left", territories that the rep only left, because the successor worked them
    already; and "backups", the reps whose backup the rep was.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="handovers", verbose_name=_("rep")
    )
    successor = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("successor"),
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("by"),
    )
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=500)
    # Whether it set the rep inactive: taking it back sets the rep active again.
    retired = models.BooleanField(_("the rep leaves"), default=False)
    moved = models.JSONField(_("moved"), default=dict, blank=True)
    taken_back_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")

    def __str__(self) -> str:
        return f"{self.rep} {self.at:%Y-%m-%d %H:%M}"
