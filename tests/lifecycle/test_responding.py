"""The response clock: who is to answer a lead by when, and when they did (SL1, SL2)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from leaddistrib.lifecycle import assign_by_hand, claim, close, log_contact, receive, release
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.handing_over import hand_over
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.lifecycle.intake.receiving import receive_many
from leaddistrib.lifecycle.outcomes import record_outcome, undo_outcome
from leaddistrib.lifecycle.responding import look_again
from leaddistrib.lifecycle.taking_back import take_back
from leaddistrib.models import LogEntry, ResponseClock, ResponsePolicy, WorkingHours
from leaddistrib.queries.clocks import clocks_of, late
from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory, clock_at, publish_rules
from tests.lifecycle.policies import only_policy

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
MINUTE = timedelta(minutes=1)


@pytest.fixture
def policy(db):
    return only_policy("rules")


@pytest.fixture
def claimed(cast, policy):
    """Amina has Acme since noon."""
    with clock_at(NOON):
        cast.lead = LeadFactory(
            pool=cast.pool,
            company="Acme",
            lead_type="demo_request",
            received_at=NOON - 10 * MINUTE,
        )
        claim(cast.lead, cast.amina, via="page")
    return cast


def test_the_clock_starts_with_a_claim(claimed, policy):
    [clock] = ResponseClock.objects.all()

    assert (clock.rep, clock.lead, clock.policy) == (claimed.amina, claimed.lead, policy)
    assert clock.assignment == claimed.lead.assignments.get()
    assert (clock.started_at, clock.due_at) == (NOON, NOON + 10 * MINUTE)
    assert clock.next_at == NOON + 5 * MINUTE  # for the reminder
    assert clock.runs
    logged = LogEntry.objects.get(event="response.started")
    assert (logged.rep, logged.at, logged.detail["clock"]) == (claimed.amina, NOON, clock.pk)
    assert logged.detail["due_at"] == (NOON + 10 * MINUTE).isoformat()


def test_the_clock_starts_when_the_rules_or_a_hand_give_a_lead(cast, policy, push_to_paris):
    publish_rules(push_to_paris())
    with clock_at(NOON):
        lead = receive(clean({"company": "Acme"})).lead
    assert lead.owner == cast.amina
    with clock_at(NOON + 3 * MINUTE):
        assign_by_hand([lead], cast.chloe, reason="Speaks Danish", actor=UserFactory())

    first, second = ResponseClock.objects.order_by("pk")
    assert (first.rep, first.stopped_at, first.next_at) == (cast.amina, NOON + 3 * MINUTE, None)
    assert (second.rep, second.started_at, second.runs) == (cast.chloe, NOON + 3 * MINUTE, True)


@pytest.mark.parametrize("capitals", ["demo_request", "Demo_Request"])
def test_the_first_policy_that_fits_the_type_and_source_holds(claimed, capitals):
    only_policy(minutes=120, position=9)
    fairs = {"lead_type": capitals, "source": "Trade fair"}
    ResponsePolicy.objects.create(name="Fairs", minutes=60, position=1, **fairs)
    ResponsePolicy.objects.create(name="Demos", minutes=5, position=2, lead_type=capitals)
    ResponsePolicy.objects.create(
        name="Off", minutes=1, position=0, lead_type=capitals, active=False
    )

    def given(**fields):
        lead = LeadFactory(**fields)
        assign_by_hand([lead], claimed.bruno, reason="Yours", actor=claimed.amina.user)
        clock = clocks_of([lead])[lead.pk]
        return (clock.due_at - clock.started_at) // MINUTE

    assert given(lead_type="demo_request", source="trade fair") == 60
    assert given(lead_type="demo_request", source="website") == 5
    assert given(lead_type="referral", source="trade fair") == 120


def test_a_lead_that_no_policy_fits_has_no_clock(cast):
    ResponsePolicy.objects.update(lead_type="referral")
    lead = LeadFactory(pool=cast.pool)

    claim(lead, cast.amina, via="page")

    assert clocks_of([lead]) == {}
    assert not LogEntry.objects.filter(event="response.started").exists()


def test_working_minutes_are_those_of_the_owner(cast):
    """At noon on Friday there are six hours left of Bruno's week, and none of Amina's."""
    only_policy(minutes=240, working_time=True, remind_minutes=60)
    cast.bruno.time_zone = cast.amina.time_zone = "UTC"
    for rep, ends in ((cast.amina, time(12)), (cast.bruno, time(18))):
        rep.save()
        for day in range(5):
            WorkingHours.objects.create(rep=rep, weekday=day, starts=time(8), ends=ends)
    friday, monday = datetime(2026, 3, 6, 12, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    due = []
    for rep in (cast.amina, cast.bruno, cast.chloe):
        lead = LeadFactory()
        with clock_at(friday):
            assign_by_hand([lead], rep, reason="Yours", actor=UserFactory())
        clock = clocks_of([lead])[lead.pk]
        due.append((clock.next_at, clock.due_at))

    assert due == [
        (monday + timedelta(hours=11), monday + timedelta(hours=12)),
        (friday + timedelta(hours=3), friday + timedelta(hours=4)),
        (friday + timedelta(hours=3), friday + timedelta(hours=4)),  # has no hours: works always
    ]


def test_the_first_contact_answers_it_and_the_log_says_how_soon(claimed):
    with clock_at(NOON + 4 * MINUTE):
        log_contact(claimed.lead, claimed.amina, "call", at=NOON + 3 * MINUTE)
        log_contact(claimed.lead, claimed.amina, "email")

    [clock] = ResponseClock.objects.all()
    assert (clock.answered_at, clock.next_at, clock.runs) == (NOON + 3 * MINUTE, None, False)
    first, second = LogEntry.objects.filter(event="lead.contacted").order_by("pk")
    assert first.detail["response"] == {
        "clock": clock.pk,
        "seconds": 180,
        "in_time": True,
        "started": NOON.isoformat(),
        "run_before": [0, 0, None],
    }
    assert "response" not in second.detail


def test_a_call_before_the_claim_answers_it_at_once(claimed):
    with clock_at(NOON + 4 * MINUTE):
        log_contact(claimed.lead, claimed.amina, "call", at=NOON - 9 * MINUTE)

    assert ResponseClock.objects.get().answered_at == NOON


def test_a_late_answer_is_an_answer_and_is_not_in_time(claimed):
    with clock_at(NOON + 11 * MINUTE):
        log_contact(claimed.lead, claimed.amina, "call")

    response = LogEntry.objects.get(event="lead.contacted").detail["response"]
    assert (response["seconds"], response["in_time"]) == (660, False)


def test_a_first_contact_that_makes_the_owner_needs_no_clock(cast, policy):
    shared = PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina])
    lead = LeadFactory(pool=shared)

    log_contact(lead, cast.amina, "call")

    lead.refresh_from_db()
    assert lead.owner == cast.amina
    assert not ResponseClock.objects.exists()


def test_it_stops_when_the_lead_is_given_back_or_closed(claimed):
    with clock_at(NOON):
        other = LeadFactory(pool=claimed.pool)
        claim(other, claimed.amina, via="page")
    with clock_at(NOON + MINUTE):
        release(claimed.lead, claimed.amina, reason="I know them")
        close(other, claimed.amina)

    clocks = ResponseClock.objects.values_list("stopped_at", "answered_at", "next_at")
    assert list(clocks) == [(NOON + MINUTE, None, None)] * 2


def test_it_stops_and_starts_anew_with_a_hand_over_and_when_that_is_undone(
    cast, policy, push_to_paris
):
    publish_rules(push_to_paris())
    with clock_at(NOON):
        lead = receive(clean({"company": "Acme"})).lead
    boss = UserFactory()
    with clock_at(NOON + MINUTE):
        done = hand_over(cast.amina, actor=boss, reason="Leaves us")
    with clock_at(NOON + 2 * MINUTE):
        take_back(done.handover, actor=boss, reason="Stays after all")

    clocks = ResponseClock.objects.filter(lead=lead).order_by("started_at")
    assert [(one.rep, one.started_at, one.stopped_at) for one in clocks] == [
        (cast.amina, NOON, NOON + MINUTE),
        (cast.bruno, NOON + MINUTE, NOON + 2 * MINUTE),
        (cast.amina, NOON + 2 * MINUTE, None),
    ]


def test_who_is_late_is_seen_without_a_worker(claimed):
    clock = clocks_of([claimed.lead])[claimed.lead.pk]

    assert not late(clock, NOON + 10 * MINUTE - timedelta(seconds=1))
    assert late(clock, NOON + 10 * MINUTE)
    with clock_at(NOON + 30 * MINUTE):
        log_contact(claimed.lead, claimed.amina, "call")
    clock.refresh_from_db()
    assert not late(clock, NOON + 40 * MINUTE)


def test_a_policy_that_was_changed_is_looked_at_at_once(claimed, policy):
    with clock_at(NOON + MINUTE):
        assert look_again(ResponseClock.objects.filter(policy=policy)) == 1

    clock = ResponseClock.objects.get()
    assert (clock.next_at, clock.due_at) == (NOON + MINUTE, NOON + 10 * MINUTE)


def test_a_file_of_leads_starts_its_clocks_in_as_many_queries_as_one_lead(
    cast, policy, push_to_paris, django_assert_max_num_queries
):
    publish_rules(push_to_paris())
    receive(clean({"company": "Before"}))
    counts = []
    for number in (2, 12):
        leads = [clean({"company": f"Of {number}: {n}"}) for n in range(number)]
        with django_assert_max_num_queries(500) as queries:
            receive_many(leads)
        counts.append(len(queries))

    assert ResponseClock.objects.count() == 15
    assert counts[0] == counts[1]


def test_a_lead_that_was_lost_by_mistake_is_waited_for_again(claimed):
    with clock_at(NOON + 3 * MINUTE):
        lost = record_outcome(claimed.lead, "lost", rep=claimed.amina, by=claimed.amina.user)
    with clock_at(NOON + 4 * MINUTE):
        undo_outcome(lost, claimed.amina.user)

    [clock] = ResponseClock.objects.all()
    assert clock.runs
    assert (clock.due_at, clock.next_at) == (NOON + 10 * MINUTE, NOON + 4 * MINUTE)
    with clock_at(NOON + 10 * MINUTE):
        fire_due(NOON + 10 * MINUTE)
    assert LogEntry.objects.filter(event="response.lapsed", rep=claimed.amina).count() == 1


def test_a_deadline_that_passed_while_the_lead_was_lost_by_mistake_is_held_against_nobody(claimed):
    """A program said so; ten days later it is undone."""
    with clock_at(NOON + 3 * MINUTE):
        lost = record_outcome(claimed.lead, "lost", by=None)
    later = NOON + timedelta(days=10)
    with clock_at(later):
        undo_outcome(lost, None)
        assert fire_due(later) == 0

    claimed.lead.refresh_from_db()
    assert (claimed.lead.status, claimed.lead.owner) == ("owned", claimed.amina)
    clock = ResponseClock.objects.get()
    assert (clock.stopped_at, clock.lapsed_at) == (NOON + 3 * MINUTE, None)
    assert not LogEntry.objects.filter(event="response.lapsed").exists()


def test_a_deadline_that_was_over_before_a_lead_was_lost_by_mistake_is_over(claimed):
    with clock_at(NOON + 12 * MINUTE):
        lost = record_outcome(claimed.lead, "lost", by=None)
    with clock_at(NOON + 15 * MINUTE):
        undo_outcome(lost, None)
        assert ResponseClock.objects.get().runs
        assert fire_due(NOON + 15 * MINUTE) == 1

    assert ResponseClock.objects.get().lapsed_at == NOON + 15 * MINUTE


def test_a_lead_that_was_called_and_then_lost_by_mistake_is_not_waited_for(claimed):
    with clock_at(NOON + 3 * MINUTE):
        log_contact(claimed.lead, claimed.amina, "call")
        lost = record_outcome(claimed.lead, "lost", rep=claimed.amina, by=claimed.amina.user)
    with clock_at(NOON + 4 * MINUTE):
        undo_outcome(lost, claimed.amina.user)

    [clock] = ResponseClock.objects.all()
    assert (clock.answered_at, clock.next_at) == (NOON + 3 * MINUTE, None)
