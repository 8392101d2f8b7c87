"""Puts the rules of a fair race into the invented company, when its first weeks are over.

Afterwards, because its history is written at once: rules that count claims would see four weeks of
them on one day.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from leaddistrib.management import company_race as plan
from leaddistrib.models import (
    AllocationPolicy,
    GuardrailPolicy,
    Onboarding,
    OnboardingPolicy,
    PhaseChange,
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
    for number, rep in enumerate(rep for rep in staff if rep.team in limited):
        month = today.replace(day=1)
        for first in (month, (month - timedelta(days=1)).replace(day=1)):
            amount = plan.QUOTA[number % len(plan.QUOTA)]
            Quota.objects.create(rep=rep, month=first, amount=amount, currency="EUR")
    _newcomer(staff, now)
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


def _newcomer(staff: Sequence[Rep], now: datetime) -> None:
    """The last one who came began a week ago."""
    policy = OnboardingPolicy.objects.create()
    phases = [
        policy.phases.create(
            position=position,
            name=phase.name,
            weeks=plan.PHASE_WEEKS,
            competition=phase.competition,
            cohort_only=phase.cohort_only,
            least_leads=phase.least_leads,
        )
        for position, phase in enumerate(plan.PHASES, start=1)
    ]
    began = now - timedelta(weeks=1)
    day = timezone.localdate(began, timezone.get_default_timezone())
    Onboarding.objects.create(rep=staff[-1], began_on=day, phase=phases[0], since=day)
    PhaseChange.objects.create(
        rep=staff[-1], kind=PhaseChange.Kind.BEGAN, phase=phases[0].name, at=began
    )
