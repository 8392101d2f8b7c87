"""Leads come in at several processes at once (PU5, IN2)."""

from collections import Counter

import pytest

from leaddistrib.engine.turns import STRIDE
from leaddistrib.models import Lead, Rotation, Turn
from leaddistrib.queries import clock
from leaddistrib.queries.consistency import findings
from leaddistrib.testing import PoolFactory, publish_rules
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paris(hire):
    reps = hire(5)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    return reps


def test_no_turn_is_given_twice_and_none_is_skipped(race, paris):
    history = race([("receive", "", "")] * 10 for _ in range(12))

    assert faults(history) == []
    assert Counter(Lead.objects.values_list("owner", flat=True)) == {rep.pk: 24 for rep in paris}
    assert Rotation.objects.get().turns == 120


def test_the_first_leads_of_a_team_make_one_rotation(race, paris):
    """Nobody made it before: every process finds none, and wants to."""
    history = race(([("receive", "", "")] for _ in range(8)), faults=["no_retries"])

    assert faults(history) == []
    assert Rotation.objects.get().turns == 8


def test_the_same_lead_from_all_processes_at_once_is_one_lead(race, paris):
    history = race([("receive", f"CRM-{n}", "") for n in range(5)] for _ in range(12))

    assert faults(history) == []
    assert Lead.objects.count() == 5
    assert Rotation.objects.get().turns == 5


def test_the_same_lead_for_a_pool_from_all_processes_at_once_is_one_lead(race, hire):
    """No rep and no rotation is locked on this way: the constraint alone decides."""
    PoolFactory(name="Everyone", mode="queue", reps=hire(1))
    publish_rules([{"name": "All", "when": {}, "then": {"pool": "Everyone"}}])

    history = race([("receive", f"CRM-{n}", "") for n in range(5)] for _ in range(12))

    assert faults(history) == []
    assert Lead.objects.count() == 5


def test_a_call_repeated_at_once_with_its_idempotency_key_is_one_lead(race, paris):
    history = race([("receive", "", f"key-{n}") for n in range(5)] for _ in range(12))

    assert faults(history) == []
    assert Lead.objects.count() == 5


def test_a_team_that_gives_back_pushed_leads_all_at_once_hands_them_on(race, paris):
    """Each give-back locks its rep and all who may be next; new leads come in meanwhile."""
    race([("receive", "", "")] * 10 for _ in range(2))
    pushed = list(Lead.objects.order_by("pk"))

    back = [[("give_back", lead.pk, lead.owner_id)] for lead in pushed]
    history = race([*back, *([("receive", "", "")] * 5 for _ in range(4))], faults=["no_retries"])

    assert faults(history) == []
    assert len(history.of("give back", "given back")) == 20
    for lead in pushed:
        assert Lead.objects.get(pk=lead.pk).owner_id not in (None, lead.owner_id)
    assert Rotation.objects.get().turns == 20 + 20 + 20


def test_before_any_rules_are_published_leads_that_come_in_together_find_the_safety_net(race):
    history = race(([("receive", "", "")] for _ in range(8)), faults=["no_retries"])

    assert faults(history) == []
    assert Counter(Lead.objects.values_list("pool__name", flat=True)) == {"Unassigned": 8}


@pytest.mark.parametrize("processes", [1, 4, 8])
def test_shares_do_not_depend_on_the_number_of_workers(race, hire, processes):
    """By weight, and by seniority beside it: 8 workers give each rep what one worker would."""
    reps = hire(5)
    for rep, weight in zip(reps, (3, 2, 1, 1, 1), strict=True):
        rep.weight, rep.seniority = weight, "senior" if weight == 1 else "standard"
        rep.save()
    publish_rules(
        [
            {
                "name": "Referrals",
                "when": {"field": "source", "op": "eq", "value": "referral"},
                "then": {"push": "round_robin", "team": "Paris", "seniority": "senior"},
            },
            {"name": "All", "when": {}, "then": {"push": "weighted", "team": "Paris"}},
        ]
    )
    everybody = [("bring", {"source": source}) for source in ("website", "referral", "website")]

    history = race((everybody * 3 for _ in range(8)), processes=processes)

    assert faults(history) == []
    weighted = Lead.objects.filter(source="website").values_list("owner", flat=True)
    assert [Counter(weighted)[rep.pk] for rep in reps] == [18, 12, 6, 6, 6]
    referrals = Lead.objects.filter(source="referral").values_list("owner", flat=True)
    assert [Counter(referrals)[rep.pk] for rep in reps] == [0, 0, 8, 8, 8]
    assert list(findings(clock.now())) == []


def test_turns_that_are_given_back_while_others_are_taken_are_all_in_the_ledger(race, paris):
    race([("receive", "", "")] * 5 for _ in range(4))
    first = list(Lead.objects.order_by("pk"))
    back = [[("credit", lead.pk)] for lead in first]

    history = race([*back, *([("receive", "", "")] * 5 for _ in range(4))], processes=8)

    assert faults(history) == []
    assert len(history.of("credit", "True")) == 20
    race([("receive", "", "")] * 5 for _ in range(4))
    assert sum(Turn.objects.values_list("used", flat=True)) == 20 * STRIDE
    by_rep = Counter(Lead.objects.exclude(pk__in=[lead.pk for lead in first]).values_list("owner"))
    assert set(by_rep.values()) == {8}
    assert list(findings(clock.now())) == []
