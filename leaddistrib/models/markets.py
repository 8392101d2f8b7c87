"""Where leads come from: territories and the accounts known there."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep, Team


class Metro(models.Model):
    """A metropolitan area: postal codes that start so, in one country."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    country = models.CharField(_("country"), max_length=2)
    postal_prefixes = models.JSONField(_("postal prefixes"), default=list)

    history = HistoricalRecords()

    class Meta:
        ordering = ("name",)
        verbose_name = _("metropolitan area")
        verbose_name_plural = _("metropolitan areas")

    def __str__(self) -> str:
        return self.name


class Territory(models.Model):
    """A part of the world and who works it: all its places together.

    ``countries`` holds ISO 3166-1 codes, ``subdivisions`` ISO 3166-2 codes, ``postal_prefixes``
    a country and a start of its postal codes each, such as "FR 750". Where territories overlap,
    the most specific place decides: a longer prefix before a shorter one, before a metropolitan
    area, before a subdivision, before the region it lies in, before the country. Without any
    place it is the rest of the world.
    """

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    countries = models.JSONField(_("countries"), default=list, blank=True)
    subdivisions = models.JSONField(_("subdivisions"), default=list, blank=True)
    metros = models.ManyToManyField(
        Metro, blank=True, related_name="territories", verbose_name=_("metropolitan areas")
    )
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

    history = HistoricalRecords(m2m_fields=[reps, metros], excluded_fields=["public_id"])

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
    # The name without case, accents, punctuation and legal form: what leads are matched by (IN4).
    match_name = models.CharField(max_length=200, blank=True, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    industry = models.CharField(_("industry"), max_length=100, blank=True)
    employees = models.PositiveIntegerField(_("employees"), null=True, blank=True)
    owner = models.ForeignKey(
        Rep,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="accounts",
        verbose_name=_("owner"),
    )

    history = HistoricalRecords(excluded_fields=["public_id", "match_name"])

    class Meta:
        ordering = ("name", "id")
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = (
            models.UniqueConstraint(
                fields=("domain",), condition=~Q(domain=""), name="leaddistrib_account_domain"
            ),
        )
        indexes = (
            models.Index(fields=("name",), name="leaddistrib_account_name"),
            models.Index(fields=("match_name",), name="leaddistrib_account_match"),
        )

    def __str__(self) -> str:
        return self.name


class SalesEvent(models.Model):
    """A trade fair, a webinar: its leads may go to the reps who were there (PU6).

    A lead names its event in the attribute ``event``.
    """

    name = models.CharField(_("name"), max_length=100, unique=True)
    held_on = models.DateField(_("held on"), null=True, blank=True)
    attendees = models.ManyToManyField(
        Rep, blank=True, related_name="sales_events", verbose_name=_("reps who attended")
    )

    history = HistoricalRecords(m2m_fields=[attendees])

    class Meta:
        ordering = ("-held_on", "name")
        verbose_name = _("event")
        verbose_name_plural = _("events")

    def __str__(self) -> str:
        return self.name
