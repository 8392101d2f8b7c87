"""A contact that was none is taken back, and the lead is still to be answered (SL2)."""

from datetime import timedelta

import pytest
from django.test import TestCase
from django.utils import timezone

from leaddistrib.errors import NotYours, Outdated
from leaddistrib.lifecycle import (
    assign_by_hand,
    claim,
    close,
    log_contact,
    record_outcome,
    release,
    undo_contact,
    undo_outcome,
)
from leaddistrib.lifecycle.firing import fire_due
from leaddistrib.lifecycle.tallying import differs
from leaddistrib.models import (
    Contact,
    Gateway,
    LogEntry,
    NotificationSettings,
    OutboxMessage,
    Pool,
    ResponseClock,
    ResponsePolicy,
    ResponseRollup,
    ResponseRun,
)
from leaddistrib.notify.outbox import deliver
from leaddistrib.queries.contacts import attempts_of
from leaddistrib.signals import lead_contact_undone
from leaddistrib.testing import LeadFactory, PoolFactory, UserFactory, clock_at

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def lead(cast, now):
    """Amina claimed it just now, and has ten minutes."""
    ResponsePolicy.objects.all().delete()
    ResponsePolicy.objects.create(name="Any", minutes=10)
    return claimed(cast, now)


def claimed(cast, now):
    with clock_at(now):
        lead = LeadFactory(pool=cast.pool, received_at=now)
        claim(lead, cast.amina, via="page")
    lead.refresh_from_db()
    return lead


def figures():
    names = ("started", "answered", "in_time", "within_5", "within_60", "lapsed", "seconds")
    return list(ResponseRollup.objects.values_list(*names))


def test_after_a_slip_the_lead_is_still_to_be_answered_by_when_it_was(cast, lead, now):
    promised = ResponseClock.objects.get().due_at
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
    with clock_at(now + 3 * MINUTE):
        undo_contact(lead, cast.amina)
    clock = ResponseClock.objects.get()
    assert (clock.runs, clock.due_at, clock.next_at) == (True, promised, now + 3 * MINUTE)
    assert not Contact.objects.exists()
    told = lead.log.filter(event__in=("lead.contacted", "contact.undone")).order_by("pk")
    assert [(one.event, one.rep, one.actor) for one in told] == [
        ("lead.contacted", cast.amina, cast.amina.user),
        ("contact.undone", cast.amina, cast.amina.user),
    ]


def test_who_never_calls_after_all_lets_the_lead_lapse(cast, lead, now):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
    with clock_at(now + 9 * MINUTE):
        undo_contact(lead, cast.amina)
    with clock_at(now + 11 * MINUTE):
        fire_due(now + 11 * MINUTE)
    assert ResponseClock.objects.get().lapsed_at
    assert ResponseRollup.objects.get().lapsed == 1
    assert not differs(cast.amina.pk)


def test_the_figures_are_as_if_the_slip_had_not_been(cast, lead, now):
    """Two more were answered quickly, one before the slip and one after it."""
    second, third = claimed(cast, now), claimed(cast, now)
    with clock_at(now + MINUTE):
        log_contact(second, cast.amina, "call")
    with clock_at(now + 2 * MINUTE):
        log_contact(lead, cast.amina, "call")
        log_contact(third, cast.amina, "call")
    assert ResponseRun.objects.get().longest == 3
    with clock_at(now + 3 * MINUTE):
        undo_contact(lead, cast.amina)
    row, run = ResponseRollup.objects.get(), ResponseRun.objects.get()
    assert (row.started, row.answered, row.in_time, row.within_5, row.seconds) == (3, 2, 2, 2, 180)
    assert (run.current, run.longest) == (2, 2)
    assert not differs(cast.amina.pk)


def test_a_late_slip_leaves_the_lead_lapsed(cast, lead, now):
    with clock_at(now + 11 * MINUTE):
        fire_due(now + 11 * MINUTE)
        before = figures()
        log_contact(lead, cast.amina, "call")
        assert ResponseRollup.objects.get().lapsed == 0
        undo_contact(lead, cast.amina)
    assert ResponseRollup.objects.get().lapsed == 1
    assert figures() == before
    assert not differs(cast.amina.pk)


