"""A rep gives a lead back (RA4)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.errors import NotYours
from leaddistrib.lifecycle import claim, receive, release
from leaddistrib.lifecycle.intake.cleaning import clean
from leaddistrib.models import Lead, Offer, Turn
from leaddistrib.testing import LeadFactory, clock_at, publish_rules

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def claimed(cast):
    with clock_at(NOON):
        lead = LeadFactory(pool=cast.pool)
        claim(lead, cast.amina, via="page")
    return lead


def test_a_claimed_lead_returns_to_its_pool_in_a_new_period_with_new_offers(cast, claimed):
    with clock_at(NOON + HOUR):
        lead = release(claimed, cast.amina, reason="  Wrong country ")

    assert (lead.status, lead.owner, lead.pool, lead.period) == ("waiting", None, cast.pool, 2)
    assert (lead.opens_at, lead.received_at) == (NOON + HOUR, claimed.received_at)
    offers = Offer.objects.filter(period=2, closed_at=None, opened_at=NOON + HOUR)
    assert {offer.rep for offer in offers} == {cast.amina, cast.bruno}
    [held] = lead.assignments.all()
    assert (held.ended_at, held.end, held.end_reason) == (
        NOON + HOUR,
        "released",
        "Wrong country",
    )
    assert lead.log.get(event="lead.released").detail == {"reason": "Wrong country"}
    with clock_at(NOON + HOUR):
        assert claim(lead, cast.bruno, via="page").result == "won"


def test_the_rep_has_room_for_another_lead(cast, claimed):
    cast.amina.capacity = 1
    cast.amina.save()
    other = LeadFactory(pool=cast.pool)
    assert claim(other, cast.amina, via="page").result == "refused"

    release(claimed, cast.amina, reason="Wrong country")

    assert claim(other, cast.amina, via="page").result == "won"


def test_only_the_owner_gives_a_lead_back(cast, claimed):
    with pytest.raises(NotYours):
        release(claimed, cast.bruno, reason="I want it")
    release(claimed, cast.amina, reason="Wrong country")
    with pytest.raises(NotYours):
        release(claimed, cast.amina, reason="Wrong country")


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_reason_is_needed(cast, claimed, reason):
    with pytest.raises(ValueError, match="reason"):
        release(claimed, cast.amina, reason=reason)


def test_a_long_reason_is_kept_whole_in_the_log(cast, claimed):
    lead = release(claimed, cast.amina, reason="x" * 700)

    assert lead.assignments.get().end_reason == "x" * 500
    assert lead.log.get(event="lead.released").detail == {"reason": "x" * 700}


def test_a_pushed_lead_given_back_goes_to_another_rep(cast, push_to_paris):
    publish_rules(push_to_paris())
    lead = receive(clean({"company": "Acme"})).lead
    assert lead.owner == cast.amina

    lead = release(lead, cast.amina, reason="I know them")

    assert (lead.owner, lead.status, lead.pool) == (cast.bruno, "owned", None)
    assert [turn.seat.rep for turn in Turn.objects.all()] == [cast.amina, cast.bruno]
    last = lead.decisions.last()
    assert last is not None
    [candidates] = [step["candidates"] for step in last.explanation["steps"]]
    assert candidates[1]["refused"] == "previous_owner"


def test_a_pushed_lead_that_nobody_else_can_take_falls_back_to_the_pool(cast, push_to_paris):
    publish_rules(push_to_paris({"pool": "Everyone"}))
    lead = receive(clean({"company": "Acme"})).lead
    cast.bruno.paused = True
    cast.bruno.save()

    lead = release(lead, cast.amina, reason="I know them")

    assert (lead.status, lead.pool, lead.period) == ("waiting", cast.pool, 1)
    assert Lead.objects.get(pk=lead.pk).owner is None
