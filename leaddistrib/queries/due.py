"""Which leads managers should look at now: those that are late, or soon will be (SL2, DB2)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from django.db.models import F, Q, QuerySet

from leaddistrib.models import ResponseClock
from leaddistrib.policy import Role, Sight
from leaddistrib.queries.clocks import running

SOON = timedelta(minutes=30)


class State(StrEnum):
    """LATE ones should have been answered by now, SOON ones are to be within half an hour; of
    STUCK ones nobody is left to give the lead to."""

    LATE = "late"
    SOON = "soon"
    STUCK = "stuck"


class Asked(NamedTuple):
    """What is shown: all states for None; of one rep or team, by their public ids."""

    state: State | None = None
    rep: UUID | None = None
    team: UUID | None = None


ALL = Asked()


def due(who: Sight, moment: datetime, asked: Asked = ALL) -> QuerySet[ResponseClock]:
    """The response clocks that run for leads of the viewer's teams (admins: of everybody), with
    lead, rep and team: what is due first, first."""
    clocks = _of(who)
    if asked.state is not None:
        clocks = clocks.filter(_in(asked.state, moment))
    if asked.rep is not None:
        clocks = clocks.filter(rep__public_id=asked.rep)
    if asked.team is not None:
        clocks = clocks.filter(rep__team__public_id=asked.team)
    found = clocks.select_related("lead__pool", "lead__owner__user", "rep__user", "rep__team")
    return found.order_by("due_at", "id")


def late_number(who: Sight, moment: datetime) -> int:
    """How many of them are late at ``moment``. One query."""
    return _of(who).filter(_in(State.LATE, moment)).count()


def _of(who: Sight) -> QuerySet[ResponseClock]:
    # A clock that was left running for somebody who has the lead no more is for the worker to stop.
    clocks = running().filter(lead__owner=F("rep"))
    return clocks if who.role is Role.ADMIN else clocks.filter(rep__team__in=who.managed_teams)


def _in(state: State, moment: datetime) -> Q:
    if state is State.STUCK:
        return Q(stuck_at__isnull=False)
    if state is State.LATE:
        return Q(due_at__lte=moment)
    return Q(due_at__gt=moment, due_at__lte=moment + SOON)
