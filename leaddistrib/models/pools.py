"""Where leads wait to be claimed."""

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep, Team


class Pool(models.Model):
    """A place where leads wait for whoever claims them first.

    ``version`` grows by one with every lead that enters or leaves, inside the same transaction,
    so that a page can tell that it missed a message (reliability: sockets lose messages).
    """

    class Mode(models.TextChoices):
        QUEUE = "queue", _("Queue: members look and take the next")
        RACE = "race", _("Race: members are told at once, the first claim owns the lead")
        SHARED = "shared", _("Shared: any member works any lead")

    class Award(models.TextChoices):
        FIRST = "first", _("the first valid claim")
        CASCADE = "cascade", _("ranked cascade: the next best rep is told every few seconds")
        SEALED = "sealed", _("sealed claims: collected for a few seconds, then awarded")
        NEXT = "next", _("next, please: a button gives the most fitting lead, without a list")

    class SealedBy(models.TextChoices):
        ENTITLEMENT = "entitlement", _("who has had least of what is theirs")
        TIER = "tier", _("the higher tier")
        SCORE = "score", _("the higher score of the latest placement")

    class Ownership(models.TextChoices):
        FIRST_CONTACT = "first_contact", _("whoever contacts the lead first owns it")
        SHARED = "shared", _("leads stay shared")

    public_id = models.UUIDField(_("public id"), default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    mode = models.CharField(_("mode"), max_length=10, choices=Mode.choices, default=Mode.RACE)
    reps = models.ManyToManyField(Rep, blank=True, related_name="pools", verbose_name=_("reps"))
    teams = models.ManyToManyField(
        Team,
        blank=True,
        related_name="pools",
        verbose_name=_("teams"),
        help_text=_("Everybody in these teams is a member too."),
    )
    version = models.PositiveBigIntegerField(_("version"), default=0, editable=False)
    is_safety_net = models.BooleanField(
        _("safety net"),
        default=False,
        help_text=_("Takes every lead that no rep and no other pool could take."),
    )
    stale_minutes = models.PositiveIntegerField(
        _("stale after (minutes)"),
        null=True,
        blank=True,
        help_text=_("A lead that waited this long is marked. Empty: never."),
    )
    push_minutes = models.PositiveIntegerField(
        _("pushed after (minutes)"),
        null=True,
        blank=True,
        help_text=_(
            "A lead that nobody took by then goes where the rule's next step says. Empty: it waits."
        ),
    )
    ownership = models.CharField(
        _("in a shared pool"),
        max_length=13,
        choices=Ownership.choices,
        default=Ownership.FIRST_CONTACT,
    )
    working_minutes = models.PositiveSmallIntegerField(
        _("“working on it” lapses after (minutes)"), default=15
    )

    premium = models.BooleanField(
        _("premium"),
        default=False,
        help_text=_("Only for reps of tiers that see premium pools."),
    )
    tiered = models.BooleanField(
        _("by tier"),
        default=False,
        help_text=_("Members are told of a lead when their tier says, the best first."),
    )
    priority = models.BooleanField(
        _("priority windows"),
        default=False,
        help_text=_("New leads open first for whoever has a priority window then."),
    )
    award = models.CharField(
        _("goes to"),
        max_length=10,
        choices=Award.choices,
        default=Award.FIRST,
    )
    cascade_seconds = models.PositiveSmallIntegerField(
        _("seconds between two reps"), default=30, validators=[MinValueValidator(1)]
    )

    sealed_seconds = models.PositiveSmallIntegerField(
        _("claims are collected for (seconds)"),
        default=5,
        validators=[MinValueValidator(3), MaxValueValidator(10)],
        help_text=_("From the first claim of a lead."),
    )
    sealed_by = models.CharField(
        _("then it goes to"),
        max_length=11,
        choices=SealedBy.choices,
        default=SealedBy.ENTITLEMENT,
    )
    blind_percent = models.PositiveSmallIntegerField(
        _("blind leads (%)"),
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("This share of the leads shows next to nothing until it is claimed."),
    )
    unrated = models.BooleanField(
        _("quality hidden"),
        default=False,
        help_text=_("Nobody sees the score or the temperature of a lead until it is claimed."),
    )

    mix_high = models.PositiveSmallIntegerField(
        _("of high quality at most (%)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "Of any 20 leads that the rules send here. A lead beyond it goes where the rule's next"
            " step says. Empty: as many as there are."
        ),
    )
    mix_low = models.PositiveSmallIntegerField(
        _("of low quality at most (%)"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(100)],
    )

    history = HistoricalRecords(
        m2m_fields=[reps, teams], excluded_fields=["version", "public_id", "is_safety_net"]
    )

    class Meta:
        ordering = ("name",)
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        constraints = (
            models.CheckConstraint(
                condition=Q(mode__in=("queue", "race", "shared")), name="leaddistrib_pool_mode"
            ),
            models.UniqueConstraint(
                fields=("is_safety_net",),
                condition=Q(is_safety_net=True),
                name="leaddistrib_pool_one_safety_net",
            ),
            models.CheckConstraint(
                condition=Q(mode="race")
                | Q(
                    premium=False,
                    tiered=False,
                    priority=False,
                    award="first",
                    blind_percent=0,
                    unrated=False,
                    mix_high=None,
                    mix_low=None,
                ),
                name="leaddistrib_pool_race_only",
            ),
            models.CheckConstraint(
                condition=Q(blind_percent__lte=100)
                & (Q(mix_high=None) | Q(mix_high__lte=100))
                & (Q(mix_low=None) | Q(mix_low__lte=100)),
                name="leaddistrib_pool_percents",
            ),
            models.CheckConstraint(
                condition=Q(unrated=True) | Q(mix_high=None, mix_low=None),
                name="leaddistrib_pool_mix_is_hidden",
            ),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def in_waves(self) -> bool:
        """Whether leads open here for some reps before others, and do not exist for them before."""
        return self.tiered or self.priority or self.award == self.Award.CASCADE

    @property
    def mixed(self) -> bool:
        """Whether leads of a quality go on to the rule's next step beyond a share (GU3)."""
        return self.mix_high is not None or self.mix_low is not None
