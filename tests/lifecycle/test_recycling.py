"""Lost and unworked leads get another chance (OU2)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import (
    claim,
    close,
    hand_over,
    log_attempt,
    log_contact,
    record_outcome,
    recycle,
    release,
    take_back,
    undo_outcome,
)
from leaddistrib.lifecycle.opening import tell_due
from leaddistrib.lifecycle.reassigning import assign_by_hand
from leaddistrib.lifecycle.recycling import recycle_due
from leaddistrib.lifecycle.retrying import retry_due
from leaddistrib.models import Assignment, Lead, Organisation, OutboxMessage
from leaddistrib.queries.recycling import lost_long_ago
from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory, clock_at, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def second_chance(cast):
    """A pool of Amina, Bruno and Chloé for recycled leads, after 60 days lost, or 14 unworked."""
    pool = PoolFactory(name="Second chance", mode="queue", reps=[cast.amina, cast.bruno])
    Organisation.objects.update_or_create(
        pk=1,
        defaults={
            "recycle_pool": pool,
            "recycle_lost_days": 60,
            "recycle_unworked_days": 14,
            "recycle_cooldown_days": 30,
        },
    )
    return pool


@pytest.fixture
def lost(cast):
    with clock_at(NOON):
        lead = LeadFactory(owner=cast.amina)
        record_outcome(lead, "lost", rep=cast.amina, by=cast.amina.user)
    return lead


def fresh(lead):
    return Lead.objects.select_related("pool").get(pk=lead.pk)


def test_a_recycled_lead_is_open_to_all_and_later_to_its_last_owner(cast, second_chance, lost):
    mireille = UserFactory(username="mireille")
    with clock_at(NOON + DAY):
        [lead] = recycle([lost], second_chance, by=mireille, reason=" New budget ")

    lead = fresh(lead)
    assert (lead.status, lead.owner, lead.pool, lead.period) == ("waiting", None, second_chance, 1)
    entry = lead.log.get(event="lead.recycled")
    assert (entry.rep, entry.actor, entry.at) == (cast.amina, mireille, NOON + DAY)
    assert entry.detail == {"reason": "New budget", "pool": "Second chance"}
    with clock_at(NOON + 30 * DAY):
        refused = claim(lead, cast.amina, via="page")
        assert refused.result == "refused"
        [why] = refused.refusals
        assert (why.code, why.lifts_at) == ("not_open_yet", NOON + 31 * DAY)
        assert claim(lead, cast.bruno, via="page").result == "won"


def test_after_the_cooldown_the_last_owner_may_try_again(cast, second_chance, lost):
    with clock_at(NOON + DAY):
        recycle([lost], second_chance, by=None, reason="New budget")
    with clock_at(NOON + 31 * DAY):
        assert claim(lost, cast.amina, via="page").result == "won"


def test_the_last_owner_waits_also_when_somebody_takes_it_meanwhile_and_gives_it_back(
    cast, second_chance, lost
):
    with clock_at(NOON + DAY):
        recycle([lost], second_chance, by=None, reason="New budget")
    with clock_at(NOON + 2 * DAY):
        assert claim(lost, cast.bruno, via="page").result == "won"
        release(lost, cast.bruno, reason="Wrong country")
        assert claim(lost, cast.amina, via="page").result == "refused"
        assert claim(lost, cast.bruno, via="page").result == "won"
        said = record_outcome(lost, "lost", rep=cast.bruno, by=cast.bruno.user)
        undo_outcome(said, cast.bruno.user)
        release(lost, cast.bruno, reason="Wrong country all the same")
    with clock_at(NOON + 30 * DAY):
        [why] = claim(lost, cast.amina, via="page").refusals
        assert (why.code, why.lifts_at) == ("not_open_yet", NOON + 31 * DAY)
    with clock_at(NOON + 31 * DAY):
        tell_due(NOON + 31 * DAY)
        assert claim(lost, cast.amina, via="page").result == "won"


def test_in_a_race_the_last_owner_is_told_when_the_own_cooldown_is_over(cast, lost):
    with clock_at(NOON + DAY):
        recycle([lost], cast.pool, by=None, reason="New budget")
    with clock_at(NOON + 2 * DAY):
        claim(lost, cast.bruno, via="page")
        release(lost, cast.bruno, reason="Wrong country")
    offers = lost.offers.filter(period=2)
    assert {offer.rep: offer.opens_at for offer in offers} == {
        cast.bruno: NOON + 2 * DAY,
        cast.amina: NOON + 31 * DAY,
    }


def lapse(lead, rep):
    """``rep`` had the lead once, and did not answer it in time."""
    Assignment.objects.create(
        lead=lead,
        rep=rep,
        method="push",
        started_at=NOON - DAY,
        ended_at=NOON - DAY + timedelta(hours=1),
        end="lapsed",
    )


@pytest.mark.parametrize("mode", ["race", "queue"])
def test_whoever_let_it_lapse_waits_for_no_window_that_would_stay_shut(cast, mode, lost):
    lapse(lost, cast.amina)
    pool = PoolFactory(mode=mode, reps=[cast.amina, cast.bruno])
    with clock_at(NOON + DAY):
        recycle([lost], pool, by=None, reason="New budget")

    assert not lost.offers.filter(rep=cast.amina).exists()


@pytest.mark.parametrize("mode", ["race", "queue"])
def test_whoever_let_it_lapse_since_is_not_told_that_it_is_open(cast, mode, lost, monkeypatch):
    pool = PoolFactory(mode=mode, reps=[cast.amina, cast.bruno])
    with clock_at(NOON + DAY):
        recycle([lost], pool, by=None, reason="New budget")
    lapse(lost, cast.amina)
    told = []
    monkeypatch.setattr(
        "leaddistrib.lifecycle.opening.announce_windows",
        lambda offers, reps: told.extend(offers),
    )

    with clock_at(NOON + 31 * DAY):
        assert tell_due(NOON + 31 * DAY) == 1
        assert [why.code for why in claim(lost, cast.amina, via="page").refusals] == ["let_lapse"]

    assert not told
    assert not OutboxMessage.objects.filter(recipient=cast.amina.user, event__startswith="lead.off")


def test_what_is_not_any_more_what_somebody_saw_is_left_alone(cast, second_chance):
    theirs, gone = LeadFactory(owner=cast.amina), LeadFactory(owner=cast.bruno)

    done = recycle(
        [theirs, gone],
        second_chance,
        by=None,
        reason="Nobody called",
        still=lambda lead: lead.owner == cast.amina,
    )

    assert done == [theirs]
    assert fresh(gone).owner == cast.bruno


def test_an_owned_lead_is_taken_from_its_owner(cast, second_chance):
    cast.amina.capacity = 1
    cast.amina.save()
    lead, other = LeadFactory(owner=cast.amina), LeadFactory(pool=cast.pool)

    recycle([lead], second_chance, by=None, reason="Nobody called")

    [held] = lead.assignments.all()
    assert (held.end, held.end_reason) == ("reassigned", "Nobody called")
    assert claim(other, cast.amina, via="page").result == "won"


def test_won_waiting_and_unrouted_leads_are_left_alone(cast, second_chance):
    won, waiting, unrouted = (
        LeadFactory(owner=cast.amina),
        LeadFactory(pool=cast.pool),
        LeadFactory(),
    )
    record_outcome(won, "won", rep=cast.amina, by=cast.amina.user)

    assert recycle([won, waiting, unrouted], second_chance, by=None, reason="All") == []
    assert [fresh(lead).status for lead in (won, waiting, unrouted)] == [
        "closed",
        "waiting",
        "received",
    ]


def test_a_reason_is_needed(cast, second_chance, lost):
    with pytest.raises(ValueError, match="reason"):
        recycle([lost], second_chance, by=None, reason=" ")


def test_the_rules_do_not_give_it_to_who_closed_it(cast, lost):
    """Pushed on from its pool, a recycled lead goes to somebody else."""
    cast.pool.push_minutes = 5
    cast.pool.save()
    then = {"pool": "Everyone", "fallback": [{"push": "round_robin", "team": "Paris"}]}
    publish_rules([{"name": "Pool, then in turn", "when": {}, "then": then}])
    cast.bruno.paused = True
    cast.bruno.save()
    with clock_at(NOON + DAY):
        recycle([lost], cast.pool, by=None, reason="Once more")

    for hour, paused in ((1, True), (2, False)):
        moment = NOON + DAY + timedelta(hours=hour)
        cast.bruno.paused = paused
        cast.bruno.save()
        Lead.objects.update(retry_at=moment)
        with clock_at(moment):
            retry_due(moment)
        assert fresh(lost).owner == (None if paused else cast.bruno)


def test_lost_leads_are_recycled_when_their_days_are_over(cast, second_chance, lost):
    with clock_at(NOON + 59 * DAY):
        assert recycle_due(NOON + 59 * DAY) == {"lost": 0, "unworked": 0}
    with clock_at(NOON + 60 * DAY):
        assert recycle_due(NOON + 60 * DAY) == {"lost": 1, "unworked": 0}
        assert recycle_due(NOON + 60 * DAY) == {"lost": 0, "unworked": 0}
    assert fresh(lost).pool == second_chance
    assert lost.log.get(event="lead.recycled").detail == {"why": "lost", "pool": "Second chance"}


def test_what_was_recycled_and_closed_again_is_not_recycled_for_the_old_loss(
    cast, second_chance, lost
):
    with clock_at(NOON + 60 * DAY):
        recycle_due(NOON + 60 * DAY)
        claim(lost, cast.bruno, via="page")
        close(lost, cast.bruno, reason="Never answered")
    with clock_at(NOON + 200 * DAY):
        assert recycle_due(NOON + 200 * DAY)["lost"] == 0


def test_a_loss_that_was_undone_is_none(cast, second_chance, lost):
    undo_outcome(lost.outcomes.get(), cast.amina.user)
    with clock_at(NOON + DAY):
        close(lost, cast.amina)
    with clock_at(NOON + 100 * DAY):
        assert recycle_due(NOON + 100 * DAY)["lost"] == 0


def test_owned_leads_that_nobody_works_are_recycled(cast, second_chance):
    with clock_at(NOON):
        idle, called, tried, going_on = (LeadFactory(owner=cast.amina) for _ in range(4))
    with clock_at(NOON + 10 * DAY):
        log_contact(called, cast.amina, "call")
        log_attempt(tried, cast.amina, "call")
        record_outcome(going_on, "qualified", by=None)
    with clock_at(NOON + 14 * DAY):
        assert recycle_due(NOON + 14 * DAY) == {"lost": 0, "unworked": 1}

    assert fresh(idle).pool == second_chance
    assert {fresh(one).owner for one in (called, tried, going_on)} == {cast.amina}
    [held] = idle.assignments.all()
    assert (held.end, held.end_reason) == ("reassigned", "")


@pytest.mark.parametrize("unset", ["recycle_pool", "recycle_lost_days"])
def test_without_a_pool_or_days_nothing_is_recycled(cast, second_chance, lost, unset):
    Organisation.objects.update(**{unset: None})
    with clock_at(NOON + 100 * DAY):
        assert recycle_due(NOON + 100 * DAY) == {"lost": 0, "unworked": 0}


def test_one_run_takes_a_bounded_number(cast, second_chance, monkeypatch):
    monkeypatch.setattr("leaddistrib.lifecycle.recycling.A_RUN", 3)
    monkeypatch.setattr("leaddistrib.lifecycle.recycling.BATCH", 2)
    with clock_at(NOON):
        for _ in range(5):
            LeadFactory(owner=cast.amina)
    later = NOON + 20 * DAY
    with clock_at(later):
        assert [recycle_due(later)["unworked"] for _ in range(3)] == [3, 2, 0]


def test_what_was_lost_or_left_longest_ago_goes_first(cast, second_chance, monkeypatch):
    """Not what came in first."""
    monkeypatch.setattr("leaddistrib.lifecycle.recycling.A_RUN", 1)
    with clock_at(NOON):
        leads = [LeadFactory(owner=cast.amina) for _ in range(4)]
    lately_lost, long_lost, lately_given, long_owned = leads
    for lead, day in ((long_lost, 1), (lately_lost, 2)):
        with clock_at(NOON + day * DAY):
            record_outcome(lead, "lost", rep=cast.amina, by=cast.amina.user)
    with clock_at(NOON + DAY):
        assign_by_hand([lately_given], cast.bruno, reason="Paris", actor=UserFactory())
    later = NOON + 90 * DAY
    with clock_at(later):
        assert recycle_due(later) == {"lost": 1, "unworked": 1}

    waits = {lead for lead in leads if fresh(lead).status == "waiting"}
    assert waits == {long_lost, long_owned}


def test_many_leads_take_no_more_queries_than_one(cast, second_chance):
    few, many = (
        [LeadFactory(owner=cast.amina, company=f"Company {number}") for number in range(size)]
        for size in (2, 12)
    )
    counts = []
    for leads in (few, many):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            recycle(leads, second_chance, by=None, reason="All")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_lead_that_was_handed_over_and_recycled_does_not_come_back(cast, second_chance):
    """Taking a hand-over back leaves what somebody decided about since."""
    mireille = UserFactory(username="mireille")
    publish_rules(
        [{"name": "In turn", "when": {}, "then": {"push": "round_robin", "team": "Paris"}}]
    )
    lead = LeadFactory(owner=cast.amina)
    done = hand_over(cast.amina, actor=mireille, reason="Leaves")
    assert fresh(lead).owner == cast.bruno
    recycle([lead], second_chance, by=mireille, reason="Once more")

    take_back(done.handover, actor=mireille, reason="Stays after all")

    assert fresh(lead).pool == second_chance
    assert fresh(lead).owner is None


def test_what_was_lost_is_found_by_an_index_in_its_order(cast, second_chance, lost):
    """However many leads were ever lost: the first ones of a run are the first of the index."""
    losses = lost_long_ago(Organisation.objects.get(), NOON + 90 * DAY)
    assert [one.lead for one in losses] == [lost]
    if connection.vendor == "postgresql":  # it would sort the few rows of a test
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")
    plan = losses.all()[:500].explain()
    assert "leaddistrib_outcome_stage" in plan
    assert "TEMP B-TREE" not in plan
