"""What comes of a lead is recorded, closes it, and can be undone (OU1)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.errors import Closed, NotYours, Outdated
from leaddistrib.lifecycle import claim, close, log_contact, recycle
from leaddistrib.lifecycle.outcomes import record_outcome, undo_outcome
from leaddistrib.lifecycle.responding import start_clocks
from leaddistrib.lifecycle.tallying import differs
from leaddistrib.models import (
    Contact,
    Lead,
    Organisation,
    Outcome,
    Pool,
    ResponseClock,
    ResponseRollup,
    Satisfaction,
)
from leaddistrib.queries.standing import standing, standing_of
from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def mireille(cast):
    mireille = UserFactory(username="mireille")
    cast.paris.managers.add(mireille)
    return mireille


@pytest.fixture
def owned(cast):
    with clock_at(NOON):
        lead = LeadFactory(pool=cast.pool, currency="CHF")
        claim(lead, cast.amina, via="page")
    return Lead.objects.get(pk=lead.pk)


def say(lead, stage, rep, **more):
    return record_outcome(lead, stage, rep=rep, by=rep.user, **more)


def test_a_stage_is_kept_for_the_owner_with_value_and_reason(cast, owned):
    with clock_at(NOON + HOUR):
        outcome = say(owned, "opportunity", cast.amina, value=Decimal("1200"), reason=" Two sites ")

    assert (outcome.rep, outcome.by, outcome.at) == (cast.amina, cast.amina.user, NOON + HOUR)
    assert (outcome.value, outcome.currency, outcome.reason) == (1200, "CHF", "Two sites")
    assert Lead.objects.get(pk=owned.pk).status == "owned"
    entry = owned.log.get(event="outcome.recorded")
    assert (entry.rep, entry.actor, entry.at) == (cast.amina, cast.amina.user, NOON + HOUR)
    assert entry.detail == {
        "outcome": outcome.pk,
        "stage": "opportunity",
        "value": "1200",
        "currency": "CHF",
        "reason": "Two sites",
    }


def test_a_value_without_a_currency_is_in_the_hosts(cast, settings):
    settings.LEADDISTRIB = {"CURRENCY": "USD"}
    lead = LeadFactory(owner=cast.amina)

    assert say(lead, "won", cast.amina, value=Decimal(5)).currency == "USD"
    assert say(lead, "won", cast.amina).currency == ""


@pytest.mark.parametrize("stage", ["won", "lost"])
def test_won_or_lost_closes_the_lead_and_makes_room(cast, owned, stage):
    cast.amina.capacity = 1
    cast.amina.save()
    other = LeadFactory(pool=cast.pool)
    assert claim(other, cast.amina, via="page").result == "refused"

    with clock_at(NOON + HOUR):
        outcome = say(owned, stage, cast.amina, reason="Because")

    lead = Lead.objects.get(pk=owned.pk)
    assert (lead.status, lead.owner) == ("closed", cast.amina)
    [held] = lead.assignments.all()
    assert (held.ended_at, held.end, held.end_reason) == (NOON + HOUR, "closed", "Because")
    closing = lead.log.get(event="lead.closed")
    assert closing.detail == {"outcome": outcome.pk, "reason": "Because"}
    assert claim(other, cast.amina, via="page").result == "won"


def test_the_owner_who_says_how_far_it_got_was_in_touch(cast, running_clock):
    lead, clock = running_clock
    with clock_at(NOON + timedelta(minutes=2)):
        say(lead, "qualified", cast.amina)

    clock.refresh_from_db()
    assert clock.answered_at == NOON + timedelta(minutes=2)
    assert Contact.objects.get(lead=lead).rep == cast.amina
    assert lead.log.get(event="lead.contacted").detail["response"]["in_time"] is True


@pytest.mark.parametrize("stage", ["won", "qualified"])
def test_a_slip_about_a_lead_that_nobody_called_leaves_it_to_be_answered(
    cast, running_clock, mireille, stage
):
    lead, clock = running_clock
    with clock_at(NOON + 2 * MINUTE):
        slip = say(lead, stage, cast.amina)
    with clock_at(NOON + 4 * MINUTE):
        undo_outcome(slip, mireille)

    clock.refresh_from_db()
    assert (clock.runs, clock.due_at) == (True, NOON + 5 * MINUTE)
    assert clock.next_at == NOON + 4 * MINUTE
    assert not Contact.objects.exists()
    entry = lead.log.get(event="contact.undone")
    assert (entry.rep, entry.actor) == (cast.amina, mireille)
    assert ResponseRollup.objects.get().answered == 0
    assert not differs(cast.amina.pk)


@pytest.mark.parametrize("stage", ["won", "qualified"])
def test_a_slip_that_is_undone_after_the_deadline_is_no_answer_and_takes_the_lead_from_nobody(
    cast, running_clock, mireille, stage
):
    lead, clock = running_clock
    with clock_at(NOON + 2 * MINUTE):
        slip = say(lead, stage, cast.amina)
    with clock_at(NOON + 24 * HOUR):
        undo_outcome(slip, mireille)

    clock.refresh_from_db()
    assert (clock.answered_at, clock.stopped_at) == (None, NOON + 2 * MINUTE)
    assert (clock.lapsed_at, clock.next_at) == (None, None)
    assert not Contact.objects.exists()
    assert Lead.objects.get(pk=lead.pk).owner == cast.amina


def test_who_was_in_touch_by_another_outcome_or_since_was_in_touch(cast, running_clock):
    lead, clock = running_clock
    with clock_at(NOON + 2 * MINUTE):
        slip, other = say(lead, "qualified", cast.amina), say(lead, "won", cast.amina)
    with clock_at(NOON + 3 * MINUTE):
        undo_outcome(slip, cast.amina.user)
        undo_outcome(other, cast.amina.user)
        assert not Contact.objects.exists()
        again, more = say(lead, "qualified", cast.amina), say(lead, "opportunity", cast.amina)
        undo_outcome(again, cast.amina.user)
        assert Contact.objects.get().channel == "other"
        log_contact(lead, cast.amina, "call")
        undo_outcome(more, cast.amina.user)

    clock.refresh_from_db()
    assert clock.answered_at == NOON + 3 * MINUTE
    assert Contact.objects.count() == 2


def test_a_lost_lead_needs_no_answer_any_more_and_nobody_was_in_touch(cast, running_clock):
    lead, clock = running_clock
    with clock_at(NOON + timedelta(minutes=2)):
        say(lead, "lost", cast.amina)

    clock.refresh_from_db()
    assert (clock.answered_at, clock.stopped_at) == (None, NOON + timedelta(minutes=2))
    assert not Contact.objects.exists()


@pytest.fixture
def running_clock(cast):
    """Amina's lead, and its response clock that has just begun."""
    with clock_at(NOON):
        lead = LeadFactory(owner=cast.amina, lead_type="demo_request", received_at=NOON)
        [clock] = start_clocks([lead.assignments.get()], NOON)
    return lead, clock


