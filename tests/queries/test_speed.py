"""How fast reps claim, and how soon they were reached, is told by the middle of it (NO3, RA3)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.models import Assignment, Claim, Offer
from leaddistrib.queries.distribution import Scope
from leaddistrib.queries.speed import Receipts, speed
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

NINE = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOVEMBER = Scope(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))
SECOND = timedelta(seconds=1)


@pytest.fixture
def amina(db):
    return _rep("Amina", TeamFactory(name="Paris"))


@pytest.fixture
def bruno(amina):
    return _rep("Bruno", TeamFactory(name="Lyon"))


def _rep(name, team):
    return RepFactory(
        user__username=name.lower(), user__first_name=name, user__password=None, team=team
    )


def tried(rep, claimed, result="won", delivered=None, seen=None, told=NINE, period=1):
    """``rep`` reached for a lead that many seconds after being told of it."""
    lead = LeadFactory()
    stamp = {
        name: None if seconds is None else told + seconds * SECOND
        for name, seconds in (("delivered_at", delivered), ("seen_at", seen))
    }
    Offer.objects.create(lead=lead, rep=rep, period=period, opens_at=NINE, told_at=told, **stamp)
    Claim.objects.create(
        lead=lead,
        rep=rep,
        period=period,
        result=result,
        via="page",
        told_at=told,
        seen_at=stamp["seen_at"],
        claimed_at=told + claimed * SECOND,
    )


def handed(rep, delivered=None, seen=None, method=Assignment.Method.PUSH, told=NINE):
    Assignment.objects.create(
        lead=LeadFactory(),
        rep=rep,
        method=method,
        started_at=NINE,
        told_at=told,
        delivered_at=None if delivered is None else NINE + delivered * SECOND,
        seen_at=None if seen is None else NINE + seen * SECOND,
    )


def test_the_middle_of_an_odd_and_of_an_even_number_of_claims(amina, bruno):
    for seconds in (2, 900, 10):
        tried(amina, seconds)
    for seconds in (1, 3, 5, 3600):
        tried(bruno, seconds)
    assert [(line.name, line.claims.claimed) for line in speed(NOVEMBER)] == [
        ("Amina", 10),
        ("Bruno", 4),
    ]


def test_each_receipt_has_its_own_middle_of_those_that_were_stamped(amina):
    tried(amina, 30, delivered=1, seen=8)
    tried(amina, 50, delivered=3)
    tried(amina, 40, seen=4)
    assert speed(NOVEMBER)[0].claims == Receipts(delivered=2, seen=6, claimed=40)


def test_a_claim_that_lost_took_part_and_one_that_was_refused_did_not(amina):
    tried(amina, 4)
    tried(amina, 8, "lost")
    tried(amina, 500, "refused")
    shown = speed(NOVEMBER)[0]
    assert shown.claims.claimed == 6
    assert dict(shown.attempts) == {"won": 1, "lost": 1, "refused": 1}


def test_leads_that_were_handed_out_have_receipts_too(amina):
    handed(amina, delivered=2, seen=20)
    handed(amina, delivered=4, method=Assignment.Method.ESCALATION)
    handed(amina, delivered=900, method=Assignment.Method.CLAIM)
    handed(amina, told=None)
    shown = speed(NOVEMBER)[0]
    assert (shown.handed_out, shown.receipts) == (3, Receipts(delivered=3, seen=20))
    assert shown.claims == Receipts()


def test_an_offer_of_another_period_is_not_the_claims(amina):
    tried(amina, 4, delivered=1)
    claim = Claim.objects.get()
    Offer.objects.create(
        lead=claim.lead, rep=amina, period=2, opens_at=NINE, delivered_at=NINE + 99 * SECOND
    )
    assert speed(NOVEMBER)[0].claims.delivered == 1


def test_only_the_days_and_the_teams_that_are_asked_for(amina, bruno):
    tried(amina, 4)
    tried(amina, 400, told=NINE - timedelta(days=30))
    tried(bruno, 5)
    own = NOVEMBER._replace(teams=frozenset({amina.team_id}))
    assert [(line.name, line.claims.claimed) for line in speed(own)] == [("Amina", 4)]


def test_who_was_never_told_has_no_claim_speed(amina):
    tried(amina, 4)
    Claim.objects.update(told_at=None)
    assert speed(NOVEMBER)[0].claims == Receipts()


def test_twenty_reps_cost_as_many_queries_as_two(amina, django_assert_num_queries):
    def more(first, last):
        for number in range(first, last):
            rep = _rep(f"Rep {number}", amina.team)
            tried(rep, number, delivered=1, seen=2)
            handed(rep, delivered=1)

    more(0, 2)
    with django_assert_num_queries(8):
        assert len(speed(NOVEMBER)) == 2
    more(2, 20)
    with django_assert_num_queries(8):
        assert len(speed(NOVEMBER)) == 20
