"""Where leads come from: territories and the accounts known there."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.people import Rep, Team


class Territory(models.Model):
    """A part of the world and who works it.

    ``countries`` holds ISO 3166-1 codes, ``subdivisions`` ISO 3166-2 codes, ``postal_prefixes``
    starts of postal codes; an empty list does not narrow the territory.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    subdivisions = models.JSONField(_("subdivisions"), default=list, blank=True)
    postal_prefixes = models.JSONField(_("postal prefixes"), default=list, blank=True)
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="territories",
        verbose_name=_("team"),
    )
    reps = models.ManyToManyField(
        Rep, blank=True, related_name="territories", verbose_name=_("reps")
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("territory")
        verbose_name_plural = _("territories")

    def __str__(self) -> str:
        return self.name


class Account(models.Model):
    """A company that is already known, and who looks after it."""

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=200)
    domain = models.CharField(_("web domain"), max_length=253, blank=True)
    owner = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accounts",
        verbose_name=_("owner"),
    )

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = (
            models.UniqueConstraint(
                fields=("domain",), condition=~Q(domain=""), name="leaddistrib_account_domain"
            ),
        )
        indexes = (models.Index(fields=("name",), name="leaddistrib_account_name"),)

    def __str__(self) -> str:
        return self.name
