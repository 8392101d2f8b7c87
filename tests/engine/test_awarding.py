"""To whom a lead goes that several reps claimed within seconds (RA5)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.engine.awarding import Bid, ranked

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
AMINA, BRUNO, CHLOE, DAVID = 1, 2, 3, 4


def bid(rep, seconds=0, **facts):
    return Bid(rep, NOON + timedelta(seconds=seconds), **facts)


def order(by, *bids):
    return [one.rep for one in ranked(bids, by)]


def test_the_higher_tier_comes_before_the_faster_thumb():
    assert order("tier", bid(BRUNO, 0, tier=2), bid(AMINA, 4, tier=1)) == [AMINA, BRUNO]


def test_who_is_in_no_tier_comes_after_those_who_are():
    assert order("tier", bid(CHLOE), bid(BRUNO, 3, tier=3)) == [BRUNO, CHLOE]


def test_the_higher_score_comes_first_and_none_last():
    low, high = Decimal("40.5"), Decimal("61.25")
    bids = (bid(CHLOE), bid(BRUNO, 1, score=low), bid(AMINA, 2, score=high))

    assert order("score", *bids) == [AMINA, BRUNO, CHLOE]


@pytest.mark.parametrize(
    ("amina", "bruno", "first"),
    [
        ({"had": 3, "entitled": Decimal(10)}, {"had": 3, "entitled": Decimal(20)}, BRUNO),
        ({"had": 3, "entitled": Decimal(10)}, {"had": 7, "entitled": Decimal(20)}, AMINA),
        ({"had": 0, "entitled": Decimal(0)}, {"had": 9, "entitled": Decimal(10)}, BRUNO),
    ],
)
def test_who_has_had_least_of_what_is_theirs_comes_first(amina, bruno, first):
    assert order("entitlement", bid(AMINA, 0, **amina), bid(BRUNO, 1, **bruno))[0] == first


@pytest.mark.parametrize("by", ["entitlement", "tier", "score"])
def test_between_equals_the_earlier_claim_comes_first_and_then_the_order_is_fixed(by):
    late, early, same = bid(AMINA, 2), bid(DAVID, 1), bid(BRUNO, 2)

    assert order(by, late, same, early) == [DAVID, AMINA, BRUNO]
    assert order(by, early, same, late) == [DAVID, AMINA, BRUNO]