def test_only_who_has_the_lead_says_what_came_of_it(cast, owned):
    with pytest.raises(NotYours):
        say(owned, "won", cast.bruno)
    assert not Outcome.objects.exists()


def test_a_member_of_a_shared_pool_says_it_of_a_lead_there(cast):
    shared = PoolFactory(mode="shared", ownership=Pool.Ownership.SHARED, reps=[cast.amina])
    lead = LeadFactory(pool=shared)

    with pytest.raises(NotYours):
        say(lead, "won", cast.bruno)
    outcome = say(lead, "won", cast.amina)

    assert outcome.rep == cast.amina
    lead.refresh_from_db()
    assert (lead.status, lead.owner) == ("closed", None)


def test_a_manager_says_it_for_the_owner(cast, owned, mireille):
    outcome = record_outcome(owned, "won", by=mireille)

    assert (outcome.rep, outcome.by) == (cast.amina, mireille)


def test_a_waiting_lead_that_is_lost_leaves_its_pool(cast, mireille):
    lead = LeadFactory(pool=cast.pool)
    version = Pool.objects.get(pk=cast.pool.pk).version

    outcome = record_outcome(lead, "lost", by=mireille)

    assert outcome.rep is None
    assert Pool.objects.get(pk=cast.pool.pk).version == version + 1
    assert not lead.offers.filter(closed_at=None).exists()
    assert claim(lead, cast.amina, via="page").result == "refused"


def test_said_twice_it_is_one_outcome_and_another_value_a_second_one(cast, owned):
    first = say(owned, "won", cast.amina, value=Decimal(100))

    assert say(owned, "won", cast.amina, value=Decimal(100)) == first
    second = say(owned, "won", cast.amina, value=Decimal(150))

    assert owned.log.filter(event="lead.closed").count() == 1
    assert list(standing(["won"])) == [second]


def test_a_closed_lead_is_won_or_lost_and_nothing_before_that(cast, owned):
    close(owned, cast.amina, reason="They think about it")

    with pytest.raises(Closed):
        say(owned, "qualified", cast.amina)
    assert say(owned, "won", cast.amina).stage == "won"


