"""Whether claims that were collected were decided as their pools say (RA5)."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from leaddistrib.models import Claim


def awards() -> Iterator[str]:
    """Each claim is decided with its lead; it came in time; and of those whom nothing stood
    against, the one whom the order names has the lead. The pools of races award by tier."""
    left = Claim.objects.filter(result=Claim.Result.COLLECTED, lead__collecting_until=None)
    for lead, rep in left.values_list("lead", "rep"):
        yield f"the claim of rep {rep} for lead {lead} was never decided"
    together: dict[tuple[int, int, datetime | None], list[Claim]] = defaultdict(list)
    decided = Claim.objects.exclude(decided_at=None).select_related("rep", "pool").order_by("pk")
    for claim in decided:
        together[claim.lead_id, claim.period, claim.decided_at].append(claim)
    for (lead, _period, _at), claims in together.items():
        pool = claims[0].pool
        over = claims[0].claimed_at + timedelta(seconds=pool.sealed_seconds if pool else 0)
        for late in [claim for claim in claims if claim.claimed_at >= over]:
            yield f"the claim of rep {late.rep_id} for lead {lead} was collected too late"
        bids = [claim for claim in claims if claim.result != Claim.Result.REFUSED]
        if not any(claim.result == Claim.Result.WON for claim in bids):
            continue
        first = min(bids, key=lambda one: (one.rep.tier or 99, one.claimed_at, one.rep_id))
        if first.result != Claim.Result.WON:
            yield f"rep {first.rep_id} was before whoever got lead {lead}"
