"""The periodic work of a fair race: one run for each period of the organisation's own calendar,
however many clusters, and a run by hand changes nothing (OP2, TI2, AL1, ON2, GU4)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db.models import Model

from leaddistrib.jobs.runs import run_due
from leaddistrib.jobs.schedules import JOBS
from leaddistrib.lifecycle.onboarding import begin
from leaddistrib.models import (
    Allocation,
    AllocationPolicy,
    GuardrailPolicy,
    JobRun,
    Onboarding,
    OnboardingPolicy,
    PhaseChange,
    PriorityWindow,
    Quota,
    Rep,
    TierPlacement,
)
from leaddistrib.testing import RepFactory, TeamFactory, clock_at
from tests.tiers import tier_policy

pytestmark = pytest.mark.django_db

FAIR = [job for job in JOBS if job.name in ("onboarding", "priority", "allocation", "tiers")]
WRITTEN: tuple[type[Model], ...] = (
    *(Rep, TierPlacement, Allocation, Onboarding, PhaseChange, PriorityWindow),
)
CHANGES = {
    "Europe/Paris": date(2026, 3, 29),
    "America/New_York": date(2026, 3, 8),
    "America/Santiago": date(2026, 4, 5),
    "Australia/Lord_Howe": date(2026, 4, 5),
    "Africa/Casablanca": date(2026, 3, 22),
    "Asia/Kolkata": date(2026, 3, 29),
}
"""A Sunday on which clocks change there, but for the last."""


def tables():
    return [list(model._default_manager.order_by("pk").values()) for model in WRITTEN]


@pytest.mark.parametrize(("zone", "sunday"), CHANGES.items())
def test_each_period_has_one_run_whatever_the_clocks_do_and_a_run_by_hand_changes_nothing(
    settings, zone, sunday
):
    """Two clusters look at noon of the days around the change, and again after fifteen days."""
    settings.TIME_ZONE = zone

    def noon(days):
        at = datetime.combine(sunday + timedelta(days=days), time(12), tzinfo=ZoneInfo(zone))
        return at.astimezone(ZoneInfo("UTC"))

    team = TeamFactory(name="Paris")
    tier_policy(team)
    AllocationPolicy.objects.create(team=team).bands.create(from_percent=0, leads=10)
    GuardrailPolicy.objects.create(team=team)
    phases = OnboardingPolicy.objects.create(team=team).phases
    phases.create(position=1, name="Watching", weeks=1, competition=0)
    reps = [RepFactory(team=team) for _ in range(5)]
    for month in (2, 3, 4):
        Quota.objects.create(rep=reps[0], month=date(2026, month, 1), amount=9, currency="EUR")
    with clock_at(noon(-1)):
        begin(reps[4], sunday)
    for days in (-1, 0, 1, 16, 17):
        moment = noon(days)
        with clock_at(moment):
            run_due(moment, FAIR)
            written = tables()
            assert run_due(moment, FAIR) == 0
            for job in FAIR:
                job.run(moment)
            assert tables() == written

    ran: dict[str, set[timedelta]] = {job.name: set() for job in FAIR}
    for run in JobRun.objects.all():
        ran[run.job].add(date.fromisoformat(run.period) - sunday)
    looked = {timedelta(days=number) for number in (-1, 0, 1, 16, 17)}
    assert ran["onboarding"] == ran["priority"] == looked
    assert ran["tiers"] == {timedelta(days=number) for number in (-6, 1, 15)}
    months = {(sunday + day).replace(day=1) - sunday for day in looked}
    assert ran["allocation"] == months
    assert Onboarding.objects.get().phase is None
