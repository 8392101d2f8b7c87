"""Tiers: better performers are told of leads first, and how each rep came to be where (TI1–TI3)."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep
from leaddistrib.models.policies import TeamPolicy


class TierPolicy(TeamPolicy):
    """How reps are placed once a week. Its tiers say what each place means."""

    conversion_weight = models.PositiveSmallIntegerField(_("weight of conversion"), default=50)
    quota_weight = models.PositiveSmallIntegerField(_("weight of quota attainment"), default=30)
    speed_weight = models.PositiveSmallIntegerField(_("weight of response speed"), default=20)
    days = models.PositiveSmallIntegerField(
        _("days looked back"), default=90, validators=[MinValueValidator(7)]
    )
    prior_leads = models.PositiveSmallIntegerField(
        _("leads that stand for the team's average"),
        default=20,
        help_text=_(
            "Each rep's figures are mixed with this many leads of the team's average, so that one"
            " lucky win puts nobody on top."
        ),
    )
    least_leads = models.PositiveSmallIntegerField(
        _("leads that a rep must have had"),
        default=10,
        help_text=_("Who had fewer is neither in the highest nor in the lowest tier."),
    )
    least_reps = models.PositiveSmallIntegerField(
        _("reps that a team must have"),
        default=4,
        validators=[MinValueValidator(2)],
        help_text=_("A smaller team has no tiers: everybody is told at once."),
    )
    margin = models.PositiveSmallIntegerField(
        _("margin (points)"),
        default=3,
        validators=[MaxValueValidator(50)],
        help_text=_(
            "A rep moves to another tier only when the score, from 0 to 100, is past the border by"
            " this much: nobody moves to and fro by chance."
        ),
    )
    floor_percent = models.PositiveSmallIntegerField(
        _("leads that open to all tiers at once (%)"),
        default=10,
        validators=[MaxValueValidator(100)],
        help_text=_("The least share of a pool's leads for which lower tiers do not wait."),
    )
    working_time = models.BooleanField(
        _("working minutes"),
        default=False,
        help_text=_("The tiers' minutes count only while the rep is at work."),
    )

    class Meta(TeamPolicy.Meta):
        verbose_name = _("tier policy")
        verbose_name_plural = _("tier policies")
        constraints = (
            *TeamPolicy.Meta.constraints,
            models.CheckConstraint(
                condition=Q(conversion_weight__gt=0)
                | Q(quota_weight__gt=0)
                | Q(speed_weight__gt=0),
                name="leaddistrib_tierpolicy_weights",
            ),
        )


class Tier(models.Model):
    """One tier of a policy: which share of the reps is in it, and when they are told of a lead."""

    policy = models.ForeignKey(
        TierPolicy, on_delete=models.CASCADE, related_name="tiers", verbose_name=_("policy")
    )
    level = models.PositiveSmallIntegerField(
        _("level"), validators=[MinValueValidator(1)], help_text=_("1 is the highest.")
    )
    name = models.CharField(_("name"), max_length=50)
    share = models.PositiveSmallIntegerField(
        _("share of the reps (%)"), validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    delay_minutes = models.PositiveIntegerField(
        _("told after (minutes)"),
        default=0,
        help_text=_("From when the lead opens. Until then it does not exist for them."),
    )
    premium = models.BooleanField(
        _("premium pools"),
        default=False,
        help_text=_("Sees leads of premium pools, after the same minutes."),
    )
    auto_assigned = models.BooleanField(
        _("assigned what nobody took"),
        default=False,
        help_text=_(
            "Leads that nobody took from a race, and that the rule's next step pushes, go to reps"
            " of this tier before others."
        ),
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ("policy", "level")
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        constraints = (
            models.UniqueConstraint(fields=("policy", "level"), name="leaddistrib_tier_level_once"),
            models.CheckConstraint(
                condition=Q(level__gte=1, share__gte=1, share__lte=100),
                name="leaddistrib_tier_numbers",
            ),
        )

    def __str__(self) -> str:
        return self.name


class TierPlacement(models.Model):
    """Where a rep was placed for a week, and by which figures (TI2). Never changed.

    ``period`` is the first day of the week that it holds for, by the organisation's calendar.
    ``level`` is empty for a rep who is in no tier, for the ``reason`` that is given.
    """

    class Reason(models.TextChoices):
        PLACED = "placed", _("by the score")
        HELD = "held", _("kept: the score is within the margin")
        LITTLE_DATA = "little_data", _("in the middle: too few leads")
        SMALL_TEAM = "small_team", _("no tiers: too few reps")
        ONBOARDING = "onboarding", _("not placed during onboarding")

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="placements", verbose_name=_("rep")
    )
    policy = models.ForeignKey(
        TierPolicy,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("policy"),
    )
    period = models.DateField(_("week of"))
    level = models.PositiveSmallIntegerField(_("tier"), null=True, blank=True)
    former = models.PositiveSmallIntegerField(_("tier before"), null=True, blank=True)
    reason = models.CharField(_("why"), max_length=12, choices=Reason.choices)
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    # What the score is made of: see engine.tiers.Placed.as_document.
    figures = models.JSONField(_("figures"), default=dict, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-period", "level", "-score", "rep")
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = (
            models.UniqueConstraint(fields=("rep", "period"), name="leaddistrib_placement_once"),
        )
        indexes = (models.Index(fields=("-period", "rep"), name="leaddistrib_placement_newest"),)

    def __str__(self) -> str:
        return f"{self.rep}: {self.level or '–'} ({self.period})"

    @property
    def moved(self) -> bool:
        """Whether the rep was in another tier before."""
        return self.level != self.former