def test_the_true_call_after_a_slip_counts_from_when_the_rep_had_the_lead(cast, lead, now):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call", tapped=True)
        undo_contact(lead, cast.amina)
        log_contact(lead, cast.amina, "call", tapped=True)
        undo_contact(lead, cast.amina)
    with clock_at(now + 4 * MINUTE):
        log_contact(lead, cast.amina, "call", tapped=True)
    row = ResponseRollup.objects.get()
    assert (row.answered, row.within_5, row.seconds) == (1, 1, 240)
    assert Contact.objects.get().at == now + 4 * MINUTE
    assert not differs(cast.amina.pk)


def test_of_two_contacts_the_newest_is_taken_back_first(cast, lead, now):
    with clock_at(now + MINUTE):
        first = log_contact(lead, cast.amina, "call").contact
    with clock_at(now + 2 * MINUTE):
        second = log_contact(lead, cast.amina, "email").contact
        assert first
        assert second
        with pytest.raises(Outdated):
            undo_contact(lead, cast.amina, first.pk)
        undo_contact(lead, cast.amina, second.pk)
        assert Contact.objects.get() == first
        assert not ResponseClock.objects.get().runs
        undo_contact(lead, cast.amina, first.pk)
    assert ResponseClock.objects.get().runs


def test_an_impatient_thumb_takes_back_one_contact(cast, lead, now):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        second = log_contact(lead, cast.amina, "email").contact
        assert second
        for named in (second.pk, second.pk, None):
            undo_contact(lead, cast.amina, named)
    assert Contact.objects.get().channel == "call"
    assert LogEntry.objects.filter(event="contact.undone").count() == 1


def test_after_ten_minutes_a_contact_stays(cast, lead, now):
    with clock_at(now + 9 * MINUTE):
        log_contact(lead, cast.amina, "call", at=now + MINUTE)  # ten minutes from when it was said
    with clock_at(now + 18 * MINUTE):
        undo_contact(lead, cast.amina)
        log_contact(lead, cast.amina, "call")
    with clock_at(now + 28 * MINUTE), pytest.raises(Outdated):
        undo_contact(lead, cast.amina)
    assert Contact.objects.count() == 1


def test_what_came_of_a_contact_keeps_it_until_that_is_undone(cast, lead, now):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        outcome = record_outcome(lead, "qualified", rep=cast.amina, by=cast.amina.user)
        with pytest.raises(Outdated):
            undo_contact(lead, cast.amina)
        undo_outcome(outcome, cast.amina.user)
        undo_contact(lead, cast.amina)
    assert not Contact.objects.exists()


@pytest.mark.parametrize("parting", ["closed", "given back", "given to a colleague", "come again"])
def test_a_contact_with_a_lead_that_went_on_stays(cast, lead, now, parting):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        if parting == "closed":
            close(lead, cast.amina)
        elif parting == "given to a colleague":
            assign_by_hand([lead], cast.bruno, actor=cast.bruno.user, reason="Speaks Italian")
        else:
            release(lead, cast.amina, reason="Wrong market")
        if parting == "come again":
            claim(lead, cast.amina, via="page")
        with pytest.raises((Outdated, NotYours)):
            undo_contact(lead, cast.amina)
    assert Contact.objects.count() == 1


def test_nobody_takes_back_the_contact_of_a_colleague(cast, lead, now):
    log_contact(lead, cast.amina, "call")
    with pytest.raises(NotYours):
        undo_contact(lead, cast.bruno)
    assert Contact.objects.count() == 1


