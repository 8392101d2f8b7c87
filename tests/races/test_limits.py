"""Reps who tap in many tabs at once stay within the limits of a fair race (GU1, GU5, AL1)."""

import pytest

from leaddistrib.models import AllocationPolicy, GuardrailPolicy, Lead, Pool, Rep
from leaddistrib.testing import publish_rules
from tests.races.fair_limits import passed_limits
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def limit():
    """``limit(daily_claims=3)``: this limit holds for everybody, and no other."""

    def limited(**limits):
        none = dict.fromkeys(("daily_claims", "hot_per_warm", "claims_per_assigned", "weekly_cold"))
        return GuardrailPolicy.objects.create(**none | limits)

    return limited


def reasons(history):
    return {tuple(answer["reasons"]) for answer in history.of("claim", "refused")}


def test_a_rep_with_ten_tabs_stays_within_the_daily_limit(race, hire, open_leads, limit):
    [amina] = hire(1)
    leads = open_leads(30, amina.team)
    limit(daily_claims=7)

    history = race([("claim", lead.pk, amina.pk) for lead in leads[tab::10]] for tab in range(10))

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert len(history.of("claim", "won")) == 7
    assert reasons(history) == {("daily_limit",)}


def test_twenty_reps_with_ten_tabs_each_stay_within_the_daily_limit(
    race, hire, open_leads, dice, limit, on_sqlite
):
    reps = hire(8 if on_sqlite else 20)  # there, writes go one after another
    leads = open_leads(200, reps[0].team)
    limit(daily_claims=3)
    tries = 2 if on_sqlite else 8

    history = race(
        [("claim", lead.pk, rep.pk) for lead in dice.sample(leads, tries)]
        for rep in reps
        for _ in range(10)
    )

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert [rep.leads.count() for rep in reps] == [3] * len(reps)
    assert reasons(history) == {("daily_limit",)}


def test_ten_tabs_do_not_win_more_hot_leads_than_the_warm_ones_allow(race, hire, open_leads, limit):
    [amina] = hire(1)
    leads = open_leads(20, amina.team)
    Lead.objects.update(temperature="hot")
    Lead.objects.filter(pk__in=[lead.pk for lead in leads[::10]]).update(temperature="warm")
    limit(hot_per_warm=2)

    history = race([("claim", lead.pk, amina.pk) for lead in leads[tab::10]] for tab in range(10))

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


def test_without_the_lock_on_the_rep_many_tabs_go_over_the_daily_limit(
    race, hire, open_leads, limit, on_sqlite
):
    """On SQLite the transaction itself is the lock, and `deferred_transactions` its control."""
    [amina] = hire(1)
    leads = open_leads(MEET, amina.team)
    limit(daily_claims=1)
    fault = "deferred_transactions" if on_sqlite else "no_rep_lock"

    history = race([[("claim", lead.pk, amina.pk)] for lead in leads], processes=1, faults=[fault])

    found = [*faults(history), *passed_limits()]
    expected = "Busy" if on_sqlite else f"rep {amina.pk} won 2 claims in a day"
    assert [fault for fault in found if expected in fault], found
