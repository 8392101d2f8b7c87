"""Weights of reps are brought up to date with their performance (PU1)."""

from datetime import datetime

from django.contrib.auth.models import AbstractUser
from django.utils.translation import gettext as _

from leaddistrib.lifecycle.attributing import attributed
from leaddistrib.lifecycle.transactions import act, lock_reps
from leaddistrib.models import Team
from leaddistrib.queries.performance import performance


@act(durable=False)
def weigh(team: Team, moment: datetime, *, actor: AbstractUser | None = None) -> int:
    """Give each rep of ``team`` the weight that performance until ``moment`` stands for; returns
    how many weights changed. Doing it again changes nothing.

    Raises:
        Busy: the database was locked through every retry; nothing was written.
    """
    lock_reps(team.reps.values_list("pk", flat=True))
    changed = 0
    for row in performance(team, moment):
        if row.rep.weight == row.weighed.weight:
            continue
        row.rep.weight = row.weighed.weight
        reason = _("From performance: %(won)d won of %(leads)d leads") % {
            "won": row.record.won,
            "leads": row.record.leads,
        }
        attributed(row.rep, actor, reason).save(update_fields=("weight",))
        changed += 1
    return changed


def weigh_teams(moment: datetime) -> int:
    """Do so for every team whose weights come from performance; returns how many changed."""
    teams = Team.objects.filter(weighting=Team.Weighting.PERFORMANCE).order_by("pk")
    return sum(weigh(team, moment) for team in teams)
