"""Puts the rules of a fair race into the invented company, when its first weeks are over.

Afterwards, because its history is written at once: rules that count claims would see four weeks of
them on one day.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.utils import timezone

from leaddistrib.lifecycle.allocating import allocate_reps
from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.lifecycle.placing import place_reps
from leaddistrib.lifecycle.prioritising import rotate
from leaddistrib.management import company_race as plan
from leaddistrib.models import (
    AllocationPolicy,
    GuardrailPolicy,
    OnboardingPolicy,
    Pool,
    Quota,
    Rep,
    Team,
    TierPolicy,
)


def add_fair_race(teams: Mapping[str, Team], staff: Sequence[Rep], now: datetime) -> None:
    """Tiers, allocations, limits and one newcomer, as they are at ``now``."""
    limited = [teams[name] for name in plan.LIMITED if name in teams]
    for name in sorted(plan.ZONES.keys() & teams.keys()):
        teams[name].time_zone = plan.ZONES[name]
        teams[name].save(update_fields=("time_zone",))
    _tiers()
    for team in limited:
        _allocations(team)
        GuardrailPolicy.objects.create(team=team, **plan.GUARDRAILS)
    today = timezone.localdate(now, timezone.get_default_timezone())
    _quotas((rep for rep in staff if rep.team in limited), today)
    _phases()
    new = next((rep for rep in reversed(staff) if rep.team == teams.get(plan.NEW_IN)), None)
    if new:
        begin(new, today - timedelta(weeks=1))
    for weeks in reversed(range(plan.PLACED_FOR)):
        place_reps(now - timedelta(weeks=weeks))
    allocate_reps(now)
    rotate(now)
    pools = Pool.objects.filter(mode=Pool.Mode.RACE)
    pools.filter(name=plan.IN_TIERS).update(tiered=True, priority=True)
    pools.filter(name=plan.PREMIUM).update(premium=True)


def _tiers() -> None:
    policy = TierPolicy.objects.create(**plan.PLACING)
    for level, tier in enumerate(plan.TIERS, start=1):
        policy.tiers.create(
            level=level,
            name=tier.name,
            share=tier.share,
            delay_minutes=tier.delay,
            premium=tier.premium,
            auto_assigned=tier.auto_assigned,
        )


def _allocations(team: Team) -> None:
    policy = AllocationPolicy.objects.create(team=team, floor=plan.FLOOR)
    for percent, leads in plan.BANDS:
        policy.bands.create(from_percent=percent, leads=leads)


def _phases() -> None:
    policy = OnboardingPolicy.objects.create()
    for position, phase in enumerate(plan.PHASES, start=1):
        policy.phases.create(
            position=position,
            name=phase.name,
            weeks=plan.PHASE_WEEKS,
            competition=phase.competition,
            cohort_only=phase.cohort_only,
            least_leads=phase.least_leads,
        )


def _quotas(reps: Iterable[Rep], today: date) -> None:
    """Of this month and the one before."""
    month = today.replace(day=1)
    months = (month, (month - timedelta(days=1)).replace(day=1))
    Quota.objects.bulk_create(
        Quota(rep=rep, month=first, amount=plan.QUOTA[n % len(plan.QUOTA)], currency="EUR")
        for n, rep in enumerate(reps)
        for first in months
    )
