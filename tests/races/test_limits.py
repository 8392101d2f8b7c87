"""Reps who tap in many tabs at once stay within the limits of a fair race, on any day (GU1, GU5,
AL1, ON1)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from leaddistrib.lifecycle import claim
from leaddistrib.models import (
    AllocationPolicy,
    GuardrailPolicy,
    Lead,
    Onboarding,
    OnboardingPolicy,
    Pool,
    Rep,
    Team,
)
from leaddistrib.queries import clock
from leaddistrib.testing import clock_at, publish_rules
from tests.races.fair_limits import LIMITS, passed_limits
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)

PARIS = ZoneInfo("Europe/Paris")
SECOND = timedelta(seconds=1)
TABS = 10


def limit(**limits):
    """This limit holds for everybody, and no other."""
    GuardrailPolicy.objects.create(**dict.fromkeys(LIMITS) | limits)


def capacity():
    Rep.objects.update(capacity=3)


def daily_limit():
    limit(daily_claims=3)


def hot_ratio():
    Lead.objects.update(temperature="hot")
    limit(hot_per_warm=3)


def assigned_ratio():
    limit(claims_per_assigned=3)


def allocation():
    AllocationPolicy.objects.create()
    Rep.objects.update(allocation=3)


def half():
    """Three of any ten leads may come from races."""
    policy = OnboardingPolicy.objects.create()
    phase = policy.phases.create(position=1, name="Weeks 5–8", weeks=52, competition=30)
    since = date(2020, 1, 1)
    Onboarding.objects.bulk_create(
        Onboarding(rep=rep, began_on=since, phase=phase, since=since, held=True)
        for rep in Rep.objects.all()
    )


# Each lets a rep win three claims, by the code with which the fourth is refused.
HOLD = {
    "at_capacity": capacity,
    "daily_limit": daily_limit,
    "hot_ratio": hot_ratio,
    "assigned_ratio": assigned_ratio,
    "over_allocation": allocation,
    "half": half,
}


def tabs_of(reps, leads):
    """Each of a rep's tabs reaches for a lead of its own."""
    each = len(leads) // len(reps)
    return [
        ("claim", lead.pk, rep.pk)
        for number, rep in enumerate(reps)
        for lead in leads[number * each : (number + 1) * each]
    ]


def reasons(history):
    return {tuple(answer["reasons"]) for answer in history.of("claim", "refused")}


@pytest.mark.parametrize("code", HOLD)
def test_twenty_reps_with_ten_tabs_each_stay_within_the_limit(
    race, hire, open_leads, on_sqlite, code
):
    """There are five on SQLite, where writes go one after another."""
    reps = hire(5 if on_sqlite else 20)
    leads = open_leads(TABS * len(reps), reps[0].team)
    HOLD[code]()

    history = race([[act] for act in tabs_of(reps, leads)], processes=2)

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert [rep.leads.count() for rep in reps] == [3] * len(reps)
    assert reasons(history) == {(code,)}


def test_reps_who_left_cold_leads_last_week_claim_those_first_in_all_their_tabs(
    race, hire, open_leads, on_sqlite
):
    reps = hire(5 if on_sqlite else 20)
    with clock_at(clock.now() - timedelta(days=7)):
        before = open_leads(len(reps), reps[0].team)
        for rep, lead in zip(reps, before, strict=True):
            assert claim(lead, rep, via="page").result == "won"
    leads = open_leads(TABS * len(reps), reps[0].team)
    Lead.objects.update(temperature="hot")
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::2]]).update(temperature="cold")
    limit(weekly_cold=3)

    history = race([[act] for act in tabs_of(reps, leads)], processes=2)

    assert list(passed_limits()) == []
    assert all(answer["result"] != "error" for answer in history.answers)
    assert {lead.owner_id for lead in Lead.objects.filter(temperature="cold")} == {
        rep.pk for rep in reps
    }
    assert reasons(history) <= {("cold_first",)}


@pytest.mark.parametrize(
    "day",
    [
        pytest.param(date(2025, 3, 16), id="a Sunday"),
        pytest.param(date(2025, 3, 30), id="23 hours"),
        pytest.param(date(2025, 10, 26), id="25 hours"),
    ],
)
def test_a_storm_of_claims_over_midnight_counts_each_on_its_own_day(
    race, hire, open_leads, on_sqlite, day
):
    """For some tabs it is the last second of Saturday, for others the first or the last one of
    Sunday, or the first one of Monday, by the clocks of Paris: two races a day, and three a week.
    """
    reps = hire(5 if on_sqlite else 20)
    Team.objects.update(time_zone=PARIS.key)
    midnight, next_one = (
        datetime.combine(day + timedelta(days=days), time(), tzinfo=PARIS).astimezone(UTC)
        for days in (0, 1)
    )
    moments = [midnight - SECOND, midnight, next_one - SECOND, next_one]
    with clock_at(midnight - timedelta(hours=1)):
        leads = open_leads(TABS * len(reps), reps[0].team)
    limit(daily_claims=2)
    allocation()

    history = race(
        (
            [("stop_clock", moments[number % 4].isoformat()), act]
            for number, act in enumerate(tabs_of(reps, leads))
        ),
        processes=2,
    )

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert [rep.leads.count() for rep in reps] == [3 + 2] * len(reps)
    assert reasons(history) <= {
        ("daily_limit",),
        ("over_allocation",),
        ("over_allocation", "daily_limit"),
    }


def test_ten_tabs_do_not_win_more_hot_leads_than_the_warm_ones_allow(race, hire, open_leads):
    [amina] = hire(1)
    leads = open_leads(20, amina.team)
    Lead.objects.update(temperature="hot")
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::10]]).update(temperature="warm")
    limit(hot_per_warm=2)

    history = race(
        ([("claim", lead.pk, amina.pk) for lead in leads[tab::10]] for tab in range(10)),
        processes=2,
    )

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert len(history.of("claim", "won")) >= 4  # both warm ones, and two hot ones at least


def test_claims_and_pushes_together_stay_within_the_allocation(race, hire, open_leads, dice):
    """A rep's last lead of the week comes either by a claim or by a push."""
    reps = hire(4)
    AllocationPolicy.objects.create()
    Rep.objects.update(allocation=5)
    leads = open_leads(30, reps[0].team)
    Pool.objects.create(name="Overflow", mode="queue").reps.set(reps)
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Overflow"}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])

    claims = [[("claim", lead.pk, rep.pk) for lead in dice.sample(leads, 6)] for rep in reps]
    pushes = [[("receive", "", "")] * 6 for _ in range(4)]
    history = race([*claims, *claims, *pushes])

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert [rep.leads.count() for rep in reps] == [5] * 4


@pytest.mark.parametrize("code", HOLD)
def test_without_the_lock_on_the_rep_many_tabs_go_over_the_limit(
    race, hire, open_leads, on_sqlite, code
):
    """On SQLite the transaction itself is the lock, and `deferred_transactions` its control."""
    [amina] = hire(1)
    leads = open_leads(MEET, amina.team)
    HOLD[code]()
    fault = "deferred_transactions" if on_sqlite else "no_rep_lock"

    history = race([[act] for act in tabs_of([amina], leads)], processes=1, faults=[fault])

    found = [*faults(history), *passed_limits()]
    passed = [fault for fault in found if f"rep {amina.pk} " in fault and str(MEET) in fault]
    assert [fault for fault in found if "Busy" in fault] if on_sqlite else passed, found
