"""The limits of a fair race, recounted from the rows that a race left behind (GU1, GU5, AL1)."""

from collections import Counter
from collections.abc import Iterator

from django.utils import timezone

from leaddistrib.models import Assignment, Claim, GuardrailPolicy, Rep


def passed_limits() -> Iterator[str]:
    """Who claimed more in races than the one policy allows on a day, or more hot leads than the
    warm ones allow; and who got more leads than the allocation."""
    policy = GuardrailPolicy.objects.first() or GuardrailPolicy(
        daily_claims=None, hot_per_warm=None
    )
    won = Claim.objects.filter(result="won").order_by("claimed_at", "pk")
    days: Counter[object] = Counter()
    kinds: Counter[object] = Counter()
    for claim in won:
        day = timezone.localtime(claim.claimed_at).date()
        days[claim.rep_id, day] += claim.competitive
        kinds[claim.rep_id, claim.temperature] += 1
        if policy.daily_claims and days[claim.rep_id, day] > policy.daily_claims:
            yield f"rep {claim.rep_id} won {days[claim.rep_id, day]} claims in a day"
        hot, warm = (kinds[claim.rep_id, kind] for kind in ("hot", "warm"))
        if policy.hot_per_warm and hot > policy.hot_per_warm * (warm + 1):
            yield f"rep {claim.rep_id} won {hot} hot leads with {warm} warm ones"
    got = Counter(Assignment.objects.values_list("rep", flat=True))
    for rep in Rep.objects.all():
        if rep.allocation is not None and got[rep.pk] > rep.allocation:
            yield f"rep {rep.pk} got {got[rep.pk]} leads of an allocation of {rep.allocation}"
