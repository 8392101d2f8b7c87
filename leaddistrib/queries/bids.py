"""What claims that were collected are compared by (RA5)."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from leaddistrib.engine.awarding import Bid, ranked
from leaddistrib.models import Claim, Pool, Rep, TierPlacement
from leaddistrib.queries.counts import Asked, counts
from leaddistrib.queries.limiting import allocating_teams


def collected(leads: Iterable[int]) -> list[Claim]:
    """The claims of ``leads`` (primary keys) that are not decided yet, in the order in which they
    came. One query."""
    undecided = Claim.objects.filter(lead__in=list(leads), result=Claim.Result.COLLECTED)
    return list(undecided.order_by("claimed_at", "pk"))


def ranked_claims(claims: Sequence[Claim], pool: Pool, moment: datetime) -> list[Claim]:
    """``claims`` of one lead of ``pool``, the one that it is to go to first (``Pool.sealed_by``).
    Four queries at most."""
    by_rep = {claim.rep_id: claim for claim in claims}
    reps = list(Rep.objects.filter(pk__in=by_rep).select_related("team"))
    scores = _scores(by_rep) if pool.sealed_by == Pool.SealedBy.SCORE else {}
    had = {}
    if pool.sealed_by == Pool.SealedBy.ENTITLEMENT:
        asked = [Asked(rep.pk, rep.limits_zone, week=True) for rep in reps]
        had = {pk: count.leads_week for pk, count in counts(asked, moment).items()}
    holds = allocating_teams({rep.team_id for rep in reps})
    allocated = all(rep.allocation is not None and rep.team_id in holds for rep in reps)
    bids = [
        Bid(
            rep.pk,
            by_rep[rep.pk].claimed_at,
            tier=rep.tier,
            score=scores.get(rep.pk),
            had=had.get(rep.pk, 0),
            entitled=Decimal(rep.allocation or 0) if allocated else rep.weight,
        )
        for rep in reps
    ]
    return [by_rep[bid.rep] for bid in ranked(bids, pool.sealed_by)]


def _scores(reps: Iterable[int]) -> dict[int, Decimal]:
    """The score of each rep's latest placement, if it has one."""
    rows = TierPlacement.objects.filter(rep__in=list(reps)).order_by("period")
    return {rep: score for rep, score in rows.values_list("rep", "score") if score is not None}