def test_what_came_before_does_not_close_a_lead_that_went_on(cast, owned):
    with clock_at(NOON + 2 * HOUR):
        say(owned, "qualified", cast.amina)
        with pytest.raises(Outdated):
            say(owned, "lost", cast.amina, at=NOON + HOUR)
        say(owned, "contacted", cast.amina, at=NOON + HOUR)

    assert standing_of([owned])[owned.pk].stage == "qualified"


@pytest.mark.parametrize(
    ("stage", "more"),
    [
        ("met", {}),
        ("won", {"value": Decimal(-1)}),
        ("won", {"value": Decimal("1e11")}),
        ("won", {"reason": "x" * 501}),
        ("won", {"at": NOON + 2 * HOUR}),
    ],
)
def test_what_cannot_be_is_refused(cast, owned, stage, more):
    with clock_at(NOON + HOUR), pytest.raises(ValueError, match=r"\w"):
        say(owned, stage, cast.amina, **more)
    assert not Outcome.objects.exists()


def test_a_win_before_the_lead_came_in_is_kept(cast, owned):
    assert say(owned, "won", cast.amina, at=NOON - 48 * HOUR).at == NOON - 48 * HOUR


def test_an_undone_win_opens_the_lead_again_for_its_owner(cast, owned, mireille):
    with clock_at(NOON + HOUR):
        outcome = say(owned, "won", cast.amina)
    with clock_at(NOON + 2 * HOUR):
        undo_outcome(outcome, mireille)

    lead = Lead.objects.get(pk=owned.pk)
    assert (lead.status, lead.owner) == ("owned", cast.amina)
    [held] = lead.assignments.all()
    assert (held.started_at, held.ended_at, held.end, held.end_reason) == (NOON, None, "", "")
    outcome.refresh_from_db()
    assert (outcome.undone_at, outcome.undone_by) == (NOON + 2 * HOUR, mireille)
    assert not standing().exists()
    undoing = lead.log.get(event="outcome.undone")
    assert (undoing.actor, undoing.detail) == (mireille, {"outcome": outcome.pk, "stage": "won"})


def test_undone_twice_is_undone_once(cast, owned):
    outcome = say(owned, "won", cast.amina)
    undo_outcome(outcome, cast.amina.user)
    undo_outcome(outcome, cast.amina.user)

    assert owned.log.filter(event="outcome.undone").count() == 1


def test_a_lead_stays_closed_while_another_outcome_stands(cast, owned):
    won = say(owned, "won", cast.amina)
    lost = say(owned, "lost", cast.amina, reason="They withdrew")

    undo_outcome(won, cast.amina.user)
    assert Lead.objects.get(pk=owned.pk).status == "closed"
    undo_outcome(lost, cast.amina.user)
    assert Lead.objects.get(pk=owned.pk).status == "owned"


def test_what_somebody_closed_for_another_reason_stays_closed(cast, owned):
    close(owned, cast.amina, reason="They think about it")
    undo_outcome(say(owned, "won", cast.amina), cast.amina.user)

    assert Lead.objects.get(pk=owned.pk).status == "closed"


def test_a_lead_that_was_recycled_since_stays_where_it_is(cast, owned):
    lost = say(owned, "lost", cast.amina)
    recycle([owned], cast.pool, by=None, reason="Once more")

    undo_outcome(lost, cast.amina.user)

    lead = Lead.objects.get(pk=owned.pk)
    assert (lead.status, lead.period) == ("waiting", 2)


def test_a_waiting_lead_waits_again_and_one_not_routed_is_not_routed(cast, mireille):
    waiting, kept = LeadFactory(pool=cast.pool), LeadFactory()
    for lead in (waiting, kept):
        undo_outcome(record_outcome(lead, "lost", by=mireille), mireille)

    waiting.refresh_from_db()
    kept.refresh_from_db()
    assert (waiting.status, waiting.pool, waiting.period) == ("waiting", cast.pool, 2)
    assert (kept.status, kept.pool) == ("received", None)
    assert claim(waiting, cast.amina, via="page").result == "won"


@pytest.fixture
def second_life(cast, owned):
    """Lost by Amina on the second of March, recycled in May, and Bruno's since."""
    with clock_at(NOON + HOUR):
        say(owned, "lost", cast.amina)
    with clock_at(NOON + 60 * 24 * HOUR):
        recycle([owned], cast.pool, by=None, reason="New budget")
        assert claim(owned, cast.bruno, via="page").result == "won"
    return Lead.objects.get(pk=owned.pk)


