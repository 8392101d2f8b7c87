"""Everything that decisions look at, read in a number of queries that does not depend on how many
leads, rules or reps there are (PU5).

Nothing is locked here: whoever acts on the decisions locks reps and rotations of the scope first.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from leaddistrib.engine.facts import (
    LeadFacts,
    PoolFacts,
    RepFacts,
    Rules,
    TeamFacts,
    TerritoryFacts,
    World,
)
from leaddistrib.engine.mixing import IN_A_ROW, Mix
from leaddistrib.engine.turns import Rotation as RotationFacts
from leaddistrib.engine.turns import Seat as SeatFacts
from leaddistrib.models import Decision, Pool, Rotation, Seat, Team, Territory
from leaddistrib.queries.roster import rep_facts
from leaddistrib.queries.scope import Key, Scope, counting_teams, reps_of, scope, territories_of


def load(
    rules: Rules,
    matched: Iterable[int | None],
    moment: datetime,
    *,
    leads: Sequence[LeadFacts] | None = None,
    only: Collection[int] | None = None,
) -> World:
    """The world in which leads that match the rules of these indexes are decided at ``moment``.

    ``leads`` narrows it to their territories and account owners; without, all are loaded. With
    ``only``, no other reps are in it: those who were locked.
    """
    return load_scope(scope(rules, matched, leads), moment, only=only)


def load_scope(
    wanted: Scope,
    moment: datetime,
    *,
    only: Collection[int] | None = None,
    rotations: Mapping[Key, Rotation] | None = None,
) -> World:
    """``load``, where the scope is known already, and maybe its ``rotations``, locked. One query
    for each pool with a mix that the scope's rules send leads to."""
    pools = {pool.pk: pool for pool in Pool.objects.all()}
    facts = {pk: pool_facts(pool) for pk, pool in pools.items()}
    net = next((facts[pk] for pk, pool in pools.items() if pool.is_safety_net), NO_NET)
    world = World(
        moment, net, pools=facts, newest=_newest(facts[pk] for pk in wanted.pools if pk in facts)
    )
    if not wanted.pushes:
        return world
    ids = list(reps_of(wanted).values_list("pk", flat=True)) if only is None else only
    world.reps = rep_facts(ids, moment)
    counting = set(counting_teams(wanted, ids).values_list("pk", flat=True))
    rows = _rotations(wanted, counting) if rotations is None else rotations.values()
    rounds = rotation_facts(rows)
    world.teams = _team_facts(wanted, world.reps, counting, rounds)
    if wanted.by_territory:
        world.territories = _territory_facts(wanted, world.reps, rounds)
    return world


NO_NET = PoolFacts(0, "Unassigned", Pool.Mode.QUEUE)
"""Before the first lead ever was routed there is no safety net yet."""


def pool_facts(pool: Pool) -> PoolFacts:
    """The pool as the engine wants it."""
    after = None if pool.push_minutes is None else timedelta(minutes=pool.push_minutes)
    mix = Mix(pool.mix_high, pool.mix_low) if pool.mixed else None
    return PoolFacts(pool.pk, pool.name, pool.mode, after, mix)


def _newest(pools: Iterable[PoolFacts]) -> dict[int, deque[str]]:
    """What the newest leads were that the rules sent to each of ``pools`` with a mix. One query for
    each of those: no more rows are read than count."""
    return {
        pool.id: deque(
            Decision.objects.filter(pool=pool.id)
            .exclude(quality="")
            .order_by("-pk")
            .values_list("quality", flat=True)[: IN_A_ROW - 1],
            maxlen=IN_A_ROW - 1,
        )
        for pool in pools
        if pool.mix
    }


def _rotations(wanted: Scope, counting: Collection[int]) -> QuerySet[Rotation]:
    return Rotation.objects.filter(
        Q(team__in={*counting, *(team for team, _ in wanted.turns)})
        | Q(territory__in=territories_of(wanted).values("pk"))
    )


def rotation_facts(rotations: Iterable[Rotation]) -> dict[Key, RotationFacts]:
    """Rotations as the engine wants them, by what they are of. One query for all their seats."""
    by_id: dict[int, RotationFacts] = {}
    by_key: dict[Key, RotationFacts] = {}
    for row in rotations:
        facts = RotationFacts(row.virtual_time, row.turns, id=row.pk)
        by_id[row.pk] = by_key[row.team_id, row.seniority, row.territory_id] = facts
    for seat in Seat.objects.filter(rotation__in=by_id).order_by("pk"):
        by_id[seat.rotation_id].seats[seat.rep_id] = SeatFacts(
            seat.rep_id, seat.virtual_time, seat.turns, seat.last_turn, seat.credit
        )
    return by_key


def _team_facts(
    wanted: Scope,
    reps: Mapping[int, RepFacts],
    counting: Collection[int],
    rotations: Mapping[Key, RotationFacts],
) -> dict[int, TeamFacts]:
    members = _by_team(reps)
    managers = _managers(wanted, reps)
    rounds: dict[int, dict[str, RotationFacts]] = defaultdict(dict)
    for (team, seniority, _), rotation in rotations.items():
        if team is not None:
            rounds[team][seniority] = rotation
    return {
        row.pk: TeamFacts(
            id=row.pk,
            name=row.name,
            members=tuple(members[row.pk]),
            managers=tuple(managers[row.pk]),
            rotations=rounds[row.pk],
            count_owner_matches=row.pk in counting,
        )
        for row in Team.objects.filter(pk__in={*wanted.teams, *counting})
    }


def _by_team(reps: Mapping[int, RepFacts]) -> Mapping[int, Sequence[int]]:
    members: dict[int, list[int]] = defaultdict(list)
    for pk in sorted(reps):
        team = reps[pk].team
        if team is not None:
            members[team].append(pk)
    return members


def _managers(wanted: Scope, reps: Mapping[int, RepFacts]) -> Mapping[int, Sequence[int]]:
    managers: dict[int, list[int]] = defaultdict(list)
    if wanted.managed:
        rows = Team.managers.through.objects.filter(team__in=wanted.managed)
        for team, rep in rows.values_list("team", "user__rep").order_by("user__rep"):
            if rep in reps:
                managers[team].append(rep)
    return managers


def _territory_facts(
    wanted: Scope, reps: Mapping[int, RepFacts], rotations: Mapping[Key, RotationFacts]
) -> dict[int, TerritoryFacts]:
    """The reps named for a territory work it, else everybody in its team."""
    rows = list(territories_of(wanted))
    named: dict[int, list[int]] = defaultdict(list)
    working = Territory.reps.through.objects.filter(territory__in=[row.pk for row in rows])
    for territory, rep in working.values_list("territory", "rep").order_by("rep"):
        named[territory].append(rep)
    teams = _by_team(reps)
    return {
        row.pk: TerritoryFacts(
            id=row.pk,
            name=row.name,
            reps=tuple(named[row.pk] or teams[row.team_id or 0]),
            rotation=rotations.get((None, "", row.pk)) or RotationFacts(),
        )
        for row in rows
    }
