"""Leads that nobody worked are recycled while their owners call at last (OU2).

With the control beside them: the guard is taken away, and the history shows it.
"""

from datetime import timedelta

import pytest

from leaddistrib.models import Assignment, Lead, Organisation, Pool
from leaddistrib.queries import clock
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unworked(hire):
    """``unworked(30)``: so many leads, each of a rep of its own for three weeks; two are enough for
    another chance."""

    def wait(number):
        reps = hire(number)
        pool = Pool.objects.create(name="Second chance", mode="queue")
        pool.teams.add(reps[0].team)
        Organisation.objects.update_or_create(
            pk=1, defaults={"recycle_pool": pool, "recycle_unworked_days": 14}
        )
        began = clock.now() - timedelta(days=21)
        leads = Lead.objects.bulk_create(
            Lead(company=f"Company {rep.pk}", status="owned", owner=rep, received_at=began)
            for rep in reps
        )
        Assignment.objects.bulk_create(
            Assignment(lead=lead, rep=lead.owner, method="push", started_at=began) for lead in leads
        )
        return leads

    return wait


def test_a_call_and_another_chance_in_the_same_second_have_one_outcome(race, unworked, dice):
    """What was called in time stays its owner's; who calls later is told that it is not theirs."""
    leads = unworked(30)
    callers = [[("contact", lead.pk, lead.owner_id)] for lead in leads]

    history = race(dice.sample([*callers, *([("recycle",)] for _ in range(4))], len(leads) + 4))

    # Who calls what was recycled already is told so, by an error of its own.
    assert [fault for fault in faults(history) if "NotYours" not in fault] == []
    called = {answer["lead"] for answer in history.of("contact", "logged")}
    recycled = set(Lead.objects.filter(status="waiting").values_list("pk", flat=True))
    assert called.isdisjoint(recycled)
    assert called | recycled == {lead.pk for lead in leads}
    assert sum(answer["unworked"] for answer in history.of("recycle")) == len(recycled)


def test_each_unworked_lead_is_recycled_once_however_many_do_it(race, unworked):
    leads = unworked(12)

    history = race([[("recycle",)] for _ in range(6)])

    assert faults(history) == []
    assert sum(answer["unworked"] for answer in history.of("recycle")) == len(leads)
    assert set(Lead.objects.values_list("status", "period")) == {("waiting", 1)}


def test_without_the_lock_on_its_owner_a_lead_is_recycled_that_was_just_called(
    race, unworked, on_sqlite
):
    [lead] = unworked(1)

    history = race(
        [[("contact", lead.pk, lead.owner_id)], [("recycle",)]],
        processes=1,
        faults=["no_lock_on_owners_of_unworked"],
    )

    taken = f"lead {lead.pk} was recycled although rep {lead.owner_id} had called it"
    assert (taken in faults(history)) is not on_sqlite