def test_in_a_shared_pool_the_lead_stays_whose_slip_it_was_and_is_to_be_answered(cast, now):
    pool = PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])
    with clock_at(now):
        lead = LeadFactory(pool=pool, received_at=now)
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        assert not ResponseClock.objects.exists()
    with clock_at(now + 2 * MINUTE):
        for _ in range(2):
            found = undo_contact(lead, cast.amina)
    assert (found.status, found.owner) == ("owned", cast.amina)
    clock = ResponseClock.objects.get()
    assert (clock.rep, clock.started_at, clock.runs) == (cast.amina, now + 2 * MINUTE, True)
    assert not differs(cast.amina.pk)


def test_a_lead_that_stays_shared_is_passed_on_after_all(cast, now):
    pool = PoolFactory(
        name="Front desk",
        mode="shared",
        ownership=Pool.Ownership.SHARED,
        reps=[cast.amina, cast.bruno],
    )
    with clock_at(now):
        lead = LeadFactory(pool=pool, received_at=now)
    lead.retry_at = now + 30 * MINUTE
    lead.save()
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        lead.refresh_from_db()
        assert lead.retry_at is None
        undo_contact(lead, cast.amina)
        lead.refresh_from_db()
        assert lead.retry_at == now + 30 * MINUTE
        log_contact(lead, cast.amina, "call")
        log_contact(lead, cast.bruno, "call")
    with clock_at(now + 3 * MINUTE):
        undo_contact(lead, cast.amina)
    lead.refresh_from_db()
    assert lead.retry_at is None  # Bruno was in touch
    assert Contact.objects.get().rep == cast.bruno


def test_after_two_slips_a_shared_lead_is_passed_on_all_the_same(cast, now):
    """Amina's ended the wait, Bruno's did not any more; she takes hers back first."""
    pool = PoolFactory(
        name="Front desk",
        mode="shared",
        ownership=Pool.Ownership.SHARED,
        reps=[cast.amina, cast.bruno],
    )
    with clock_at(now):
        lead = LeadFactory(pool=pool, received_at=now, retry_at=now + 30 * MINUTE)
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call")
        log_contact(lead, cast.bruno, "call")
        undo_contact(lead, cast.amina)
        lead.refresh_from_db()
        assert lead.retry_at is None
        undo_contact(lead, cast.bruno)
    lead.refresh_from_db()
    assert lead.retry_at == now + 30 * MINUTE


def test_managers_hear_of_a_lapse_that_a_slip_had_hidden_from_them(cast, lead, now):
    mireille = UserFactory(username="mireille", email="mireille@example.com")
    cast.paris.managers.add(mireille)
    deadline = now + 10 * MINUTE
    with clock_at(deadline):
        fire_due(deadline)
        log_contact(lead, cast.amina, "call")
        deliver(deadline)
    told = OutboxMessage.objects.get(event__startswith="response.lapsed", recipient=mireille)
    assert told.last_error == "already_answered"
    with clock_at(deadline + 3 * MINUTE):
        undo_contact(lead, cast.amina)
        deliver(deadline + 3 * MINUTE)
    told.refresh_from_db()
    assert (told.sent_at is not None, told.last_error) == (True, "")


@pytest.mark.parametrize(("undone", "comes"), [(6, True), (11, False)], ids=["soon", "too late"])
def test_a_reminder_that_a_slip_had_stopped_comes_while_there_is_time(cast, now, undone, comes):
    ResponsePolicy.objects.all().delete()
    ResponsePolicy.objects.create(name="Any", minutes=10, remind_minutes=5)
    Gateway.objects.create(channel="sms", address="https://sms.example/")
    NotificationSettings.objects.create(user=cast.amina.user, phone="+33600000000", sms=True)
    lead = claimed(cast, now)
    soon = now + 5 * MINUTE
    with clock_at(soon):
        fire_due(soon)
        log_contact(lead, cast.amina, "call")
        deliver(soon)
    reminder = OutboxMessage.objects.get(event__startswith="response.reminder")
    assert reminder.last_error == "already_answered"
    with clock_at(now + undone * MINUTE):
        undo_contact(lead, cast.amina)
    reminder.refresh_from_db()
    assert (reminder.dropped_at is None) is comes
    if comes:
        assert (reminder.due_at, reminder.attempts) == (now + undone * MINUTE, 0)


