"""A rep reaches for a lead (RA1, RA2, RA3)."""

import inspect
from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.engine import gates
from leaddistrib.lifecycle import claim, release
from leaddistrib.lifecycle.closing import close
from leaddistrib.lifecycle.seeing import mark_seen
from leaddistrib.models import Claim, Lead, LogEntry, Offer, TimeOff
from leaddistrib.signals import lead_claimed
from leaddistrib.testing import LeadFactory, clock_at

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lead(cast):
    with clock_at(NOON):
        return LeadFactory(pool=cast.pool)


def only_claim(**wanted):
    [row] = Claim.objects.filter(**wanted)
    return row


def test_the_winner_owns_the_lead_and_all_times_are_kept(cast, lead):
    with clock_at(NOON + MINUTE):
        mark_seen(cast.amina, [lead.public_id])
    with clock_at(NOON + 2 * MINUTE):
        result = claim(lead, cast.amina, via="page")

    assert (result.result, result.taken_by, result.taken_at) == (
        "won",
        cast.amina,
        NOON + 2 * MINUTE,
    )
    lead.refresh_from_db()
    assert (lead.status, lead.owner, lead.pool) == ("owned", cast.amina, cast.pool)
    kept = only_claim()
    assert (kept.result, kept.via, kept.pool) == ("won", "page", cast.pool)
    assert (kept.told_at, kept.seen_at, kept.claimed_at) == (
        NOON + MINUTE,
        NOON + MINUTE,
        NOON + 2 * MINUTE,
    )
    assert kept.speed == MINUTE
    [held] = lead.assignments.all()
    assert (held.rep, held.method, held.ended_at) == (cast.amina, "claim", None)
    assert not Offer.objects.filter(closed_at=None).exists()
    assert LogEntry.objects.get(event="lead.claimed").actor == cast.amina.user


def test_second_claimer_is_told_who_won_and_when(cast, lead):
    with clock_at(NOON):
        mark_seen(cast.bruno, [lead.public_id])
    with clock_at(NOON + MINUTE):
        claim(lead, cast.amina, via="page")
    with clock_at(NOON + 2 * MINUTE):
        result = claim(lead, cast.bruno, via="api")

    assert (result.result, result.taken_by, result.taken_at) == (
        "lost",
        cast.amina,
        NOON + MINUTE,
    )
    kept = only_claim(rep=cast.bruno)
    assert (kept.result, kept.told_at, kept.claimed_at) == ("lost", NOON, NOON + 2 * MINUTE)


def test_a_second_tap_is_won_again_and_leaves_no_second_row(cast, lead):
    with clock_at(NOON):
        claim(lead, cast.amina, via="page")
    with clock_at(NOON + MINUTE):
        again = claim(lead, cast.amina, via="page")

    assert (again.result, again.taken_by, again.taken_at) == ("won", cast.amina, NOON)
    assert Claim.objects.count() == lead.assignments.count() == 1


def test_an_outsider_of_the_pool_is_refused_and_the_attempt_kept(cast, lead):
    result = claim(lead, cast.chloe, via="page")

    assert [refusal.code for refusal in result.refusals] == ["not_a_member"]
    assert only_claim().reasons == ["not_a_member"]
    lead.refresh_from_db()
    assert lead.status == "waiting"


def test_every_reason_against_is_told(cast, lead):
    cast.amina.active, cast.amina.capacity = False, 1
    cast.amina.save()
    LeadFactory(owner=cast.amina)
    TimeOff.objects.create(rep=cast.amina, starts_at=NOON, ends_at=NOON + MINUTE)

    with clock_at(NOON):
        result = claim(lead, cast.amina, via="page")

    assert result.result == "refused"
    codes = ["inactive", "time_off", "at_capacity"]
    assert [refusal.code for refusal in result.refusals] == codes
    assert result.refusals[1].lifts_at == NOON + MINUTE
    assert only_claim().reasons == codes


def test_who_signed_out_for_good_cannot_claim(cast, lead):
    cast.amina.user.is_active = False
    cast.amina.user.save()

    assert [r.code for r in claim(lead, cast.amina, via="page").refusals] == ["inactive"]


