"""Many reps ask for the next lead at once: each gets another one (RA5, GU1)."""

from collections import Counter
from uuid import uuid4

import pytest

from leaddistrib.models import GuardrailPolicy, Lead, Pool
from tests.lifecycle.test_guarding import NO_LIMITS
from tests.races.fair_limits import passed_limits
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting(open_leads):
    """``waiting(20, team)``: so many leads wait where a button hands them out."""

    def leads(number, team):
        made = open_leads(number, team)
        Pool.objects.update(award=Pool.Award.NEXT)
        return made

    return leads


def ask(rep, key=None):
    return ("next_please", Pool.objects.get().pk, rep.pk, str(key or uuid4()))


def won(history):
    return history.of("claim", "won")


def test_of_as_many_asks_as_there_are_leads_each_gets_another_lead(race, hire, waiting, on_sqlite):
    reps = hire(10 if on_sqlite else 30)
    waiting(2 * len(reps), reps[0].team)

    history = race([ask(rep), ask(rep)] for rep in reps)

    assert faults(history) == []
    assert history.of("next") == []  # nobody went away with nothing
    assert len({answer["lead"] for answer in won(history)}) == 2 * len(reps)
    assert [rep.leads.count() for rep in reps] == [2] * len(reps)


def test_when_there_are_fewer_leads_than_asks_all_of_them_go(race, hire, waiting):
    reps = hire(12)
    waiting(8, reps[0].team)

    history = race([ask(rep)] for rep in reps)

    assert faults(history) == []
    assert not Lead.objects.filter(status="waiting").exists()
    assert len({answer["lead"] for answer in won(history)}) == 8
    assert [answer["result"] for answer in history.of("next")] == ["nothing"] * 4


def test_reps_with_many_tabs_stay_within_the_daily_limit(race, hire, waiting):
    reps = hire(3)
    waiting(40, reps[0].team)
    GuardrailPolicy.objects.create(**NO_LIMITS | {"daily_claims": 4})

    history = race([ask(rep), ask(rep)] for rep in reps for _tab in range(5))

    assert faults(history) == []
    assert list(passed_limits()) == []
    assert [rep.leads.count() for rep in reps] == [4] * 3
    refused = [answer["reasons"] for answer in history.of("claim", "refused")]
    assert refused == [["daily_limit"]] * 18


def test_one_key_in_many_tabs_gives_one_lead(race, hire, waiting):
    [amina] = hire(1)
    waiting(20, amina.team)
    keys = [uuid4() for _ in range(3)]

    history = race([ask(amina, key) for key in keys] for _tab in range(6))

    assert faults(history) == []
    assert amina.leads.count() == 3
    assert sorted(Counter(answer["lead"] for answer in won(history)).values()) == [6, 6, 6]


def test_a_key_that_two_reps_send_at_once_is_the_first_ones(race, hire, waiting):
    amina, bruno = hire(2)
    waiting(20, amina.team)
    key = uuid4()

    history = race([[ask(amina, key)], [ask(bruno, key)]])

    assert faults(history) == []
    assert len(won(history)) == 1
    assert [answer["result"] for answer in history.of("next")] == ["of another"]
    assert Lead.objects.filter(status="owned").count() == 1


def test_claims_of_the_same_leads_by_name_do_not_come_in_between(race, hire, waiting):
    reps = hire(8)
    leads = waiting(8, reps[0].team)

    history = race(
        [ask(rep), ("claim", lead.pk, rep.pk)] for rep, lead in zip(reps, leads, strict=True)
    )

    assert faults(history) == []
    assert len({answer["lead"] for answer in won(history)}) == 8
    assert [rep.leads.count() for rep in reps] == [1] * 8


def test_without_the_lock_on_the_rep_many_tabs_go_over_the_daily_limit(
    race, hire, waiting, on_sqlite
):
    """On SQLite the transaction itself is the lock."""
    [amina] = hire(1)
    waiting(MEET, amina.team)
    GuardrailPolicy.objects.create(**NO_LIMITS | {"daily_claims": 1})
    fault = "deferred_next" if on_sqlite else "no_rep_lock_for_the_next"

    history = race([[ask(amina)] for _ in range(MEET)], processes=1, faults=[fault])

    found = [*faults(history), *passed_limits()]
    expected = "Busy" if on_sqlite else f"rep {amina.pk} won 2 claims in a day"
    assert [fault for fault in found if expected in fault], found


@pytest.mark.parametrize("condition", [True, False])
def test_the_condition_keeps_who_looked_too_early_from_another_ones_lead(
    race, hire, waiting, without_constraints, condition
):
    amina, bruno = hire(2)
    first, second = waiting(2, amina.team)
    broken = ["stale_next"] if condition else ["stale_next", "no_next_condition"]

    history = race([[ask(amina), ask(bruno)]], faults=broken)

    found = faults(history)
    if condition:
        assert found == []
        assert [answer["lead"] for answer in won(history)] == [first.pk, second.pk]
    else:
        assert f"lead {first.pk} had two owners at once: {amina.pk}, {bruno.pk}" in found
