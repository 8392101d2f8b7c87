"""What managers and admins may do with leads and reps of others (IG4)."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from leaddistrib.models import Lead, Rep, Team
from leaddistrib.policy import Role, Sight, View, policy
from leaddistrib.queries.sight import leads_of


def reps_overseen(who: Sight) -> QuerySet[Rep]:
    """The reps of own teams for managers, all of them for admins, by name."""
    reps = Rep.objects.select_related("user", "team")
    if who.role is Role.ADMIN:
        return reps
    return reps.filter(team__in=who.managed_teams)


def teams_overseen(who: Sight) -> QuerySet[Team]:
    """The own teams for managers, all of them for admins, by name."""
    teams = Team.objects.order_by("name")
    return teams if who.role is Role.ADMIN else teams.filter(pk__in=who.managed_teams)


def may_move(lead: Lead, who: Sight) -> bool:
    """Whether the viewer may give ``lead`` to somebody: admins any, managers those that they see
    whole as managers. What another team took from a shared pool is not theirs to move."""
    if who.role is Role.ADMIN:
        return True
    return who.role is Role.MANAGER and policy().view_for_manager(lead, who) is View.WHOLE


def movable(who: Sight, public_ids: Iterable[UUID]) -> list[Lead]:
    """Those of the named leads that the viewer may move, newest first. One query."""
    leads = leads_of(who).filter(public_id__in=list(public_ids)).distinct()
    return [lead for lead in leads.order_by("-received_at", "-id") if may_move(lead, who)]
