"""A rep tried, and nobody answered: it is known, and the clock goes on (SL2)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import claim, close, log_attempt, log_contact, recycle
from leaddistrib.models import Contact, LogEntry, ResponseClock
from leaddistrib.queries.contacts import Attempts, attempts_of
from leaddistrib.testing import LeadFactory, PoolFactory, clock_at

MINUTE = timedelta(minutes=1)


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def lead(cast, now):
    """Amina claimed it: her clock runs."""
    with clock_at(now):
        lead = LeadFactory(pool=cast.pool, received_at=now)
        claim(lead, cast.amina, via="page")
    lead.refresh_from_db()
    return lead


def attempts(lead):
    return attempts_of([lead]).get(lead.pk)


def test_an_attempt_answers_nothing(cast, lead, now):
    with clock_at(now + MINUTE):
        log_attempt(lead, cast.amina, "call", note=" Voicemail ")
    assert ResponseClock.objects.get().runs
    assert not Contact.objects.exists()
    logged = LogEntry.objects.get(event="lead.attempted")
    assert (logged.rep, logged.actor, logged.at) == (cast.amina, cast.amina.user, now + MINUTE)
    assert logged.detail == {"channel": "call", "note": "Voicemail"}


def test_attempts_are_counted_until_somebody_gets_through(cast, lead, now):
    assert attempts(lead) is None
    for minute in (1, 3):
        with clock_at(now + minute * MINUTE):
            log_attempt(lead, cast.amina, "call")
    assert attempts(lead) == Attempts(2, now + 3 * MINUTE)
    with clock_at(now + 4 * MINUTE):
        log_contact(lead, cast.amina, "call")
    assert attempts(lead) is None
    with clock_at(now + 5 * MINUTE):
        log_attempt(lead, cast.amina, "call")
    assert attempts(lead) == Attempts(1, now + 5 * MINUTE)


def test_a_recycled_lead_begins_without_the_attempts_of_before(cast, lead, now):
    for minute in (1, 3):
        with clock_at(now + minute * MINUTE):
            log_attempt(lead, cast.amina, "call")
    with clock_at(now + 4 * MINUTE):
        recycle([lead], cast.pool, by=None, reason="Not worked")
        lead.refresh_from_db()
        claim(lead, cast.bruno, via="page")
    assert attempts(lead) is None
    with clock_at(now + 5 * MINUTE):
        log_attempt(lead, cast.bruno, "call")
    assert attempts(lead) == Attempts(1, now + 5 * MINUTE)


def test_an_impatient_thumb_makes_one_attempt(cast, lead, now):
    for second in (0, 20, 61):
        with clock_at(now + timedelta(seconds=second)):
            log_attempt(lead, cast.amina, "call", tapped=True)
    assert attempts(lead).number == 2


def test_a_note_is_never_lost_to_the_tap_before_it(cast, lead):
    for note in ("", "Voicemail", "Voicemail"):
        log_attempt(lead, cast.amina, "call", note=note, tapped=True)
    assert [one.detail["note"] for one in lead.log.filter(event="lead.attempted")] == [
        "",
        "Voicemail",
    ]


def test_in_a_shared_pool_an_attempt_makes_no_owner(cast):
    pool = PoolFactory(name="Inside sales", mode="shared", reps=[cast.amina, cast.bruno])
    lead = LeadFactory(pool=pool)
    found = log_attempt(lead, cast.amina, "call")
    assert (found.status, found.owner) == ("waiting", None)
    assert attempts(lead).number == 1
    with pytest.raises(NotYours):
        log_attempt(lead, cast.chloe, "call")


def test_only_who_has_a_lead_tries_to_reach_it(cast, lead):
    with pytest.raises(NotYours):
        log_attempt(lead, cast.bruno, "call")
    close(lead, cast.amina)
    with pytest.raises(NotYours):
        log_attempt(lead, cast.amina, "call")


@pytest.mark.parametrize(("channel", "note"), [("pigeon", ""), ("call", "x" * 501)])
def test_what_is_wrong_is_an_error(cast, lead, channel, note):
    with pytest.raises(ValueError, match=r"pigeon|500"):
        log_attempt(lead, cast.amina, channel, note=note)
