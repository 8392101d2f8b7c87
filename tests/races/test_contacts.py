"""Many reps of a shared pool reach for the same leads at once, from several processes (PO1, PO2).

With the controls beside them: each guard is taken away, and the history shows it.
"""

import pytest
from django.db import connection

from leaddistrib.models import Assignment, Contact, Lead, Pool, Work
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shared_leads(open_leads):
    """``shared_leads(30, team)``: so many leads wait in a pool that ``team`` shares."""

    def share(number, team, ownership="first_contact"):
        Pool.objects.create(name="Everyone", mode="shared", ownership=ownership)
        return open_leads(number, team)

    return share


@pytest.fixture
def without_constraint():
    """The constraint behind the condition is dropped for one test."""
    [constraint] = [c for c in Assignment._meta.constraints if c.name == Assignment.ONE_OPEN]
    with connection.schema_editor() as editor:
        editor.remove_constraint(Assignment, constraint)
    yield
    Assignment.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Assignment, constraint)


def test_of_many_first_contacts_one_makes_the_owner(race, hire, shared_leads, on_sqlite):
    reps = hire(20 if on_sqlite else 100)
    [lead] = shared_leads(1, reps[0].team)

    history = race([("contact", lead.pk, rep.pk)] for rep in reps)

    assert faults(history) == []
    [logged] = history.of("contact", "logged")
    lost = history.of("contact", "lost")
    assert len(lost) == len(reps) - 1
    assert {answer["taken_by"] for answer in lost} == {logged["rep"]}
    assert Contact.objects.get().rep_id == logged["rep"]


def test_contacts_with_many_leads_never_share_one(race, hire, shared_leads, dice, on_sqlite):
    """Nor does anybody get more leads than the capacity allows, by contacts and claims alike."""
    reps = hire(20, capacity=3)
    leads = shared_leads(40, reps[0].team)
    tries = 2 if on_sqlite else 10

    history = race(
        [("contact", lead.pk, rep.pk) for lead in dice.sample(leads, tries)] for rep in reps * 2
    )

    assert faults(history) == []
    assert (
        Assignment.objects.filter(method="contact").count()
        == Lead.objects.exclude(owner=None).count()
    )


def test_leads_given_back_while_others_call_have_one_owner_at_a_time(
    race, hire, shared_leads, dice, on_sqlite
):
    reps = hire(12, capacity=4)
    leads = shared_leads(4, reps[0].team)
    rounds = 2 if on_sqlite else 6

    history = race(
        [("contact_and_give_back", dice.choice(leads).pk, rep.pk) for _ in range(rounds)]
        for rep in reps
    )

    assert faults(history) == []
    assert set(Lead.objects.values_list("status", flat=True)) == {"waiting"}


def test_all_contacts_with_leads_that_stay_shared_are_kept(race, hire, shared_leads):
    reps = hire(12)
    leads = shared_leads(3, reps[0].team, ownership="shared")

    history = race([("contact", lead.pk, rep.pk) for lead in leads] for rep in reps)

    assert faults(history) == []
    assert Contact.objects.count() == len(reps) * len(leads)


def test_of_many_who_begin_to_work_on_a_lead_one_is_at_it(race, hire, shared_leads, on_sqlite):
    reps = hire(20 if on_sqlite else 60)
    [lead] = shared_leads(1, reps[0].team)

    history = race([("work", lead.pk, rep.pk)] for rep in reps)

    assert faults(history) == []
    [working] = history.of("work", "working")
    assert Work.objects.get().rep_id == working["rep"]
    assert {answer["by"] for answer in history.of("work", "busy")} == {working["rep"]}
    assert {answer["until"] for answer in history.of("work", "busy")} == {working["until"]}


def test_work_and_contacts_together_leave_one_owner(race, hire, shared_leads, dice, on_sqlite):
    reps = hire(12)
    leads = shared_leads(6, reps[0].team)

    history = race(
        [(dice.choice(("work", "contact")), dice.choice(leads).pk, rep.pk) for _ in range(3)]
        for rep in reps
    )

    # Who begins to work on a lead that is somebody's already is told so, by an error of its own.
    assert [fault for fault in faults(history) if "NotYours" not in fault] == []


def test_without_condition_and_constraint_a_shared_lead_has_two_owners(
    race, hire, shared_leads, without_constraint
):
    amina, bruno = hire(2)
    [lead] = shared_leads(1, amina.team)

    history = race(
        [[("contact", lead.pk, amina.pk), ("contact", lead.pk, bruno.pk)]],
        faults=["stale_contact", "no_contact_condition"],
    )

    assert f"lead {lead.pk} had two owners at once: {amina.pk}, {bruno.pk}" in faults(history)


def test_the_condition_alone_keeps_a_stale_contact_from_winning(
    race, hire, shared_leads, without_constraint
):
    amina, bruno = hire(2)
    [lead] = shared_leads(1, amina.team)

    history = race(
        [[("contact", lead.pk, amina.pk), ("contact", lead.pk, bruno.pk)]],
        faults=["stale_contact"],
    )

    assert faults(history) == []
    assert [answer["result"] for answer in history.of("contact")] == ["logged", "lost"]


def test_the_constraint_alone_keeps_a_stale_contact_from_winning(race, hire, shared_leads):
    amina, bruno = hire(2)
    [lead] = shared_leads(1, amina.team)

    history = race(
        [[("contact", lead.pk, amina.pk), ("contact", lead.pk, bruno.pk)]],
        faults=["stale_contact", "no_contact_condition"],
    )

    assert faults(history) == []
    assert [answer["result"] for answer in history.of("contact")] == ["logged", "lost"]


def test_without_its_condition_two_work_on_one_lead(race, hire, shared_leads):
    reps = hire(8)
    [lead] = shared_leads(1, reps[0].team)

    history = race([[("work", lead.pk, rep.pk)] for rep in reps], faults=["no_work_condition"])

    found = faults(history)
    assert [fault for fault in found if f"lead {lead.pk} was worked on by" in fault], found