def test_a_slip_is_taken_back_without_the_log_of_years(cast, lead, now, monkeypatch):
    """The run is what it was before, also its longest; nothing else is read for that."""
    slow = claimed(cast, now)
    with clock_at(now + MINUTE):
        log_contact(claimed(cast, now), cast.amina, "call")
        log_contact(lead, cast.amina, "call")
    claimed(cast, now)
    with monkeypatch.context() as without, clock_at(now + 2 * MINUTE):
        without.delattr("leaddistrib.lifecycle.tallying.from_log")
        undo_contact(lead, cast.amina)
    run = ResponseRun.objects.get()
    assert (run.current, run.longest, run.longest_at) == (1, 1, now + MINUTE)
    with clock_at(now + 11 * MINUTE):
        log_contact(slow, cast.amina, "call")
        assert ResponseRun.objects.get().current == 0
        undo_contact(slow, cast.amina)
    assert ResponseRun.objects.get().current == 1
    assert not differs(cast.amina.pk)


def test_a_call_that_nobody_answered_is_an_attempt_and_the_clock_goes_on(cast, lead, now):
    with clock_at(now + MINUTE):
        log_contact(lead, cast.amina, "call", note="Switchboard")
    with clock_at(now + 2 * MINUTE):
        for _ in range(2):
            undo_contact(lead, cast.amina, unanswered=True)
    assert ResponseClock.objects.get().runs
    tried = LogEntry.objects.get(event="lead.attempted")
    assert (tried.at, tried.detail) == (now + MINUTE, {"channel": "call", "note": "Switchboard"})
    assert attempts_of([lead])[lead.pk].number == 1


@pytest.mark.parametrize("named", [True, False], ids=["named", "the newest"])
def test_who_taps_slip_and_then_nobody_answered_has_tried(cast, lead, now, named):
    with clock_at(now + MINUTE):
        made = log_contact(lead, cast.amina, "call", note="Switchboard").contact
    assert made
    contact = made.pk if named else None
    with clock_at(now + 2 * MINUTE):
        undo_contact(lead, cast.amina, contact)
        assert attempts_of([lead]) == {}
        for _ in range(2):
            undo_contact(lead, cast.amina, contact, unanswered=True)
    tried = LogEntry.objects.get(event="lead.attempted")
    assert (tried.at, tried.detail) == (now + MINUTE, {"channel": "call", "note": "Switchboard"})
    assert LogEntry.objects.filter(event="contact.undone").count() == 1
    assert ResponseClock.objects.get().runs


def test_an_attempt_is_not_said_to_be_a_slip(cast, lead, now):
    with clock_at(now + MINUTE):
        made = log_contact(lead, cast.amina, "call").contact
        assert made
        undo_contact(lead, cast.amina, made.pk, unanswered=True)
        with pytest.raises(Outdated):
            undo_contact(lead, cast.amina, made.pk)
    assert attempts_of([lead])[lead.pk].number == 1


def test_after_ten_minutes_a_slip_stays_one(cast, lead, now):
    with clock_at(now + MINUTE):
        made = log_contact(lead, cast.amina, "call").contact
        assert made
        undo_contact(lead, cast.amina, made.pk)
    with clock_at(now + 11 * MINUTE):
        undo_contact(lead, cast.amina, made.pk)
        with pytest.raises(Outdated):
            undo_contact(lead, cast.amina, made.pk, unanswered=True)
    assert attempts_of([lead]) == {}


def test_the_host_project_hears_of_it(cast, lead):
    heard = []

    def listen(**arguments):
        heard.append((arguments["lead"].pk, arguments["rep"], arguments["contact"].channel))

    log_contact(lead, cast.amina, "email")
    lead_contact_undone.connect(listen)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            undo_contact(lead, cast.amina)
    finally:
        lead_contact_undone.disconnect(listen)
    assert heard == [(lead.pk, cast.amina, "email")]
