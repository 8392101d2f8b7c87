"""Workers ask the rules again about waiting leads, all at once, while reps claim them (PU9)."""

from datetime import timedelta

import pytest

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Assignment, Decision, Lead, Pool, Rep, Rotation
from leaddistrib.queries import clock
from leaddistrib.testing import publish_rules
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paris(hire):
    """Five reps with room for four leads each, who take turns; what finds nobody waits in a race
    that all of them are in."""
    reps = hire(5, capacity=4)
    pool = Pool.objects.create(name="Everyone")
    pool.teams.add(reps[0].team)
    then = {"push": "round_robin", "team": "Paris", "fallback": [{"pool": "Everyone"}]}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    return reps


@pytest.fixture
def found_nobody(paris):
    """``found_nobody(30)``: so many leads came in while everybody was paused. Now all are back."""

    def wait(number: int) -> tuple[list[Lead], str]:
        Rep.objects.update(paused=True)
        for n in range(number):
            receive(clean({"company": f"Company {n}"}))
        Rep.objects.update(paused=False)
        moment = clock.now() + timedelta(hours=1)
        Lead.objects.update(retry_at=moment)
        return list(Lead.objects.order_by("pk")), moment.isoformat()

    return wait


def test_each_lead_is_one_workers_and_finds_one_rep(race, paris, found_nobody):
    _leads, moment = found_nobody(30)

    history = race([("retry", moment)] * 3 for _ in range(8))

    assert faults(history) == []
    assert sorted(Lead.objects.filter(status="owned").values_list("owner")) == sorted(
        (rep.pk,) for rep in paris for _ in range(4)
    )
    assert Decision.objects.filter(method="push").count() == 20
    assert Rotation.objects.get().turns == 20


def test_a_claim_and_a_retry_of_one_lead_have_one_outcome(race, paris, found_nobody):
    leads, moment = found_nobody(12)
    claimers = [
        [("claim", lead.pk, rep.pk) for lead in leads[number::2]]
        for number, rep in enumerate(paris)
    ]

    history = race([*claimers, *([("retry", moment)] * 2 for _ in range(4))])

    assert faults(history) == []
    assert not Lead.objects.exclude(status="owned").exists()
    assert Assignment.objects.count() == len(leads)


def test_without_the_lease_the_second_look_still_keeps_each_lead_one_reps(
    race, paris, found_nobody
):
    _leads, moment = found_nobody(4)

    history = race([[("retry", moment)]] * MEET, processes=1, faults=["no_lease"])

    assert faults(history) == []
    assert Decision.objects.filter(method="push").count() == 4


def test_without_lease_and_second_look_workers_give_a_lead_away_twice(
    race, paris, found_nobody, on_sqlite
):
    """On SQLite the transaction itself is the lock: the leads are not even read before it."""
    _leads, moment = found_nobody(4)

    history = race([[("retry", moment)]] * MEET, processes=1, faults=["no_lease", "no_second_look"])

    found = faults(history)
    if on_sqlite:
        assert found == []
    else:
        assert [fault for fault in found if Assignment.ONE_OPEN in fault], found
