"""What happened, in order, never changed."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep


class LogEntry(models.Model):
    """One fact of a lead's life. Append-only: every figure can be rebuilt from these rows."""

    class Event(models.TextChoices):
        RECEIVED = "lead.received", _("Lead received")
        UPDATED = "lead.updated", _("Lead updated by its source")
        ASSIGNED = "lead.assigned", _("Lead assigned")
        OPENED = "lead.opened", _("Lead opened to claims")
        CLAIMED = "lead.claimed", _("Lead claimed")
        RELEASED = "lead.released", _("Lead given back")
        CLOSED = "lead.closed", _("Lead closed")
        REASSIGNED = "lead.reassigned", _("Lead reassigned")
        CONTACTED = "lead.contacted", _("Lead contacted")
        CONTACT_UNDONE = "contact.undone", _("Contact undone")
        ATTEMPTED = "lead.attempted", _("Nobody answered")
        DUPLICATE = "lead.duplicate", _("Duplicate recognised")
        ESCALATED = "lead.escalated", _("Lead escalated")
        RECYCLED = "lead.recycled", _("Lead recycled")
        CLOCK_STARTED = "response.started", _("Response clock started")
        REMINDED = "response.reminded", _("Reminded to answer")
        LAPSED = "response.lapsed", _("Not answered in time")
        OUTCOME = "outcome.recorded", _("Outcome recorded")
        OUTCOME_UNDONE = "outcome.undone", _("Outcome undone")
        SATISFACTION = "satisfaction.answered", _("Satisfaction answered")
        CREDITED = "turn.credited", _("Turn credited back")

    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="log", verbose_name=_("lead")
    )
    event = models.CharField(_("event"), max_length=30, choices=Event.choices)
    rep = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("rep"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("done by"),
    )
    at = models.DateTimeField(_("at"))
    detail = models.JSONField(_("detail"), default=dict, blank=True)

    class Meta:
        ordering = ("lead", "at", "id")
        verbose_name = _("log entry")
        verbose_name_plural = _("log")
        indexes = (models.Index(fields=("-at",), name="leaddistrib_log_newest"),)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_event_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The log is append-only: a log entry cannot be changed.")
        super().save(*args, **kwargs)
