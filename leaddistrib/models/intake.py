"""How leads came in: keys of calls already answered, and imported files."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from leaddistrib.models.leads import Lead


class IdempotencyKey(models.Model):
    """An Idempotency-Key already answered, so that the second call answers as the first (IN2)."""

    scope = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    # SHA-256 of what was sent: the same key with another lead in it is refused.
    fingerprint = models.CharField(max_length=64)
    lead = models.ForeignKey(Lead, null=True, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    # Intake looks for this constraint's error, by this name: the same call twice at once.
    ONCE = "leaddistrib_idempotency_key"

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("scope", "key"), name="leaddistrib_idempotency_key"),
        )
        indexes = (models.Index(fields=("created_at",), name="leaddistrib_idempotency_age"),)

    def __str__(self) -> str:
        return f"{self.scope}: {self.key}"


class ImportRun(models.Model):
    """One imported file: what became of its rows, and those that were rejected, as CSV (IN7)."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    file_name = models.CharField(_("file"), max_length=255)
    source = models.CharField(_("source"), max_length=100, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("imported by"),
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    created = models.PositiveIntegerField(pgettext_lazy("number of leads", "created"), default=0)
    updated = models.PositiveIntegerField(_("updated"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    rejected = models.PositiveIntegerField(_("rejected"), default=0)
    rejects = models.TextField(_("rejected rows"), blank=True, editable=False)

    class Meta:
        ordering = ("-started_at",)
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name