@pytest.mark.parametrize(
    ("moment", "result"), [(-INSTANT, "refused"), (0 * INSTANT, "won"), (INSTANT, "won")]
)
def test_a_lead_opens_to_the_microsecond(cast, lead, moment, result):
    with clock_at(NOON + moment):
        assert claim(lead, cast.amina, via="page").result == result


def test_an_own_window_that_opens_later_counts(cast, lead):
    Offer.objects.filter(rep=cast.bruno).update(opens_at=NOON + 15 * MINUTE)

    with clock_at(NOON + MINUTE):
        early = claim(lead, cast.bruno, via="page")
    with clock_at(NOON + 15 * MINUTE):
        in_time = claim(lead, cast.bruno, via="page")

    assert early.refusals == (gates.Refusal("not_open_yet", lifts_at=NOON + 15 * MINUTE),)
    assert in_time.result == "won"


def test_an_offer_never_opens_a_lead_before_it_opens(cast, lead):
    Lead.objects.filter(pk=lead.pk).update(opens_at=NOON + 15 * MINUTE)

    with clock_at(NOON + MINUTE):
        result = claim(lead, cast.amina, via="page")

    assert [refusal.code for refusal in result.refusals] == ["not_open_yet"]


def test_a_closed_lead_is_no_longer_open(cast, lead):
    claim(lead, cast.amina, via="page")
    close(lead, cast.amina)

    result = claim(lead, cast.bruno, via="page")

    assert [refusal.code for refusal in result.refusals] == ["not_open"]


def test_a_lead_that_waits_nowhere_cannot_be_claimed(cast):
    result = claim(LeadFactory(), cast.amina, via="api")

    assert [refusal.code for refusal in result.refusals] == ["not_open"]


def test_a_broken_gate_refuses_the_claim(cast, lead, monkeypatch):
    def broken(rep, situation):
        raise LookupError("the calendar is down")

    monkeypatch.setattr(gates.refusals, "__defaults__", ((*gates.GATES, broken),))

    result = claim(lead, cast.amina, via="page")

    assert [refusal.code for refusal in result.refusals] == ["gate_failed"]
    lead.refresh_from_db()
    assert lead.owner is None


def test_a_lead_given_back_between_two_looks_is_looked_at_again(cast, lead, monkeypatch):
    """Bruno reads that Amina owns it; before he reads since when, she gives it back."""
    with clock_at(NOON):
        claim(lead, cast.amina, via="page")
    too_late = claim.__globals__["_too_late"]

    def given_back_meanwhile(*arguments):
        monkeypatch.setitem(claim.__globals__, "_too_late", too_late)
        inspect.unwrap(release)(lead, cast.amina, reason="wrong number")
        return too_late(*arguments)

    monkeypatch.setitem(claim.__globals__, "_too_late", given_back_meanwhile)
    with clock_at(NOON + MINUTE):
        result = claim(lead, cast.bruno, via="page")

    assert (result.result, result.lead.period) == ("won", 2)


def test_a_deleted_lead_says_so(cast, lead):
    gone = Lead.objects.get(pk=lead.pk)
    lead.delete()

    with pytest.raises(Lead.DoesNotExist):
        claim(gone, cast.amina, via="page")


def test_a_member_who_was_not_told_may_claim_too(cast, lead):
    """Chloé joined the pool after the lead had opened."""
    cast.pool.reps.add(cast.chloe)

    with clock_at(NOON + MINUTE):
        assert claim(lead, cast.chloe, via="page").result == "won"
    assert only_claim().told_at is None
    assert only_claim().speed is None


def test_the_host_project_hears_of_a_claim_once_it_is_committed(
    cast, lead, django_capture_on_commit_callbacks
):
    heard = []

    def hears(sender, lead, rep, **kwargs):
        heard.append((sender, lead.pk, rep.pk))

    lead_claimed.connect(hears)
    with django_capture_on_commit_callbacks() as committed:
        claim(lead, cast.amina, via="page")
    assert heard == []
    for callback in committed:
        callback()
    lead_claimed.disconnect(hears)

    assert heard == [(Lead, lead.pk, cast.amina.pk)]
