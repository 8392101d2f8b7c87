"""Where leads come from: territories and the accounts known there."""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.engine.names import match_name
from leaddistrib.models.people import Rep, Team

START = 3
"""Letters that two names have in common before it is worked out how alike they are (IN4)."""


class NameStart(models.Func):
    """The first ``START`` letters of a text. A constant of the query, not a parameter: only so do
    both databases find it in an index."""

    function = "SUBSTR"
    template = f"%(function)s(%(expressions)s, 1, {START})"
    output_field = models.CharField()


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


class AccountQuerySet(models.QuerySet[Any]):
    """Keeps what accounts are matched by true when many are written at once."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **kwargs: Any) -> Any:
        accounts = list(objs)
        for account in accounts:
            account.normalise()
        return super().bulk_create(accounts, *args, **kwargs)

    def bulk_update(
        self, objs: Iterable[Any], fields: Iterable[str], *args: Any, **kwargs: Any
    ) -> int:
        accounts = list(objs)
        for account in accounts:
            account.normalise()
        return super().bulk_update(accounts, _with_match_name(fields), *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        if "name" in kwargs and "match_name" not in kwargs:
            kwargs["match_name"] = match_name(kwargs["name"])
        return super().update(**kwargs)


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
    objects = AccountQuerySet.as_manager()

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
            models.Index(NameStart("match_name"), name="leaddistrib_account_start"),
        )

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normalise()
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = _with_match_name(kwargs["update_fields"])
        super().save(*args, **kwargs)

    def normalise(self) -> None:
        """Bring what leads are matched by up to date."""
        self.domain = self.domain.strip().lower()
        self.match_name = match_name(self.name)


def _with_match_name(fields: Iterable[str]) -> list[str]:
    """The fields to write, with what follows from the name when that is among them."""
    names = list(fields)
    return [*names, "match_name"] if "name" in names and "match_name" not in names else names


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
