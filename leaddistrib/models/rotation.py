"""Whose turn it is: rotations, their seats, and the ledger of turns (PU1, PU5, PU7)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from leaddistrib.models.leads import Lead
from leaddistrib.models.people import Rep, Team


class Rotation(models.Model):
    """A team's round. The row is locked while a turn is taken, so no turn is given twice.

    ``virtual_time`` is the start time of the latest turn, ``turns`` counts all of them; both are
    in the units of ``engine.turns``.
    """

    team = models.OneToOneField(
        Team, on_delete=models.CASCADE, related_name="rotation", verbose_name=_("team")
    )
    virtual_time = models.BigIntegerField(_("virtual time"), default=0)
    turns = models.PositiveBigIntegerField(_("turns"), default=0)

    class Meta:
        verbose_name = _("rotation")
        verbose_name_plural = _("rotations")

    def __str__(self) -> str:
        return str(self.team)


class Seat(models.Model):
    """A rep's place in a rotation. The lowest virtual time among those present is next."""

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="seats", verbose_name=_("rotation")
    )
    rep = models.ForeignKey(
        Rep, on_delete=models.CASCADE, related_name="seats", verbose_name=_("rep")
    )
    weight = models.PositiveSmallIntegerField(_("weight"), default=1)
    virtual_time = models.BigIntegerField(_("virtual time"), default=0)
    turns = models.PositiveBigIntegerField(_("turns"), default=0)
    last_turn = models.PositiveBigIntegerField(_("last turn"), default=0)

    class Meta:
        ordering = ("rotation", "virtual_time", "last_turn", "id")
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        constraints = (
            models.UniqueConstraint(fields=("rotation", "rep"), name="leaddistrib_seat_rep"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="leaddistrib_seat_weight"),
        )

    def __str__(self) -> str:
        return f"{self.rep} @ {self.rotation}"


class Turn(models.Model):
    """One entry of the ledger: which seat took which lead, and its virtual time before and after.

    The ledger alone is enough to rebuild every seat; ``leaddistrib_check`` compares them.
    """

    rotation = models.ForeignKey(
        Rotation, on_delete=models.CASCADE, related_name="ledger", verbose_name=_("rotation")
    )
    seat = models.ForeignKey(
        Seat, on_delete=models.CASCADE, related_name="ledger", verbose_name=_("seat")
    )
    number = models.PositiveBigIntegerField(_("turn"))
    lead = models.ForeignKey(
        Lead, on_delete=models.CASCADE, related_name="turns", verbose_name=_("lead")
    )
    start = models.BigIntegerField(_("virtual start"))
    finish = models.BigIntegerField(_("virtual finish"))
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
        )
        indexes = (models.Index(fields=("seat", "number"), name="leaddistrib_turn_seat"),)

    def __str__(self) -> str:
        return f"{self.rotation} #{self.number}"
