"""What decides when a pool's leads open for each member: tiers, priority windows, ranks (TI1, GU4,
RA5)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, Subquery

from leaddistrib.engine.windows import Member
from leaddistrib.models import (
    GuardrailPolicy,
    Pool,
    PriorityWindow,
    Rep,
    TierPlacement,
    TierPolicy,
)
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.levels import Levels, counting, levels_of, middle, own_tier
from leaddistrib.queries.premium import kept_out_of_premium
from leaddistrib.queries.weeks import working_weeks

LAST = float("inf")


@dataclass(frozen=True, slots=True)
class Wavers:
    """The members of one pool, and of how many of its leads in a hundred nobody's tier makes them
    wait: the highest share that a policy of theirs asks for."""

    members: tuple[Member, ...]
    floor_percent: int


def wavers(
    pools: Iterable[Pool],
    members: Mapping[int, Iterable[int]],
    moment: datetime,
    ready: Iterable[int],
) -> dict[int, Wavers]:
    """The active members of each of ``pools``, whose members' primary keys are given, as the engine
    wants them at ``moment``. In a cascade those who are ``ready`` to take a lead come first.

    Nine queries at most, however many pools and members; none without a pool.
    """
    asked = list(pools)
    if not asked:
        return {}
    wanted = set().union(*(members.get(pool.pk, ()) for pool in asked))
    reps = {
        rep.pk: rep for rep in Rep.objects.filter(pk__in=wanted, active=True, user__is_active=True)
    }
    policies = policies_for(TierPolicy, {rep.team_id for rep in reps.values()})
    tiers = levels_of(policies.values())
    levels = {team: tiers.get(policy.pk, {}) if policy else {} for team, policy in policies.items()}
    weeks = {}
    if any(policy and policy.working_time for policy in policies.values()):
        weeks = working_weeks(reps.values(), moment)
    premium = any(pool.premium for pool in asked)
    kept_out = kept_out_of_premium(reps) if premium else frozenset()
    starts = _head_starts(reps, moment) if any(pool.priority for pool in asked) else {}
    cascade = any(pool.award == Pool.Award.CASCADE for pool in asked)
    ranks = _ranks(reps, levels, frozenset(ready)) if cascade else {}

    def member(rep: Rep, pool: Pool) -> Member:
        policy = policies[rep.team_id]
        placed, between = own_tier(levels[rep.team_id], rep.tier), middle(levels[rep.team_id])
        return Member(
            rep.pk,
            delay=placed.delay_minutes if placed else None,
            middle=between.delay_minutes if between else 0,
            week=weeks.get(rep.pk) if policy and policy.working_time else None,
            premium=rep.pk not in kept_out,
            head_start=starts.get(rep.pk, 0) if pool.priority else 0,
            rank=ranks.get(rep.pk, ()),
        )

    found: dict[int, Wavers] = {}
    for pool in asked:
        inside = [reps[rep] for rep in sorted(members.get(pool.pk, ())) if rep in reps]
        holding = [policies[rep.team_id] for rep in inside]
        floor = max((policy.floor_percent for policy in holding if policy), default=0)
        found[pool.pk] = Wavers(tuple(member(rep, pool) for rep in inside), floor)
    return found


def _head_starts(reps: Mapping[int, Rep], moment: datetime) -> dict[int, int]:
    """The head start, in minutes, of each rep whose priority window it is at ``moment``."""
    open_now = PriorityWindow.objects.filter(
        rep__in=reps, starts_at__lte=moment, ends_at__gt=moment
    )
    holders = set(open_now.values_list("rep", flat=True))
    if not holders:
        return {}
    policies = policies_for(GuardrailPolicy, {reps[rep].team_id for rep in holders})
    return {
        rep: policy.priority_head_start
        for rep in holders
        if (policy := policies[reps[rep].team_id]) and policy.priority_minutes
    }


def _ranks(
    reps: Mapping[int, Rep], levels: Mapping[int | None, Levels], ready: frozenset[int]
) -> dict[int, tuple[float, ...]]:
    """How the reps come in a cascade: who is ready first, then by the tier that counts for them,
    then by the score of the newest placement that has one. Who has none comes after the others.
    One query."""
    placed = TierPlacement.objects.filter(rep=OuterRef("pk"), score__isnull=False)
    newest = Subquery(placed.order_by("-period").values("score")[:1])
    scores = dict(Rep.objects.filter(pk__in=reps).values_list("pk", newest))
    counts = {pk: counting(levels[rep.team_id], rep.tier) for pk, rep in reps.items()}
    return {
        pk: (
            pk not in ready,
            tier.level if tier else LAST,
            LAST if scores[pk] is None else -float(scores[pk]),
        )
        for pk, tier in counts.items()
    }
