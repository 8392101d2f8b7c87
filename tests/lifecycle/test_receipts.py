"""Told, delivered, seen: each is stamped once, for each rep and lead (NO3)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle.receipts import delivered, seen
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.models import Assignment, Offer, OutboxMessage
from leaddistrib.notify.told import stamp_told
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, clock_at

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def amina():
    return RepFactory(user__username="amina")


def message(rep, lead, event="lead.assigned:1", channel="push"):
    return OutboxMessage.objects.create(
        event=event,
        recipient=rep.user,
        channel=channel,
        lead=lead,
        created_at=NOON,
        due_at=NOON,
        sent_at=NOON,
    )


def race_of(*reps):
    with clock_at(NOON):
        return LeadFactory(pool=PoolFactory(mode="race", reps=reps))


def times(row):
    row.refresh_from_db()
    return [at and (at - NOON) // MINUTE for at in (row.delivered_at, row.seen_at)]


def test_what_was_given_counts_as_delivered_and_seen_when_its_message_was(amina):
    given = message(amina, LeadFactory(owner=amina))
    assignment = Assignment.objects.get()

    delivered(given.pk, NOON + MINUTE)
    assert times(given) == times(assignment) == [1, None]

    seen(given.pk, NOON + 2 * MINUTE)
    assert times(given) == times(assignment) == [1, 2]


def test_what_was_offered_counts_for_the_one_whose_message_it_was(amina):
    bruno = RepFactory(user__username="bruno")
    lead = race_of(amina, bruno)
    told = message(amina, lead, f"lead.offered:{lead.pk}:1")

    seen(told.pk, NOON + MINUTE)

    assert times(Offer.objects.get(rep=amina)) == [1, 1]
    assert times(Offer.objects.get(rep=bruno)) == [None, None]


def test_only_the_first_receipt_counts(amina):
    given = message(amina, LeadFactory(owner=amina))
    mail = message(amina, given.lead, channel="email")
    for minutes in (1, 5):
        seen(given.pk, NOON + minutes * MINUTE)
    seen(mail.pk, NOON + 9 * MINUTE)

    assert times(given) == times(Assignment.objects.get()) == [1, 1]
    assert times(mail) == [9, 9]


def test_who_opened_it_had_received_it_whatever_the_device_said(amina):
    given = message(amina, LeadFactory(owner=amina))

    seen(given.pk, NOON + 3 * MINUTE)

    assert times(given) == [3, 3]


def test_what_is_over_keeps_the_times_that_it_had(amina):
    """Amina opens the message after Bruno took the lead: that is no part of the race any more."""
    bruno = RepFactory(user__username="bruno")
    lead = race_of(amina, bruno)
    told = message(amina, lead, f"lead.offered:{lead.pk}:1")
    Offer.objects.update(closed_at=NOON + MINUTE)

    seen(told.pk, NOON + 2 * MINUTE)

    assert times(told) == [2, 2]
    assert times(Offer.objects.get(rep=amina)) == [None, None]


def test_a_receipt_for_a_message_that_is_no_more_does_no_harm():
    delivered(12345, NOON)
    seen(12345, NOON)

    assert not OutboxMessage.objects.exists()


def test_a_post_in_a_chat_is_nobodys_own(amina):
    lead = LeadFactory(owner=amina)
    post = OutboxMessage.objects.create(
        event=f"lead.taken:{lead.pk}:1", channel="slack", lead=lead, created_at=NOON, due_at=NOON
    )

    delivered(post.pk, NOON)

    assert times(post) == [0, None]
    assert times(Assignment.objects.get()) == [None, None]


def test_a_lead_on_screen_is_seen_by_whoever_was_given_or_offered_it(amina):
    bruno = RepFactory(user__username="bruno")
    given, offered = LeadFactory(owner=amina), race_of(amina, bruno)

    with clock_at(NOON + MINUTE):
        assert mark_seen(amina, [given.public_id, offered.public_id]) == 2
    with clock_at(NOON + 5 * MINUTE):
        assert mark_seen(amina, [given.public_id, offered.public_id]) == 0
        assert mark_seen(bruno, [given.public_id]) == 0

    assert times(Assignment.objects.get()) == [None, 1]
    assert times(Offer.objects.get(rep=amina)) == [None, 1]
    assert times(Offer.objects.get(rep=bruno)) == [None, None]


def told(row):
    row.refresh_from_db()
    return row.told_at and (row.told_at - NOON) // MINUTE


def test_whom_no_message_reached_is_told_when_the_lead_is_on_screen(amina):
    """Nothing was sent to Amina, who looks at the pool; Bruno has not."""
    bruno = RepFactory(user__username="bruno")
    offered, given = race_of(amina, bruno), LeadFactory(owner=amina)
    offers = [Offer.objects.get(rep=rep) for rep in (amina, bruno)]
    assert [told(offer) for offer in offers] == [None, None]

    for minutes in (3, 8):
        with clock_at(NOON + minutes * MINUTE):
            mark_seen(amina, [offered.public_id, given.public_id])

    assert [told(offer) for offer in offers] == [3, None]
    assert told(Assignment.objects.get()) == 3


def test_a_receipt_that_is_quicker_than_the_provider_tells(amina):
    """The phone shows it while the push service's answer is still on its way."""
    lead = race_of(amina)
    pushed = message(amina, lead, f"lead.offered:{lead.pk}:1")

    delivered(pushed.pk, NOON + MINUTE)
    stamp_told(pushed, NOON + 2 * MINUTE)

    assert told(Offer.objects.get()) == 1


def test_the_first_message_that_a_provider_took_counts_for_an_offer(amina):
    """Bruno's message is none of Amina's, and that of a former opening none of this one's."""
    bruno = RepFactory(user__username="bruno")
    lead = race_of(amina, bruno)
    stamp_told(message(amina, lead, f"lead.offered:{lead.pk}:0"), NOON)
    for minutes, channel in enumerate(("push", "sms"), start=1):
        pushed = message(amina, lead, f"lead.offered:{lead.pk}:1", channel)
        stamp_told(pushed, NOON + minutes * MINUTE)

    assert told(Offer.objects.get(rep=amina)) == 1
    assert told(Offer.objects.get(rep=bruno)) is None


def test_nobody_has_seen_what_they_were_not_told_of_yet(amina):
    lead = race_of(amina)
    Offer.objects.update(opened_at=None, opens_at=NOON + 5 * MINUTE)

    with clock_at(NOON + MINUTE):
        assert mark_seen(amina, [lead.public_id]) == 0
