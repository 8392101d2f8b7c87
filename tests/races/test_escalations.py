"""Leads go on that nobody answered, while their owners call, give back and claim (SL3).

With the controls beside them: each guard is taken away, and the history shows it.
"""

from datetime import timedelta

import pytest
from django.db.models import F

from leaddistrib.lifecycle import receive
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.tallying import differs
from leaddistrib.models import Assignment, Lead, Pool, Rep, ResponseClock
from leaddistrib.queries import clock
from leaddistrib.testing import publish_rules
from tests.lifecycle.policies import only_policy
from tests.races.history import faults

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)


@pytest.fixture
def paris(hire):
    """Six reps who take turns; the first is everybody's backup, the last their manager."""
    reps = hire(6)
    team = reps[0].team
    team.managers.add(reps[-1].user)
    Rep.objects.exclude(pk=reps[0].pk).update(backup=reps[0])
    pool = Pool.objects.create(name="Everyone")
    pool.teams.add(team)
    then = {"push": "round_robin", "team": "Paris"}
    publish_rules([{"name": "In turn", "when": {}, "then": then}])
    return reps


@pytest.fixture
def unanswered(paris):
    """``unanswered(30, "rules")``: so many leads, an hour after they were given to somebody."""

    def wait(number, *steps):
        only_policy(*steps, pool=Pool.objects.get(name="Everyone"), cooldown_minutes=60)
        for n in range(number):
            receive(clean({"company": f"Company {n}"}))
        late()
        return list(Lead.objects.order_by("pk"))

    return wait


def late():
    """All clocks that run have run for an hour, and so have the assignments behind them."""
    for one in ResponseClock.objects.filter(next_at__isnull=False):
        began = one.started_at - HOUR
        Assignment.objects.filter(pk=one.assignment_id).update(started_at=began)
    ResponseClock.objects.filter(next_at__isnull=False).update(
        started_at=F("started_at") - HOUR, due_at=F("due_at") - HOUR, next_at=F("next_at") - HOUR
    )


def lapsed():
    return set(Assignment.objects.filter(end="lapsed").values_list("lead", flat=True))


def test_each_lead_goes_on_once_however_many_workers_there_are(race, unanswered):
    leads = unanswered(30, "backup", "rules", "manager")

    history = race([("fire",)] for _ in range(8))

    assert faults(history) == []
    assert lapsed() == {lead.pk for lead in leads}
    assert Assignment.objects.filter(end="lapsed").count() == len(leads)
    assert not any(differs(rep.pk) for rep in Rep.objects.all())


def test_a_call_and_an_escalation_in_the_same_second_have_one_outcome(race, unanswered, dice):
    """What was called in time to be its owner's stays; who calls later is told whose it is."""
    leads = unanswered(30, "backup", "rules")
    callers = [[("contact", lead.pk, lead.owner_id)] for lead in leads]

    history = race(dice.sample([*callers, *([("fire",)] for _ in range(4))], len(leads) + 4))

    assert faults(history) == []
    called = {answer["lead"] for answer in history.of("contact", "logged")}
    assert called.isdisjoint(lapsed())
    assert called | lapsed() == {lead.pk for lead in leads}
    assert len(history.of("contact", "lost")) == len(lapsed())
    assert not any(differs(rep.pk) for rep in Rep.objects.all())


def test_a_give_back_and_an_escalation_in_the_same_second_have_one_outcome(race, unanswered, dice):
    leads = unanswered(30, "rules")
    back = [[("give_back", lead.pk, lead.owner_id)] for lead in leads]

    history = race(dice.sample([*back, *([("fire",)] for _ in range(4))], len(leads) + 4))

    # Who gives back what went on already is told so, by an error of its own.
    assert [fault for fault in faults(history) if "NotYours" not in fault] == []
    given = {answer["lead"] for answer in history.of("give back", "given back")}
    assert given.isdisjoint(lapsed())
    assert given | lapsed() == {lead.pk for lead in leads}


def test_claims_while_leads_go_to_their_pool_have_one_winner(race, paris, unanswered):
    """Who comes before the lead is there has lost to its owner; nobody wins it who let it lapse."""
    leads = unanswered(12, "pool")
    claimers = [[("claim", lead.pk, rep.pk) for lead in leads] for rep in paris]

    history = race([*claimers, *([("fire",)] for _ in range(3)), *claimers])

    assert faults(history) == []
    assert lapsed() == {lead.pk for lead in leads}


def test_whoever_let_a_lead_lapse_reaches_for_it_in_vain(race, unanswered):
    leads = unanswered(3, "pool")
    fire_due(clock.now())

    history = race([[("claim", lead.pk, lead.owner_id)] for lead in leads])

    assert faults(history) == []
    assert len(history.of("claim", "refused")) == len(leads)


def test_without_memory_of_lapses_a_lead_goes_back_to_who_let_it_lapse(race, unanswered):
    [lead] = unanswered(1, "pool")
    fire_due(clock.now())

    history = race([[("claim", lead.pk, lead.owner_id)]], faults=["no_memory_of_lapses"])

    went_back = f"lead {lead.pk} went back to rep {lead.owner_id}, who had let it lapse"
    assert went_back in faults(history)


def test_everything_at_once_needs_no_second_try(race, paris, unanswered, dice):
    """Locks follow one order: no deadlock, whoever calls, gives back, claims, brings or hands on
    what."""
    leads = unanswered(24, "backup", "rules", "manager")
    acts = [
        [(dice.choice(("contact", "give_back", "claim")), lead.pk, lead.owner_id)] for lead in leads
    ]
    more = [[("receive", "", "")] * 2 for _ in range(4)]

    history = race(
        dice.sample([*acts, *more, *([("fire",)] * 2 for _ in range(4))], len(leads) + 8),
        faults=["no_retries"],
    )

    assert [fault for fault in faults(history) if "NotYours" not in fault] == []


def test_without_the_lock_on_its_owner_a_lead_goes_on_that_was_just_called(
    race, unanswered, on_sqlite
):
    [lead] = unanswered(1, "rules")

    history = race(
        [[("contact", lead.pk, lead.owner_id)], [("fire",)]],
        processes=1,
        faults=["no_lock_on_who_let_it_lapse"],
    )

    went_on = f"lead {lead.pk} went on although rep {lead.owner_id} had called it"
    assert (went_on in faults(history)) is not on_sqlite


def test_without_the_lease_the_second_look_still_hands_each_lead_on_once(race, unanswered):
    leads = unanswered(4, "rules")

    history = race([[("fire",)]] * 5, processes=1, faults=["no_lease_of_clocks"])

    assert faults(history) == []
    assert Assignment.objects.filter(end="lapsed").count() == len(leads)


def test_without_lease_and_second_look_a_lead_is_given_away_twice(race, unanswered):
    unanswered(4, "rules")

    history = race([[("fire",)]] * 5, processes=1, faults=["no_second_look_at_clocks"])

    assert [fault for fault in faults(history) if Assignment.ONE_OPEN in fault or "times" in fault]
