"""A rep's own priority windows, and those of a team's day (GU4)."""

from dataclasses import dataclass
from datetime import date, datetime

from leaddistrib.models import PriorityWindow, Rep, Team


@dataclass(frozen=True, slots=True)
class OwnWindows:
    """The rep's window of today, which may be over, and the next one on another day. None: there
    is none, or it is not given out yet."""

    today: PriorityWindow | None = None
    next: PriorityWindow | None = None


def own_windows(rep: Rep, moment: datetime) -> OwnWindows:
    """The rep's windows at ``moment``, by the team's days; ``rep`` with the team. One query; none
    for a rep without a team."""
    if rep.team is None:
        return OwnWindows()
    today = moment.astimezone(rep.team.zone).date()
    coming = list(PriorityWindow.objects.filter(rep=rep, day__gte=today).order_by("day")[:2])
    return OwnWindows(
        today=next((window for window in coming if window.day == today), None),
        next=next((window for window in coming if window.day > today), None),
    )


def team_windows(team: Team, day: date) -> list[PriorityWindow]:
    """The windows of the team's reps on ``day``, in its order, each with its rep. One query."""
    windows = PriorityWindow.objects.filter(rep__team=team, day=day)
    return list(windows.select_related("rep__user"))
