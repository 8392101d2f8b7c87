"""A lead opens for everybody in its pool at once, and later for whom that was said of (RA1)."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from leaddistrib.errors import NotYours
from leaddistrib.events import publishing
from leaddistrib.lifecycle import claim, log_contact, start
from leaddistrib.lifecycle.announcing import SINGLY
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.opening import close_offers, open_to_claims, tell, tell_due
from leaddistrib.models import (
    Gateway,
    Lead,
    Offer,
    OutboxMessage,
    Pool,
    PushSubscription,
    TeamChat,
)
from leaddistrib.queries.snapshot import me
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def heard(monkeypatch):
    """What the pages of each group were sent, in order."""
    told: list[tuple[str, dict]] = []

    def overhear(events):
        for group, event in events.items():
            told.extend((group, json.loads(text)) for text in event.get("texts", ()))

    monkeypatch.setattr(publishing, "_send", overhear)
    return told


def opened(pool, later):
    """A lead that opens in ``pool`` at noon, so many minutes later for the reps in ``later``."""
    lead = LeadFactory()
    with transaction.atomic():
        waits = {rep.pk: NOON + minutes * MINUTE for rep, minutes in later.items()}
        open_to_claims(lead, pool, NOON, waits)
    return lead


def codes(result):
    return [refusal.code for refusal in result.refusals]


@pytest.mark.parametrize("mode", ["race", "queue"])
def test_a_claim_before_the_own_window_is_refused_and_says_when_it_lifts(cast, mode):
    pool = PoolFactory(mode=mode, reps=[cast.amina, cast.bruno])
    lead = opened(pool, {cast.amina: 15})

    with clock_at(NOON + 14 * MINUTE):
        early = claim(lead, cast.amina, via="page")
    assert codes(early) == ["not_open_yet"]
    assert early.refusals[0].lifts_at == NOON + 15 * MINUTE
    with clock_at(NOON + 15 * MINUTE):  # whether or not a worker has told her
        assert claim(lead, cast.amina, via="page").result == "won"


def test_everybody_else_may_claim_at_once(cast):
    lead = opened(cast.pool, {cast.amina: 15})

    with clock_at(NOON):
        assert claim(lead, cast.bruno, via="page").result == "won"
    with clock_at(NOON + 15 * MINUTE):
        assert claim(lead, cast.amina, via="page").taken_by == cast.bruno


@pytest.mark.parametrize("ownership", Pool.Ownership.values)
def test_nobody_works_on_a_shared_lead_before_the_own_window(cast, ownership):
    pool = PoolFactory(mode="shared", ownership=ownership, reps=[cast.amina, cast.bruno])
    lead = opened(pool, {cast.amina: 15})

    with clock_at(NOON + MINUTE):
        assert codes(log_contact(lead, cast.amina, "call")) == ["not_open_yet"]
        assert codes(start(lead, cast.amina)) == ["not_open_yet"]
        assert start(lead, cast.bruno).result == "working"
    with clock_at(NOON + 40 * MINUTE):
        assert log_contact(lead, cast.amina, "call").result == "logged"


def test_a_rep_is_told_once_when_the_own_window_opens(cast, heard):
    lead = opened(cast.pool, {cast.amina: 15})
    offer = Offer.objects.get(rep=cast.amina)
    assert (offer.opened_at, offer.opens_at) == (None, NOON + 15 * MINUTE)
    assert Offer.objects.get(rep=cast.bruno).opened_at == NOON

    assert tell_due(NOON + 15 * MINUTE - timedelta(microseconds=1)) == 0
    assert tell_due(NOON + 16 * MINUTE) == 1
    assert tell_due(NOON + 17 * MINUTE) == 0

    offer.refresh_from_db()
    assert (offer.opened_at, offer.closed_at) == (NOON + 16 * MINUTE, None)
    assert lead.offers.count() == 2


def test_the_own_pages_alone_hear_of_the_own_window(
    cast, heard, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        lead = opened(cast.pool, {cast.amina: 15})
    window = {str(lead.public_id): "2026-03-02T12:15:00Z"}
    group = publishing.rep_group(cast.amina)
    assert (group, {"type": "me.changed", "me": {"windows": window}}) in heard
    assert me(cast.amina, NOON)["windows"] == window
    assert me(cast.bruno, NOON)["windows"] == {}

    heard.clear()
    with django_capture_on_commit_callbacks(execute=True):
        tell_due(NOON + 15 * MINUTE)
    assert heard == [(group, {"type": "me.changed", "me": {"windows": window}})]
    assert me(cast.amina, NOON + 15 * MINUTE)["windows"] == {}


def test_each_message_about_windows_has_the_size_of_a_race_message(
    cast, heard, django_capture_on_commit_callbacks
):
    for _ in range(20):
        opened(cast.pool, {cast.amina: 15})

    with django_capture_on_commit_callbacks(execute=True):
        assert tell_due(NOON + 15 * MINUTE) == 20

    assert [len(message["me"]["windows"]) for _, message in heard] == [7, 7, 6]
    assert all(len(json.dumps(message)) <= 500 for _, message in heard)


def test_a_lead_that_was_taken_meanwhile_is_told_of_to_nobody(cast, heard):
    lead = opened(cast.pool, {cast.amina: 15})
    with clock_at(NOON + MINUTE):
        claim(lead, cast.bruno, via="page")

    assert tell_due(NOON + 15 * MINUTE) == 0
    assert Offer.objects.get(rep=cast.amina).opened_at is None


@pytest.mark.parametrize("ends", ["contact", "close"])
def test_a_shared_lead_that_somebody_took_or_closed_opens_for_nobody_any_more(cast, ends):
    pool = PoolFactory(mode="shared", reps=[cast.amina, cast.bruno])
    lead = opened(pool, {cast.amina: 15})
    with clock_at(NOON + MINUTE):
        if ends == "contact":
            log_contact(lead, cast.bruno, "call")
        else:
            close(lead, cast.bruno)

    assert tell_due(NOON + 15 * MINUTE) == 0
    assert not Offer.objects.filter(closed_at=None).exists()


def test_a_window_of_an_opening_before_is_put_aside(cast):
    """Such as one that a version of this program left behind that did not close them."""
    lead = opened(cast.pool, {cast.amina: 15})
    Lead.objects.filter(pk=lead.pk).update(period=2)

    assert tell_due(NOON + 15 * MINUTE) == 1
    offer = Offer.objects.get(rep=cast.amina)
    assert (offer.opened_at, offer.closed_at) == (None, NOON + 15 * MINUTE)
    assert tell_due(NOON + 16 * MINUTE) == 0


def test_whoever_may_have_no_lead_when_the_window_opens_is_not_told_and_may_claim_later(cast):
    lead = opened(cast.pool, {cast.amina: 15})
    cast.amina.paused = True
    cast.amina.save()

    assert tell_due(NOON + 15 * MINUTE) == 1
    assert tell_due(NOON + 16 * MINUTE) == 0
    assert Offer.objects.get(rep=cast.amina).opened_at is None
    cast.amina.paused = False
    cast.amina.save()
    with clock_at(NOON + 17 * MINUTE):
        assert claim(lead, cast.amina, via="page").result == "won"


def test_somebody_who_is_not_in_the_pool_has_no_window(cast):
    lead = opened(cast.pool, {cast.chloe: 15})

    assert not Offer.objects.filter(rep=cast.chloe).exists()
    with pytest.raises(NotYours):
        log_contact(lead, cast.chloe, "call")


def test_whoever_left_the_pool_meanwhile_hears_nothing(cast, heard):
    opened(cast.pool, {cast.amina: 15})
    cast.pool.reps.remove(cast.amina)

    assert tell_due(NOON + 15 * MINUTE) == 1
    assert Offer.objects.get(rep=cast.amina).opened_at is None
    assert tell_due(NOON + 16 * MINUTE) == 0


def test_a_time_that_has_passed_is_no_window_of_its_own(cast):
    opened(cast.pool, {cast.amina: 0})

    assert Offer.objects.get(rep=cast.amina).opened_at == NOON


def test_windows_open_in_the_order_of_their_times_some_at_a_time(cast):
    leads = [opened(cast.pool, {cast.amina: minutes}) for minutes in (3, 1, 2)]

    assert tell_due(NOON + 5 * MINUTE, limit=2) == 2
    left = Offer.objects.filter(rep=cast.amina, opened_at=None)
    assert [offer.lead for offer in left] == [leads[0]]
    assert tell_due(NOON + 5 * MINUTE, limit=2) == 1


def test_many_windows_cost_as_many_queries_as_one(cast):
    def cost(number):
        for _ in range(number):
            opened(cast.pool, {cast.amina: 1, RepFactory(team=cast.paris): 1})
        with CaptureQueriesContext(
            connection,
        ) as queries:
            tell_due(NOON + MINUTE)
        return len(queries)

    assert cost(1) == cost(12)


# --- Messages


@pytest.fixture
def phones(cast):
    """Amina and Bruno let us push to their phones; Paris has a room in Teams."""
    Gateway.objects.create(channel="push")
    for rep in (cast.amina, cast.bruno):
        PushSubscription.objects.create(
            user=rep.user, fingerprint=rep.name, secret=b"", created_at=NOON
        )
    TeamChat.objects.create(team=cast.paris, channel="teams", name="Sales")


def messages(event="lead.offered"):
    """Who was written to, and by which channel."""
    found = OutboxMessage.objects.filter(event__startswith=event).order_by("pk")
    return [(str(one.recipient or one.chat), one.channel) for one in found]


def test_a_race_rings_every_phone_at_once_and_the_own_window_rings_later(cast, phones):
    cast.pool.teams.add(cast.paris)
    lead = opened(cast.pool, {cast.amina: 15})
    assert messages() == [("bruno", "push"), ("Sales (Microsoft Teams)", "teams")]

    tell_due(NOON + 15 * MINUTE)
    tell_due(NOON + 15 * MINUTE)
    assert messages()[2:] == [("amina", "push")]
    last = OutboxMessage.objects.latest("pk")
    assert (last.event, last.lead) == (f"lead.offered:{lead.pk}:1", lead)
    assert last.due_at == NOON + 15 * MINUTE


def test_in_a_queue_no_phone_rings_whoever_waits_for_a_window(cast, phones):
    pool = PoolFactory(mode="queue", reps=[cast.amina, cast.bruno], teams=[cast.paris])
    opened(pool, {cast.amina: 15})

    assert tell_due(NOON + 15 * MINUTE) == 1
    assert messages() == [("Sales (Microsoft Teams)", "teams")]


def test_a_file_of_leads_rings_no_phone(cast, phones):
    cast.pool.teams.add(cast.paris)
    with transaction.atomic():
        leads = Lead.objects.bulk_create(
            Lead(status="waiting", pool=cast.pool, period=1, opens_at=NOON, received_at=NOON)
            for _ in range(SINGLY + 1)
        )
        tell(leads, NOON)

    assert messages() == []
    assert Offer.objects.filter(opened_at=NOON).count() == 2 * len(leads)


def test_phones_ring_for_leads_that_nobody_answered_however_many_they_are(cast, phones):
    """No worker ran for an hour: then all those go to their pool at once."""
    with transaction.atomic():
        leads = Lead.objects.bulk_create(
            Lead(status="waiting", pool=cast.pool, period=1, opens_at=NOON, received_at=NOON)
            for _ in range(SINGLY + 1)
        )
        tell(leads, NOON, urgent=True)

    rung = OutboxMessage.objects.filter(channel="push", recipient=cast.amina.user)
    assert rung.count() == len(leads)


def test_when_a_lead_is_gone_the_post_about_it_is_put_right(cast, phones):
    cast.pool.teams.add(cast.paris)
    lead = opened(cast.pool, {cast.amina: 15})
    with transaction.atomic():
        close_offers([lead], NOON + MINUTE)

    assert messages("lead.taken") == [("Sales (Microsoft Teams)", "teams")]
    assert not Offer.objects.filter(closed_at=None).exists()
