"""A race test that cannot fail proves nothing: each guard is taken away, and the history shows it.

The threads of a control meet between the read and the write that the guard keeps together, so
that the fault comes every time.
"""

import pytest

from leaddistrib.models import Lead
from leaddistrib.testing import publish_rules
from tests.races.history import faults
from tests.races.meeting import MEET

pytestmark = pytest.mark.django_db(transaction=True)


def test_without_the_lock_on_the_rep_a_rep_with_many_tabs_goes_over_capacity(
    race, hire, open_leads, on_sqlite
):
    """On SQLite the transaction itself is the lock, and `deferred_transactions` its control."""
    [amina] = hire(1, capacity=1)
    leads = open_leads(MEET, amina.team)
    fault = "deferred_transactions" if on_sqlite else "no_rep_lock"

    history = race([[("claim", lead.pk, amina.pk)] for lead in leads], processes=1, faults=[fault])

    found = faults(history)
    if on_sqlite:
        assert [fault for fault in found if "Busy" in fault], found
    else:
        assert [fault for fault in found if f"rep {amina.pk} held" in fault], found


def test_without_condition_and_constraint_a_lead_has_two_owners(
    race, hire, open_leads, without_constraints
):
    amina, bruno = hire(2)
    [lead] = open_leads(1, amina.team)

    history = race(
        [[("claim", lead.pk, amina.pk), ("claim", lead.pk, bruno.pk)]],
        faults=["stale_look", "no_condition"],
    )

    found = faults(history)
    assert f"lead {lead.pk} had two owners at once: {amina.pk}, {bruno.pk}" in found
    assert f"lead {lead.pk} was won 2 times in period 1" in found


def test_the_condition_alone_keeps_a_stale_claim_from_winning(
    race, hire, open_leads, without_constraints
):
    amina, bruno = hire(2)
    [lead] = open_leads(1, amina.team)

    history = race(
        [[("claim", lead.pk, amina.pk), ("claim", lead.pk, bruno.pk)]], faults=["stale_look"]
    )

    assert faults(history) == []
    assert [answer["result"] for answer in history.of("claim")] == ["won", "lost"]


def test_the_constraint_alone_keeps_a_stale_claim_from_winning(race, hire, open_leads):
    """Its error undoes the second claim, which is looked at again, and has lost."""
    amina, bruno = hire(2)
    [lead] = open_leads(1, amina.team)

    history = race(
        [[("claim", lead.pk, amina.pk), ("claim", lead.pk, bruno.pk)]],
        faults=["stale_look", "no_condition"],
    )

    assert faults(history) == []
    assert [answer["result"] for answer in history.of("claim")] == ["won", "lost"]


def test_without_the_lock_on_the_rotation_a_turn_is_given_twice(race, hire, on_sqlite):
    hire(3)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    race([[("receive", "", "")]])
    fault = "deferred_transactions" if on_sqlite else "no_rotation_lock"

    history = race([[("receive", "", "")] for _ in range(MEET)], processes=1, faults=[fault])

    found = faults(history)
    expected = "Busy" if on_sqlite else "leaddistrib_turn_number"
    assert [fault for fault in found if expected in fault], found


def test_without_the_lock_on_the_rotation_a_turn_that_is_given_back_is_lost(race, hire, on_sqlite):
    """No rep is locked on this way: the rotation's lock alone keeps the ledger."""
    hire(3)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    race([[("receive", "", "")] * MEET])
    leads = list(Lead.objects.values_list("pk", flat=True))
    back = [[("credit", lead)] for lead in leads]
    if on_sqlite:  # nobody can meet inside a transaction: there is one lock
        assert faults(race(back, processes=1)) == []
        return

    found = faults(race(back, processes=1, faults=["no_lock_for_credits"]))

    assert [fault for fault in found if "leaddistrib_turn_number" in fault], found


def test_with_immediate_transactions_no_claim_on_sqlite_needs_a_second_try(
    race, hire, open_leads, dice, on_sqlite
):
    """And on PostgreSQL locks follow one order: no claim runs into a deadlock."""
    reps = hire(40)
    leads = open_leads(20, reps[0].team)

    history = race(
        ([("claim", lead.pk, rep.pk) for lead in dice.sample(leads, 5)] for rep in reps),
        faults=["no_retries"],
    )

    assert faults(history) == []


def test_give_backs_that_lock_in_another_order_wait_for_each_other(race, hire, on_sqlite):
    """On SQLite there is one lock, so no order of locks can be wrong."""
    reps = hire(MEET)
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    race([[("receive", "", "")] * MEET])
    pushed = {lead.owner_id: lead for lead in Lead.objects.all()}
    assert len(pushed) == MEET

    history = race(
        [[("give_back", pushed[rep.pk].pk, rep.pk)] for rep in reps],
        processes=1,
        faults=["own_rep_first"],
    )

    deadlocks = history.of("give back", "error")
    assert bool(deadlocks) is not on_sqlite
    assert all("Busy" in answer["error"] for answer in deadlocks)