def test_a_slip_with_a_recycled_lead_opens_it_again_though_it_was_lost_before(cast, second_life):
    won = say(second_life, "won", cast.bruno)

    undo_outcome(won, cast.bruno.user)

    lead = Lead.objects.get(pk=second_life.pk)
    assert (lead.status, lead.owner) == ("owned", cast.bruno)


def test_the_question_about_a_slip_with_a_recycled_lead_is_asked_no_more(cast, second_life):
    Organisation.objects.create(pk=1, satisfaction="won")
    Lead.objects.update(contact_email="ines@acme.example")
    won = say(Lead.objects.get(), "won", cast.bruno)
    assert Satisfaction.objects.exists()

    undo_outcome(won, cast.bruno.user)

    assert not Satisfaction.objects.exists()


@pytest.mark.parametrize("for_her", [False, True], ids=["by herself", "by her manager"])
def test_a_recycled_lead_is_lost_again_in_the_same_words(cast, owned, mireille, for_her):
    """Without a reason both times, by the same rep: it is another loss all the same."""
    with clock_at(NOON + HOUR):
        first = say(owned, "lost", cast.amina)
    with clock_at(NOON + 60 * 24 * HOUR):
        recycle([owned], cast.pool, by=None, reason="New budget")
    with clock_at(NOON + 91 * 24 * HOUR):
        assert claim(owned, cast.amina, via="page").result == "won"
        if for_her:
            second = record_outcome(owned, "lost", by=mireille)
        else:
            second = say(owned, "lost", cast.amina)

    assert second != first
    assert Lead.objects.get(pk=owned.pk).status == "closed"
    assert not owned.assignments.filter(ended_at=None).exists()


@pytest.mark.parametrize("again", ["waiting", "hers again", "a colleague's"])
def test_a_loss_that_is_told_every_night_ends_no_other_chance(cast, owned, mireille, again):
    with clock_at(NOON + 2 * HOUR):
        first = record_outcome(owned, "lost", by=mireille, at=NOON + HOUR)
    with clock_at(NOON + 30 * 24 * HOUR):
        recycle([owned], cast.pool, by=None, reason="New budget")
    with clock_at(NOON + 61 * 24 * HOUR):
        if again != "waiting":
            rep = cast.amina if again == "hers again" else cast.bruno
            assert claim(owned, rep, via="page").result == "won"
        assert record_outcome(owned, "lost", by=mireille, at=NOON + HOUR) == first

    assert Outcome.objects.get() == first
    assert Lead.objects.get(pk=owned.pk).status == ("waiting" if again == "waiting" else "owned")


def test_a_value_that_is_corrected_back_counts(cast, owned, mireille):
    """Dated as before, each time: the last word stands."""
    for value in (100, 150, 150, 100):
        with clock_at(NOON + 2 * HOUR):
            said = record_outcome(owned, "won", by=mireille, at=NOON + HOUR, value=Decimal(value))

    assert list(standing(["won"])) == [said]
    assert [one.value for one in Outcome.objects.order_by("pk")] == [100, 150, 100]


@pytest.mark.parametrize("stage", ["qualified", "lost"])
def test_the_question_about_a_win_outlives_a_slip_about_what_was_before(cast, owned, stage):
    Organisation.objects.create(pk=1, satisfaction="won")
    Lead.objects.update(contact_email="ines@acme.example")
    with clock_at(NOON + 2 * HOUR):
        close(owned, cast.amina, reason="They think about it")
        won = say(owned, "won", cast.amina)
        slip = say(owned, stage, cast.amina, at=NOON + HOUR)

    undo_outcome(slip, cast.amina.user)
    assert Satisfaction.objects.exists()
    undo_outcome(won, cast.amina.user)
    assert not Satisfaction.objects.exists()


def test_who_gets_a_lead_again_and_says_the_same_of_it_answers_its_clock(cast, running_clock):
    lead, first = running_clock
    with clock_at(NOON + timedelta(minutes=2)):
        said = say(lead, "qualified", cast.amina)
        recycle([lead], cast.pool, by=None, reason="Once more")
    with clock_at(NOON + 60 * 24 * HOUR):
        claim(lead, cast.amina, via="page")
    later = NOON + 60 * 24 * HOUR + timedelta(minutes=2)
    with clock_at(later):
        assert say(lead, "qualified", cast.amina) == said

        assert ResponseClock.objects.exclude(pk=first.pk).get().answered_at == later
        undo_outcome(say(lead, "opportunity", cast.amina), cast.amina.user)
        assert ResponseClock.objects.exclude(pk=first.pk).get().answered_at == later
        undo_outcome(said, cast.amina.user)
        assert ResponseClock.objects.exclude(pk=first.pk).get().runs
