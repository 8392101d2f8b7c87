"""Who is in touch with a lead, and whose it is then (PO1)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import TestCase

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import claim, close, log_contact, release, start
from leaddistrib.models import Assignment, Contact, Lead, LogEntry, Offer, Pool, TimeOff, Work
from leaddistrib.policy import View, policy
from leaddistrib.queries.sight import view
from leaddistrib.signals import lead_contacted
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def pool(cast):
    """Amina and Bruno share it; the first contact makes the owner."""
    return PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])


@pytest.fixture
def lead(pool):
    with clock_at(NOON):
        return LeadFactory(pool=pool, contact_phone="+33140203040", received_at=NOON)


@pytest.fixture
def staying(cast):
    """A lead that stays shared."""
    pool = PoolFactory(
        name="Front desk",
        mode="shared",
        ownership=Pool.Ownership.SHARED,
        reps=[cast.amina, cast.bruno],
    )
    with clock_at(NOON):
        return LeadFactory(pool=pool)


def test_the_first_contact_makes_the_owner(cast, lead):
    with clock_at(NOON + MINUTE):
        result = log_contact(lead, cast.amina, "call", note="Wants a demo")

    assert (result.result, result.taken_by, result.taken_at) == (
        "logged",
        cast.amina,
        NOON + MINUTE,
    )
    lead.refresh_from_db()
    assert (lead.status, lead.owner, lead.pool.name) == ("owned", cast.amina, "Inside sales")
    [held] = lead.assignments.all()
    assert (held.rep, held.method, held.started_at) == (cast.amina, "contact", NOON + MINUTE)
    [contact] = lead.contacts.all()
    assert (contact.rep, contact.channel, contact.at, contact.note) == (
        cast.amina,
        "call",
        NOON + MINUTE,
        "Wants a demo",
    )
    logged = LogEntry.objects.get(event="lead.contacted")
    assert (logged.rep, logged.actor) == (cast.amina, cast.amina.user)
    assert logged.detail == {
        "contact": contact.pk,
        "channel": "call",
        "note": "Wants a demo",
        "took": True,
    }


def test_who_comes_second_learns_whose_it_is_and_logs_nothing(cast, lead):
    with clock_at(NOON + MINUTE):
        log_contact(lead, cast.amina, "call")
    result = log_contact(lead, cast.bruno, "email")

    assert (result.result, result.taken_by, result.taken_at) == ("lost", cast.amina, NOON + MINUTE)
    assert Contact.objects.get().rep == cast.amina


def test_the_owner_logs_every_further_contact_whatever_the_gates_say(cast, lead):
    log_contact(lead, cast.amina, "call")
    cast.amina.paused = True
    cast.amina.save()

    assert log_contact(lead, cast.amina, "meeting").result == "logged"
    assert list(lead.contacts.values_list("channel", flat=True)) == ["call", "meeting"]
    assert Assignment.objects.count() == 1


def test_a_lead_that_was_pushed_is_contacted_by_its_owner(cast):
    lead = LeadFactory(owner=cast.chloe)
    assert log_contact(lead, cast.chloe, "email").result == "logged"


def test_a_lead_that_stays_shared_counts_each_contact_for_its_rep(cast, staying):
    for rep in (cast.amina, cast.bruno, cast.amina):
        assert log_contact(staying, rep, "call").result == "logged"

    staying.refresh_from_db()
    assert (staying.status, staying.owner) == ("waiting", None)
    assert not Assignment.objects.exists()
    assert [contact.rep for contact in staying.contacts.order_by("id")] == [
        cast.amina,
        cast.bruno,
        cast.amina,
    ]


@pytest.mark.parametrize(
    ("trouble", "code"), [("paused", "paused"), ("leave", "time_off"), ("full", "at_capacity")]
)
def test_the_gates_of_a_claim_stand_before_the_first_contact(cast, lead, trouble, code):
    if trouble == "paused":
        cast.amina.paused = True
    elif trouble == "leave":
        TimeOff.objects.create(rep=cast.amina, starts_at=NOON, ends_at=NOON + 60 * MINUTE)
    else:
        cast.amina.capacity = 1
        LeadFactory(owner=cast.amina)
    cast.amina.save()

    with clock_at(NOON + MINUTE):
        result = log_contact(lead, cast.amina, "call")
    assert (result.result, [one.code for one in result.refusals]) == ("refused", [code])
    lead.refresh_from_db()
    assert (lead.owner, lead.contacts.count()) == (None, 0)


def test_a_rep_at_capacity_still_works_what_stays_shared(cast, staying):
    cast.amina.capacity = 1
    cast.amina.save()
    LeadFactory(owner=cast.amina)
    assert log_contact(staying, cast.amina, "call").result == "logged"


def test_who_is_not_of_the_pool_is_refused(cast, lead):
    result = log_contact(lead, cast.chloe, "call")
    assert [one.code for one in result.refusals] == ["not_a_member"]


def test_leads_of_queues_and_races_are_claimed_not_contacted(cast):
    with pytest.raises(NotYours):
        log_contact(LeadFactory(pool=cast.pool), cast.amina, "call")


def test_a_shared_lead_is_not_claimed(cast, lead):
    result = claim(lead, cast.amina, via="page")
    assert (result.result, [one.code for one in result.refusals]) == ("refused", ["shared"])


def test_a_closed_lead_takes_no_contact(cast, lead):
    log_contact(lead, cast.amina, "call")
    close(lead, cast.amina)
    with pytest.raises(NotYours):
        log_contact(lead, cast.amina, "call")


def test_nobody_is_offered_a_shared_lead(lead):
    assert not Offer.objects.filter(lead=lead).exists()
    assert LogEntry.objects.get(event="lead.opened").detail["mode"] == "shared"


def test_a_contact_is_logged_for_when_it_was_and_never_for_later(cast, lead):
    with clock_at(NOON + 10 * MINUTE):
        log_contact(lead, cast.amina, "call", at=NOON + 5 * MINUTE)
        with pytest.raises(ValueError, match="when it has been made"):
            log_contact(lead, cast.amina, "call", at=NOON + 20 * MINUTE)
    [contact] = lead.contacts.all()
    assert contact.at == NOON + 5 * MINUTE
    # The lead was the rep's from when it was said, not from before.
    assert lead.assignments.get().started_at == NOON + 10 * MINUTE


def test_a_contact_is_logged_with_when_it_was_said(cast, lead):
    with clock_at(NOON + 10 * MINUTE):
        log_contact(lead, cast.amina, "call", at=NOON + 5 * MINUTE)
        log_contact(lead, cast.amina, "email")
    first, second = lead.log.filter(event="lead.contacted").order_by("pk")
    assert first.detail["said_at"] == (NOON + 10 * MINUTE).isoformat()
    assert "said_at" not in second.detail


def test_nobody_was_in_touch_with_a_lead_before_it_came_in(cast, lead):
    with clock_at(NOON + 10 * MINUTE):
        with pytest.raises(ValueError, match="after it came in"):
            log_contact(lead, cast.amina, "call", at=NOON - 6 * MINUTE)
        log_contact(lead, cast.amina, "call", at=NOON - MINUTE)  # another machine's clock
    assert lead.contacts.get().at == NOON


def test_an_unknown_channel_is_an_error(cast, lead):
    with pytest.raises(ValueError, match="pigeon"):
        log_contact(lead, cast.amina, "pigeon")


def test_a_lead_given_back_is_shared_again(cast, lead):
    log_contact(lead, cast.amina, "call")
    release(lead, cast.amina, reason="Speaks Spanish only")
    assert log_contact(lead, cast.bruno, "call").taken_by == cast.bruno


def test_a_contact_goes_on_with_the_own_work(cast, staying):
    with clock_at(NOON):
        start(staying, cast.amina)
    with clock_at(NOON + 10 * MINUTE):
        log_contact(staying, cast.amina, "call")
    assert Work.objects.get().until == NOON + 25 * MINUTE


def test_a_contact_of_a_colleague_leaves_the_work_alone(cast, staying):
    with clock_at(NOON):
        start(staying, cast.amina)
    with clock_at(NOON + 10 * MINUTE):
        log_contact(staying, cast.bruno, "call")
    work = Work.objects.get()
    assert (work.rep, work.until) == (cast.amina, NOON + 15 * MINUTE)


def test_a_member_closes_what_is_shared(cast, staying):
    before = staying.pool.version
    closed = close(staying, cast.amina, reason="Only wanted the price list")

    assert (closed.status, closed.owner) == ("closed", None)
    logged = LogEntry.objects.get(event="lead.closed")
    assert (logged.rep, logged.detail["reason"]) == (cast.amina, "Only wanted the price list")
    staying.pool.refresh_from_db()
    assert staying.pool.version > before
    with pytest.raises(NotYours):
        close(staying, cast.bruno)


def test_only_a_member_closes_what_is_shared(cast, staying):
    with pytest.raises(NotYours):
        close(staying, cast.chloe)


def test_members_see_a_shared_lead_whole_until_it_is_somebodys(cast, lead):
    assert view(cast.bruno.user, lead) is View.WHOLE
    assert view(cast.chloe.user, lead) is View.NOTHING
    log_contact(lead, cast.amina, "call")
    owned = Lead.objects.get(pk=lead.pk)
    assert view(cast.amina.user, owned) is View.WHOLE
    assert view(cast.bruno.user, owned) is View.PREVIEW


def test_waiting_leads_of_queues_stay_a_preview(cast):
    queued = LeadFactory(pool=PoolFactory(mode="queue", reps=[cast.amina]))
    assert policy().view_for_rep(queued, cast.amina, member=True) is View.PREVIEW


def test_the_host_project_hears_of_a_contact(cast, lead):
    heard = []

    def listen(**arguments):
        heard.append((arguments["lead"].pk, arguments["rep"], arguments["contact"].channel))

    lead_contacted.connect(listen)
    try:
        with TestCase.captureOnCommitCallbacks(execute=True):
            log_contact(lead, cast.amina, "email")
    finally:
        lead_contacted.disconnect(listen)
    assert heard == [(lead.pk, cast.amina, "email")]


def taps(lead, rep, *seconds, channel="call", **given):
    """The same button, tapped so many seconds after noon."""
    answers = []
    for second in seconds:
        with clock_at(NOON + MINUTE + timedelta(seconds=second)):
            answers.append(log_contact(lead, rep, channel, tapped=True, **given))
    return answers


def test_a_double_tap_is_one_contact(cast, lead, staying):
    for one in (lead, staying):
        first, second = taps(one, cast.amina, 0, 2)
        assert second.result == "logged"
        assert second.contact == first.contact == one.contacts.get()
        assert one.log.filter(event="lead.contacted").count() == 1


def test_a_minute_later_it_is_another_call(cast, lead):
    taps(lead, cast.amina, 0, 60)
    assert lead.contacts.count() == 2


def test_calling_and_then_writing_are_two_contacts(cast, lead):
    taps(lead, cast.amina, 0)
    taps(lead, cast.amina, 2, channel="email")
    assert lead.contacts.count() == 2


def test_a_note_is_never_lost_to_the_tap_before_it(cast, lead):
    taps(lead, cast.amina, 0)
    taps(lead, cast.amina, 20, 21, note="Wants a demo")
    assert list(lead.contacts.values_list("note", flat=True)) == ["", "Wants a demo"]


def test_two_colleagues_who_tap_at_once_are_two_contacts(cast, staying):
    taps(staying, cast.amina, 0)
    taps(staying, cast.bruno, 1)
    assert staying.contacts.count() == 2


def test_who_tapped_and_lost_the_lead_is_told_whose_it_is(cast, lead):
    taps(lead, cast.amina, 0)
    with clock_at(NOON + MINUTE + timedelta(seconds=5)):
        release(lead, cast.amina, reason="Wrong market")
        log_contact(lead, cast.bruno, "email")
    [answer] = taps(lead, cast.amina, 9)
    assert (answer.result, answer.taken_by) == ("lost", cast.bruno)


def test_a_lead_that_became_ones_own_again_is_contacted_anew(cast):
    pool = PoolFactory(name="France", reps=[cast.amina])
    with clock_at(NOON):
        lead = LeadFactory(pool=pool)
        claim(lead, cast.amina, via="page")
    taps(lead, cast.amina, 0)
    with clock_at(NOON + MINUTE + timedelta(seconds=5)):
        release(lead, cast.amina, reason="A slip")
    with clock_at(NOON + MINUTE + timedelta(seconds=6)):
        claim(lead, cast.amina, via="page")
    taps(lead, cast.amina, 9)
    assert lead.contacts.count() == 2
