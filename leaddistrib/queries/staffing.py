"""Who works where, as far as the checks of the rules ask (RU4)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q

from leaddistrib.models import Account, Pool, Rep, SalesEvent, Team, TimeOff


@dataclass(frozen=True, slots=True)
class Member:
    """An active rep. ``away``: on leave or paused at the moment of the check."""

    seniority: str
    weight: Decimal
    away: bool
    attended: bool


@dataclass(frozen=True, slots=True)
class Staff:
    """Active reps, all and by team; the pools that any of them is a member of; the teams with a
    manager who is one; whether any account has an owner among them."""

    reps: tuple[Member, ...]
    teams: dict[int, list[Member]]
    pools: frozenset[int]
    managed: frozenset[int]
    account_owners: bool

    def of(self, team: Team | None) -> "list[Member] | tuple[Member, ...]":
        """Who a push step may choose from: the team's reps; without a team, all reps."""
        return self.reps if team is None else self.teams.get(team.pk, [])


def staff(moment: datetime) -> Staff:
    """Who works where at ``moment``. Four queries."""
    active = Rep.objects.filter(active=True, user__is_active=True)
    leave = TimeOff.objects.filter(
        rep=OuterRef("pk"), kind=TimeOff.Kind.LEAVE, starts_at__lte=moment, ends_at__gt=moment
    )
    attended = SalesEvent.attendees.through.objects.filter(rep=OuterRef("pk"))
    rows = active.annotate(on_leave=Exists(leave), was_there=Exists(attended)).order_by("pk")
    teams: defaultdict[int, list[Member]] = defaultdict(list)
    everybody = []
    for rep in rows:
        member = Member(rep.seniority, rep.weight, rep.paused or rep.on_leave, rep.was_there)
        everybody.append(member)
        if rep.team_id is not None:
            teams[rep.team_id].append(member)
    managed = Team.objects.filter(managers__rep__in=active).values_list("pk", flat=True)
    staffed = Pool.objects.filter(
        Q(pk__in=Pool.reps.through.objects.filter(rep__in=active).values("pool"))
        | Q(pk__in=Pool.teams.through.objects.filter(team__reps__in=active).values("pool"))
    )
    return Staff(
        reps=tuple(everybody),
        teams=dict(teams),
        pools=frozenset(staffed.values_list("pk", flat=True)),
        managed=frozenset(managed),
        account_owners=Account.objects.filter(owner__in=active).exists(),
    )
