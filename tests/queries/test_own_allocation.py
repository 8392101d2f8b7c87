"""A rep is told how many leads a week are the own ones, and what would make them more (AL1)."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from leaddistrib.engine.allocation import BANDS
from leaddistrib.models import Allocation, AllocationPolicy, Outcome, Quota
from leaddistrib.queries.own.allocation import own_allocation
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

MARCH, NOON = date(2026, 3, 1), datetime(2026, 3, 20, 12, tzinfo=UTC)


@pytest.fixture
def amina():
    policy = AllocationPolicy.objects.create(floor=8)
    for percent, leads in BANDS:
        policy.bands.create(from_percent=percent, leads=leads)
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"), allocation=15)


def won(rep, value):
    Quota.objects.get_or_create(
        rep=rep, month=MARCH, defaults={"amount": Decimal("999.99"), "currency": "EUR"}
    )
    Outcome.objects.create(
        lead=LeadFactory(), rep=rep, stage="won", value=value, currency="EUR", at=NOON
    )


def told(rep):
    return own_allocation(rep, NOON)


def test_she_sees_what_bounds_her_where_she_stands_and_what_the_next_band_needs(amina):
    won(amina, 600)
    own = told(amina)
    assert (own.leads, own.floor, own.band, own.next_leads) == (15, 8, (50, 12), 12)
    assert (own.attained.won, own.attained.percent) == (600, 60)
    assert (own.higher.from_percent, own.higher.leads) == (75, 15)
    assert own.higher.missing == Decimal("150.00")

    won(amina, own.higher.missing)
    assert told(amina).band == (75, 15)


def test_in_the_highest_band_nothing_is_above(amina):
    won(amina, 5000)
    own = told(amina)
    assert (own.band, own.higher) == ((100, 20), None)


def test_without_a_quota_there_is_nothing_to_say_of_this_month(amina):
    own = told(amina)
    assert (own.leads, own.attained, own.band, own.higher) == (15, None, None, None)


def test_her_history_is_her_own_newest_first_and_a_year_long(amina):
    for rep in (amina, RepFactory(user__username="bruno")):
        for number in range(14):
            Allocation.objects.create(
                rep=rep,
                month=date(2025 + number // 12, number % 12 + 1, 1),
                leads=number,
                won=0,
                quota=1,
                currency="EUR",
                percent=0,
                at=NOON,
            )
    history = told(amina).history
    assert [one.leads for one in history] == list(range(13, 1, -1))
    assert {one.rep for one in history} == {amina}


def test_where_no_policy_holds_nothing_is_said(amina, django_assert_max_num_queries):
    won(amina, 600)
    with django_assert_max_num_queries(6):
        told(amina)
    AllocationPolicy.objects.create(team=amina.team, active=False)
    assert told(amina) is None
