"""At which claim each limit of a fair race stops a rep, by the numbers that policies begin with,
and how many leads a week follow from a quota (GU1, GU5, ON1, AL1). Used by ``tools.fair_race``.

For each limit a rep of a team of its own, where nothing but this limit holds, claims one new lead
after the other until one is refused.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any

from leaddistrib.engine.allocation import BANDS
from leaddistrib.engine.gates import Refusal
from leaddistrib.lifecycle import claim
from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.models import (
    AllocationBand,
    AllocationPolicy,
    GuardrailPolicy,
    Onboarding,
    OnboardingPhase,
    OnboardingPolicy,
    Outcome,
    Pool,
    Quota,
    Rep,
)
from leaddistrib.queries.refusing import refusal
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, TeamFactory, clock_at

WEDNESDAY = datetime(2026, 4, 1, 12, tzinfo=UTC)
LIMITS = ("daily_claims", "hot_per_warm", "claims_per_assigned", "weekly_cold")
AT_MOST = 12
SOLD = ((0, 49), (50, 74), (75, 99), (100, 150))  # percent of the quota: both ends of each band


def tables() -> tuple[str, str]:
    """That of the limits, and that of the allocations. Adds teams of their own to the database."""
    return "\n".join(_limits()), "\n".join(_allocations())


def _limits() -> Iterator[str]:
    yield "| limit | leads | refused | which says |"
    yield "|---|---|---|---|"
    defaults = GuardrailPolicy()
    for name, temperatures in (
        ("daily_claims", ("",)),
        ("hot_per_warm", ("hot",)),
        ("hot_per_warm", ("hot", "hot", "warm")),
        ("claims_per_assigned", ("",)),
        ("weekly_cold", ("warm",)),
        ("weekly_cold", ("cold", "cold", "cold", "warm")),
    ):
        rep = _rep(team__name=f"{name} {temperatures}")
        holds = {one: getattr(defaults, one) if one == name else None for one in LIMITS}
        GuardrailPolicy.objects.create(team=rep.team, **holds)
        if name == "weekly_cold":
            _claimed(rep, _race(rep), ("warm",), WEDNESDAY - timedelta(weeks=1), 1)
        field = GuardrailPolicy._meta.get_field(name)
        label = f"{field.verbose_name}: {holds[name]}"  # type: ignore[union-attr]
        yield _row(label, temperatures, *_claimed(rep, _race(rep), temperatures))
    rep = _rep(team__name="Half")
    policy = OnboardingPolicy.objects.create(team=rep.team)
    phase = OnboardingPhase.objects.create(policy=policy, position=1, weeks=4, competition=50)
    today = WEDNESDAY.date()
    Onboarding.objects.create(rep=rep, phase=phase, began_on=today, since=today)
    yield _row("share of competition: 50 %", ("",), *_claimed(rep, _race(rep), ("",)))


def _row(label: str, temperatures: Sequence[str], wins: int, against: Refusal | None) -> str:
    leads = ", ".join(one for one in temperatures if one) or "any"
    said = refusal(against.code, against.params) if against else "–"
    refused = f"at claim {wins + 1}" if against else f"not in {wins} claims"
    return f"| {label} | {leads} | {refused} | {said} |"


def _rep(**fields: Any) -> Rep:
    rep: Rep = RepFactory(capacity=100, user__password=None, **fields)
    return rep


def _race(rep: Rep) -> Pool:
    pool: Pool = PoolFactory(reps=[rep])
    return pool


def _claimed(
    rep: Rep,
    pool: Pool,
    temperatures: Sequence[str],
    moment: datetime = WEDNESDAY,
    at_most: int = AT_MOST,
) -> tuple[int, Refusal | None]:
    """How many claims of new leads the rep wins in a row, and what the next one is refused for."""
    with clock_at(moment):
        for wins, temperature in enumerate(islice(cycle(temperatures), at_most)):
            lead = LeadFactory(pool=pool, temperature=temperature)
            refused = claim(lead, rep, via="page").refusals
            if refused:
                return wins, refused[0]
    return at_most, None


def _allocations() -> Iterator[str]:
    policy = AllocationPolicy.objects.create(team=TeamFactory(name="Allocated"))
    for percent, leads in BANDS:
        AllocationBand.objects.create(policy=policy, from_percent=percent, leads=leads)
    sold = [[_who_sold(percent, policy) for percent in ends] for ends in SOLD]
    with clock_at(WEDNESDAY):
        allocate_reps(WEDNESDAY)
    yield "| quota attained | leads a week | and who has had so many |"
    yield "|---|---|---|"
    for (first, last), (rep, other) in zip(SOLD, sold, strict=True):
        for one in (rep, other):
            one.refresh_from_db()
        if rep.allocation != other.allocation:
            raise AssertionError(f"{first} % and {last} % are in different bands")
        yield f"| {first} % to {last} % | {rep.allocation} | {_and_one_more(rep)} |"


def _and_one_more(rep: Rep) -> str:
    """What the rep hears after the week's last lead, claimed in a queue; the others were pushed."""
    with clock_at(WEDNESDAY):
        for _ in range((rep.allocation or 0) - 1):
            LeadFactory(owner=rep)
    queue = PoolFactory(mode=Pool.Mode.QUEUE, reps=[rep])
    wins, against = _claimed(rep, queue, ("",))
    if wins != 1 or not against:
        raise AssertionError(f"{rep.allocation} leads were allocated, and one more was not refused")
    return refusal(against.code, against.params)


def _who_sold(percent: int, policy: AllocationPolicy) -> Rep:
    """A rep who sold so much of the quota in the month before."""
    rep = _rep(team=policy.team)
    month = (WEDNESDAY - timedelta(days=20)).date().replace(day=1)
    Quota.objects.create(rep=rep, month=month, amount=1000, currency="EUR")
    won: dict[str, Any] = {"stage": Outcome.Stage.WON, "value": 10 * percent, "currency": "EUR"}
    at = WEDNESDAY - timedelta(days=15)
    Outcome.objects.create(lead=LeadFactory(), rep=rep, at=at, **won)
    return rep
