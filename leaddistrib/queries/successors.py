"""Whom the steps of a response policy name, and whether they may have the lead (SL3)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from leaddistrib.engine.decision import StepTrace
from leaddistrib.engine.facts import LeadFacts, Step, TeamFacts, World
from leaddistrib.engine.strategies import Ask, Strategy, among, choose, team_managers
from leaddistrib.models import Rep, Team
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.world import NO_NET

NAMED = Strategy(team_managers)
"""Without a rotation and whatever the load: of one who is named, whether the gates let them."""

NO_LEAD = LeadFacts({})
"""Neither a backup nor a manager is asked for what the lead says."""


def managers(teams: Collection[int]) -> dict[int, dict[int, int | None]]:
    """The managers of each of ``teams`` (primary keys): their users, each with the rep that it is,
    if any. One query."""
    found: dict[int, dict[int, int | None]] = defaultdict(dict)
    rows = Team.managers.through.objects.filter(team__in=teams)
    for team, user, rep in rows.values_list("team", "user", "user__rep").order_by("user__rep"):
        found[team][user] = rep
    return found


def named_by(owners: Iterable[Rep]) -> set[int]:
    """The reps to whom the leads of ``owners`` may go without the rules: their backups, and the
    managers of their teams. By primary key. One query."""
    listed = list(owners)
    of_teams = managers({owner.team_id for owner in listed if owner.team_id}).values()
    reps = {rep for of_team in of_teams for rep in of_team.values()}
    return {rep for rep in reps | {owner.backup_id for owner in listed} if rep is not None}


class Successors:
    """Backups and managers of ``owners`` as they stand ``now``. Those whom ``held``, the reps who
    are locked, does not name get nothing. What one is given counts for what comes next. Five
    queries."""

    def __init__(self, owners: Iterable[Rep], held: Collection[int], now: datetime) -> None:
        listed = list(owners)
        facts = rep_facts(named_by(listed) & set(held), now)
        self.world = World(now, NO_NET, reps=facts)
        teams = {owner.team.pk: owner.team for owner in listed if owner.team}
        of_teams = managers(teams.keys())
        for pk, team in teams.items():
            reps = tuple(rep for rep in of_teams[pk].values() if rep in facts)
            self.world.teams[pk] = TeamFacts(pk, team.name, members=(), managers=reps)

    def backup(self, owner: Rep, excluded: frozenset[int]) -> StepTrace:
        """The backup of ``owner``, if there, and what stands against it."""
        step = Step(push="backup")
        reps = {owner.backup_id: owner.name} if owner.backup_id in self.world.reps else {}
        choice = among(reps, Ask(step, NO_LEAD, self.world, excluded), NAMED)
        return self._take(StepTrace(step, candidates=choice.candidates, winner=choice.winner))

    def manager(self, owner: Rep, excluded: frozenset[int]) -> StepTrace:
        """The manager of the team of ``owner`` with the fewest open leads for the capacity."""
        team = self.world.teams.get(owner.team_id or 0)
        step = Step(push="manager", team=team.id if team else None)
        choice = choose(Ask(step, NO_LEAD, self.world, excluded))
        name = team.name if team else ""
        return self._take(
            StepTrace(step, team=name, candidates=choice.candidates, winner=choice.winner)
        )

    def _take(self, trace: StepTrace) -> StepTrace:
        if trace.winner is not None:
            rep = self.world.reps[trace.winner]
            self.world.reps[rep.id] = rep.handed()
        return trace
