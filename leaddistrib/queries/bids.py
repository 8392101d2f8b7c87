"""What claims that were collected are compared by (RA5)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from leaddistrib.engine.awarding import Bid, ranked
from leaddistrib.models import Claim, Pool, Rep, TierPlacement, TierPolicy
from leaddistrib.queries.competing import policies_for
from leaddistrib.queries.counts import Asked, counts
from leaddistrib.queries.levels import counting, levels_of
from leaddistrib.queries.limiting import allocating_teams


def collected(leads: Iterable[int]) -> list[Claim]:
    """The claims of ``leads`` (primary keys) that are not decided yet, in the order in which they
    came. One query."""
    undecided = Claim.objects.filter(lead__in=list(leads), result=Claim.Result.COLLECTED)
    return list(undecided.order_by("claimed_at", "pk"))


def ranked_claims(
    claims: Sequence[Claim], reps: Mapping[int, Rep], pool: Pool, moment: datetime
) -> list[Claim]:
    """``claims`` of one lead of ``pool``, the one that it is to go to first (``Pool.sealed_by``).
    ``reps`` are who made them, by primary key, read with their teams. Two queries at most."""
    by_rep = {claim.rep_id: claim for claim in claims}
    scores = _scores(by_rep) if pool.sealed_by == Pool.SealedBy.SCORE else {}
    tiers = _tiers(reps.values()) if pool.sealed_by == Pool.SealedBy.TIER else {}
    had = {}
    if pool.sealed_by == Pool.SealedBy.ENTITLEMENT:
        asked = [Asked(pk, reps[pk].limits_zone, week=True) for pk in by_rep]
        had = {pk: count.leads_week for pk, count in counts(asked, moment).items()}
    holds = allocating_teams({reps[pk].team_id for pk in by_rep})
    allocated = all(reps[pk].allocation is not None and reps[pk].team_id in holds for pk in by_rep)
    bids = [
        Bid(
            pk,
            claim.claimed_at,
            tier=tiers.get(pk),
            score=scores.get(pk),
            had=had.get(pk, 0),
            entitled=Decimal(reps[pk].allocation or 0) if allocated else reps[pk].weight,
        )
        for pk, claim in by_rep.items()
    ]
    return [by_rep[bid.rep] for bid in ranked(bids, pool.sealed_by)]


def _tiers(reps: Collection[Rep]) -> dict[int, int | None]:
    """The level of the tier that counts for each rep; where no policy holds, the one that the rep
    was placed on. Two queries."""
    policies = policies_for(TierPolicy, {rep.team_id for rep in reps})
    levels = levels_of(policies.values())
    found = {}
    for rep in reps:
        policy = policies[rep.team_id]
        tier = counting(levels.get(policy.pk, {}), rep.tier) if policy else None
        found[rep.pk] = tier.level if tier else rep.tier
    return found


def _scores(reps: Iterable[int]) -> dict[int, Decimal]:
    """The score of each rep's latest placement, if it has one."""
    rows = TierPlacement.objects.filter(rep__in=list(reps)).order_by("period")
    return {rep: score for rep, score in rows.values_list("rep", "score") if score is not None}
