"""What a rep won beside the quota, in the organisation's local days (AL1)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from leaddistrib.models import Outcome, Quota
from leaddistrib.queries.attainment import HIGHEST, Attained, attainment
from leaddistrib.testing import LeadFactory, RepFactory, TeamFactory

pytestmark = pytest.mark.django_db

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def paris(settings):
    settings.TIME_ZONE = "Europe/Paris"


@pytest.fixture
def amina():
    return RepFactory(user__username="amina", team=TeamFactory(name="Paris"))


def quota(rep, month, amount, currency="EUR"):
    return Quota.objects.create(rep=rep, month=month, amount=amount, currency=currency)


def win(rep, value, at=NOON, currency="EUR", stage="won", **fields):
    return Outcome.objects.create(
        lead=fields.pop("lead", None) or LeadFactory(),
        rep=rep,
        stage=stage,
        value=value,
        currency=currency,
        at=at,
        **fields,
    )


def attained_by(rep, since, until):
    return attainment([rep.pk], since, until)[rep.pk]


def test_what_a_rep_won_is_set_beside_the_quota_of_the_month(amina):
    quota(amina, MARCH, 10000)
    win(amina, 4000)
    win(amina, Decimal("999.99"))
    win(amina, None)

    found = attained_by(amina, MARCH, APRIL)

    # Rounded down: 50 % are not reached while a cent is missing.
    assert found == Attained(Decimal("4999.99"), Decimal(10000), "EUR", Decimal("49.99"))


def test_whoever_has_no_quota_attained_nothing_that_could_be_said(amina):
    quota(amina, APRIL, 10000)
    win(amina, 4000)
    assert attainment([amina.pk], MARCH, APRIL) == {amina.pk: None}
    assert attainment([amina.pk], APRIL, APRIL) == {amina.pk: None}
    assert attainment([], MARCH, APRIL) == {}


def test_only_what_stands_as_won_counts(amina):
    """Not what was undone, what is lost since, what is open, or what somebody else won."""
    quota(amina, MARCH, 100)
    win(amina, 7)
    win(amina, 20, undone_at=NOON)
    lost = LeadFactory()
    win(amina, 30, lead=lost)
    win(amina, None, lead=lost, at=NOON + timedelta(days=1), stage="lost")
    win(amina, 40, stage="opportunity")
    win(RepFactory(user__username="bruno"), 50)

    assert attained_by(amina, MARCH, APRIL).won == 7


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        (datetime(2026, 2, 28, 22, 59, tzinfo=UTC), False),
        (datetime(2026, 2, 28, 23, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), True),  # clocks changed on the 29th
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), False),
    ],
)
def test_days_are_the_organisations(amina, at, counts):
    quota(amina, MARCH, 100)
    win(amina, 10, at=at)
    assert attained_by(amina, MARCH, APRIL).won == (10 if counts else 0)


def test_other_currencies_are_not_added_up(amina):
    quota(amina, MARCH, 100)
    win(amina, 10)
    win(amina, 5000, currency="USD")
    assert attained_by(amina, MARCH, APRIL).won == 10


def test_a_part_of_a_month_counts_in_proportion_to_its_days(amina):
    quota(amina, MARCH, 3100)
    quota(amina, APRIL, 3000)
    win(amina, 100, at=NOON)  # before the days that are asked for
    win(amina, 1000, at=NOON + timedelta(days=10))
    win(amina, 500, at=NOON + timedelta(days=30))

    found = attained_by(amina, date(2026, 3, 12), date(2026, 4, 11))

    assert (found.quota, found.won, found.percent) == (3000, 1500, 50)


def test_months_without_a_quota_or_in_another_currency_count_on_neither_side(amina):
    quota(amina, date(2026, 2, 1), 100, "USD")
    quota(amina, APRIL, 100)
    win(amina, 70, at=datetime(2026, 2, 10, tzinfo=UTC), currency="USD")
    win(amina, 70, at=NOON)
    win(amina, 30, at=datetime(2026, 4, 10, tzinfo=UTC))

    found = attained_by(amina, date(2026, 2, 1), MAY)

    assert (found.won, found.quota, found.currency) == (30, 100, "EUR")


def test_a_quota_of_a_cent_does_not_break_the_record(amina):
    quota(amina, MARCH, Decimal("0.01"))
    win(amina, 1_000_000)
    assert attained_by(amina, MARCH, APRIL).percent == HIGHEST


def test_it_costs_two_queries_for_any_number_of_reps(amina, django_assert_num_queries):
    reps = [amina, *(RepFactory(team=amina.team) for _ in range(9))]
    for rep in reps:
        quota(rep, MARCH, 100)
        win(rep, 50)
    with django_assert_num_queries(2):
        found = attainment((rep.pk for rep in reps), MARCH, APRIL)
    assert {one and one.percent for one in found.values()} == {50}
