"""The limits of a fair race, recounted from the rows that a race left behind (GU1, GU5, AL1, ON1).

By the calendar of the reps' team, claim by claim in the order in which they were kept.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

from leaddistrib.models import Assignment, Claim, GuardrailPolicy, OnboardingPhase, Rep

Week = tuple[int, int]


def passed_limits() -> Iterator[str]:
    """Who claimed more in races than the one policy allows on a day, or more hot ones than the warm
    ones allow, or more than the assigned ones; or others before the cold ones; who got more leads
    than the week's allocation, or more from races in onboarding than the one phase allows."""
    policy = GuardrailPolicy.objects.first() or GuardrailPolicy(**dict.fromkeys(LIMITS))
    reps = Rep.objects.select_related("team").in_bulk()
    days: Counter[tuple[int, date]] = Counter()
    kinds: Counter[tuple[int, Week, str]] = Counter()
    given = Counter(
        (one.rep_id, _week(reps[one.rep_id], one.started_at))
        for one in Assignment.objects.exclude(method="claim")
    )
    for claim in Claim.objects.filter(result="won").order_by("pk"):
        rep, who = reps[claim.rep_id], f"rep {claim.rep_id}"
        day, week = _day(rep, claim.claimed_at), _week(rep, claim.claimed_at)
        cold = kinds[rep.pk, week, "cold"]
        days[rep.pk, day] += claim.competitive
        kinds[rep.pk, week, "raced"] += claim.competitive
        kinds[rep.pk, week, claim.temperature] += 1
        hot, warm, raced = (kinds[rep.pk, week, kind] for kind in ("hot", "warm", "raced"))
        assigned = given[rep.pk, week]
        if policy.daily_claims and days[rep.pk, day] > policy.daily_claims:
            yield f"{who} won {days[rep.pk, day]} claims in a day"
        if policy.hot_per_warm and hot > policy.hot_per_warm * (warm + 1):
            yield f"{who} won {hot} hot leads with {warm} warm ones"
        if policy.claims_per_assigned and raced > policy.claims_per_assigned * (assigned + 1):
            yield f"{who} won {raced} races with {assigned} assigned leads"
        left_cold = kinds[rep.pk, _before(week), "raced"] > kinds[rep.pk, _before(week), "cold"]
        too_soon = claim.temperature != "cold" and cold < (policy.weekly_cold or 0)
        if left_cold and too_soon:
            yield f"{who} won a {claim.temperature} lead after {cold} cold ones"
    got = Counter(
        (rep, _week(reps[rep], at))
        for rep, at in Assignment.objects.values_list("rep", "started_at")
    )
    for (rep_id, _week_of), number in got.items():
        allocation = reps[rep_id].allocation
        if allocation is not None and number > allocation:
            yield f"rep {rep_id} got {number} leads of an allocation of {allocation}"
    yield from _passed_phase()


LIMITS = ("daily_claims", "hot_per_warm", "claims_per_assigned", "weekly_cold")


def _passed_phase() -> Iterator[str]:
    """Of ten leads in a row, so many at most come from races."""
    phase = OnboardingPhase.objects.first()
    for rep in Rep.objects.filter(onboarding__phase=phase) if phase else ():
        row = list(rep.assignments.order_by("pk").values_list("method", flat=True))
        for start in range(max(1, len(row) - 9)):
            raced = row[start : start + 10].count("claim")
            if phase and raced * 10 > phase.competition:
                yield f"rep {rep.pk} got {raced} of ten leads from races"


def _day(rep: Rep, moment: datetime) -> date:
    return moment.astimezone(rep.limits_zone).date()


def _week(rep: Rep, moment: datetime) -> Week:
    year, week, _ = _day(rep, moment).isocalendar()
    return year, week


def _before(week: Week) -> Week:
    """The week before, but for the first one of a year."""
    return week[0], week[1] - 1
