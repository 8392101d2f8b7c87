"""Whose turn it is: rotations, their seats, and the ledger of turns (PU1, PU5, PU7)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.markets import Territory
from leaddistrib.models.people import Rep, Team


class Rotation(models.Model):
    """The round of a team, of one seniority in it, or of the reps of a territory.

    The row is locked while a turn is taken, so no turn is given twice.

    ``virtual_time`` is the furthest start of a turn in order, in the units of ``engine.turns``;
    ``turns`` is the number of the latest entry in the ledger.
    """

    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rotations",
        verbose_name=_("team"),
    )
    # Empty: the whole team takes turns.
    seniority = models.CharField(
        _("seniority"), max_length=8, choices=Rep.Seniority.choices, blank=True
    )
    territory = models.ForeignKey(
        Territory,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="rotations",
        verbose_name=_("territory"),
    )
    virtual_time = models.BigIntegerField(_("virtual time"), default=0)
    turns = models.PositiveBigIntegerField(_("turns"), default=0)

    class Meta:
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")
        constraints = (
            models.UniqueConstraint(
                fields=("team", "seniority"),
                condition=Q(territory__isnull=True),
                name="leaddistrib_rotation_team",
            ),
            models.UniqueConstraint(
                fields=("territory",),
                condition=Q(territory__isnull=False),
                name="leaddistrib_rotation_territory",
            ),
            models.CheckConstraint(
                condition=Q(team__isnull=False, territory__isnull=True)
                | Q(team__isnull=True, territory__isnull=False, seniority=""),
                name="leaddistrib_rotation_of_one",
            ),
        )

    def __str__(self) -> str:
        if self.territory:
            return str(self.territory)
        return f"{self.team} ({self.get_seniority_display()})" if self.seniority else str(self.team)


class Seat(models.Model):
    """A rep's place in a rotation. The lowest virtual time among those present is next.

    The weight is the rep's own. ``credit`` is virtual time that the rep is owed for turns that
    were credited back; it is used up by the turns that follow.
    """

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="seats", verbose_name=_("rotation")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="seats", verbose_name=_("rep")
    )
    virtual_time = models.BigIntegerField(_("virtual time"), default=0)
    turns = models.PositiveBigIntegerField(_("turns"), default=0)
    last_turn = models.PositiveBigIntegerField(_("last turn"), default=0)
    credit = models.PositiveBigIntegerField(_("credit"), default=0)

    class Meta:
        ordering = ("rotation", "virtual_time", "last_turn", "id")
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = (
            models.UniqueConstraint(fields=("rotation", "rep"), name="leaddistrib_seat_rep"),
        )

    def __str__(self) -> str:
        return f"{self.rep} @ {self.rotation}"


class Turn(models.Model):
    """One entry of the ledger: which seat took which lead, and its virtual time before and after.

    A *turn* was the seat's in order; a *charge* is a lead that came out of order and counts (PU7);
    a *credit* gives back what an earlier entry took: ``start`` and ``finish`` are then the seat's
    credit before and after. ``used`` is the credit that a turn used up, ``value`` the lead's
    expected value at that moment. The ledger alone is enough to rebuild every seat;
    ``leaddistrib_check`` compares them.
    """

    class Kind(models.TextChoices):
        TURN = "turn", _("Turn")
        CHARGE = "charge", _("Counted")
        CREDIT = "credit", _("Credited back")

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="ledger", verbose_name=_("rotation")
    )
    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="ledger", verbose_name=_("seat")
    )
    number = models.PositiveBigIntegerField(_("entry"))
    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices, default=Kind.TURN)
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="turns", verbose_name=_("lead")
    )
    value = models.DecimalField(_("value"), max_digits=12, decimal_places=2, null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # Of a credit: the entry that it gives back, and why.
    credits = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="credited_by",
        verbose_name=_("gives back"),
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    start = models.BigIntegerField(_("virtual start"))
    finish = models.BigIntegerField(_("virtual finish"))
    used = models.PositiveBigIntegerField(_("credit used"), default=0)
    taken_at = models.DateTimeField(_("taken"))

    class Meta:
        ordering = ("rotation", "number")
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = (
            models.UniqueConstraint(fields=("rotation", "number"), name="leaddistrib_turn_number"),
            models.CheckConstraint(
                condition=Q(finish__gt=models.F("start")), name="leaddistrib_turn_forward"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", credits__isnull=False)
                | (~Q(kind="credit") & Q(credits__isnull=True)),
                name="leaddistrib_turn_credits",
            ),
        )
        indexes = (models.Index(fields=("seat", "number"), name="leaddistrib_turn_seat"),)

    def __str__(self) -> str:
        return f"{self.rotation} #{self.number}"
