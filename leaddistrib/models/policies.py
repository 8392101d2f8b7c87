"""What the policies of a fair race have in common: they hold for a team, or for all others."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import UniqueConstraint, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from leaddistrib.models.people import Team


class TeamPolicy(models.Model):
    """One for each team at most, and one without a team, which holds for every other team and for
    reps without one. ``queries.competing`` says which holds for whom."""

    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("team"),
        help_text=_("Empty: for every team without a policy of its own."),
    )
    active = models.BooleanField(
        _("active"),
        default=True,
        help_text=_("Of a team whose policy is not active, the general one does not hold either."),
    )

    history = HistoricalRecords(inherit=True)

    class Meta:
        abstract = True
        ordering = ("team__name", "id")
        constraints: ClassVar[tuple[models.BaseConstraint, ...]] = (
            UniqueConstraint(Coalesce("team", Value(0)), name="leaddistrib_%(class)s_of_team"),
        )

    def __str__(self) -> str:
        return self.team.name if self.team else str(_("Every other team"))

    def clean(self) -> None:
        others = type(self)._default_manager.filter(team=self.team_id).exclude(pk=self.pk)
        if others.exists():
            text = _("There is one for this team already. Change that one.")
            raise ValidationError({"team": text})
