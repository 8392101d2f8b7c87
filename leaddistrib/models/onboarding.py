"""How new reps come into the competition, phase by phase (ON1, ON2)."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Rep
from leaddistrib.models.policies import TeamPolicy


class OnboardingPolicy(TeamPolicy):
    """Which phases a new rep of the team goes through. After the last one the rep is onboarded."""

    class Meta(TeamPolicy.Meta):
        verbose_name = _("onboarding policy")
        verbose_name_plural = _("onboarding policies")


class OnboardingPhase(models.Model):
    """A stretch of weeks, and what holds in it."""

    policy = models.ForeignKey(
        OnboardingPolicy, on_delete=models.CASCADE, related_name="phases", verbose_name=_("policy")
    )
    position = models.PositiveSmallIntegerField(_("position"), validators=[MinValueValidator(1)])
    name = models.CharField(_("name"), max_length=100)
    weeks = models.PositiveSmallIntegerField(_("weeks"), validators=[MinValueValidator(1)])
    competition = models.PositiveSmallIntegerField(
        _("share of competition (%)"),
        default=100,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "0: assigned leads only, races can be watched. 50: half of any ten leads. 100: all of"
            " it."
        ),
    )
    cohort_only = models.BooleanField(
        _("among themselves"),
        default=False,
        help_text=_(
            "Competes only for leads of pools whose members are all being onboarded, or were when"
            " the rep began."
        ),
    )
    least_leads = models.PositiveSmallIntegerField(
        _("guaranteed leads a week"),
        default=0,
        help_text=_("Who has had fewer is given pushed leads before the others."),
    )
    counted = models.BooleanField(_("counts in tiers and leaderboards"), default=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ("policy", "position")
        verbose_name = _("onboarding phase")
        verbose_name_plural = _("onboarding phases")
        constraints = (
            models.UniqueConstraint(
                fields=("policy", "position"), name="leaddistrib_phase_position_once"
            ),
            models.CheckConstraint(
                condition=Q(weeks__gte=1, competition__lte=100), name="leaddistrib_phase_numbers"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Onboarding(models.Model):
    """Where a new rep is. One for each rep who was onboarded here; ``phase`` is empty once the rep
    is through.

    ``since`` is the first day of the phase, by the organisation's calendar. ``held`` by a manager,
    the rep stays in it until somebody moves them on.
    """

    rep = models.OneToOneField(
        Rep, on_delete=models.CASCADE, related_name="onboarding", verbose_name=_("rep")
    )
    began_on = models.DateField(_("began"))
    phase = models.ForeignKey(
        OnboardingPhase,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("phase"),
    )
    since = models.DateField(_("in it since"))
    held = models.BooleanField(_("held"), default=False)

    class Meta:
        ordering = ("since", "id")
        verbose_name = _("onboarding")
        verbose_name_plural = _("onboardings")
        indexes = (
            models.Index(
                fields=("since",),
                condition=Q(phase__isnull=False),
                name="leaddistrib_onboarding_since",
            ),
        )

    def __str__(self) -> str:
        return f"{self.rep}: {self.phase or '–'}"


class PhaseChange(models.Model):
    """A rep came into a phase, was held in it or let go on, and why. Never changed."""

    class Kind(models.TextChoices):
        BEGAN = "began", _("began")
        MOVED = "moved", _("moved on by the calendar")
        ADVANCED = "advanced", _("moved on by hand")
        PUT_BACK = "put_back", _("put back by hand")
        HELD = "held", _("held")
        FREED = "freed", _("not held any more")

    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="phase_changes", verbose_name=_("rep")
    )
    kind = models.CharField(_("what"), max_length=8, choices=Kind.choices)
    former = models.CharField(_("phase before"), max_length=100, blank=True)
    phase = models.CharField(_("phase"), max_length=100, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("done by"),
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = _("phase change")
        verbose_name_plural = _("phase changes")

    def __str__(self) -> str:
        return f"{self.rep}: {self.get_kind_display()}"
