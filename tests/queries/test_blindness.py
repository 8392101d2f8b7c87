"""Narrowing or sorting a list of waiting leads does not tell what is hidden of them (GU2, GU3)."""

from datetime import UTC, datetime

import pytest
from django.db.models import Q

from leaddistrib.models import Lead
from leaddistrib.policy import Role, Sight
from leaddistrib.queries.blindness import shown_temperature
from leaddistrib.queries.cards import card
from leaddistrib.queries.queue import ORDERS, WaitingFilter, values_in, waiting_in
from leaddistrib.testing import LeadFactory, PoolFactory

pytestmark = pytest.mark.django_db

EVERYTHING = Q()
"""No lead is closed to the reader by a wave."""

HOT = {
    "company": "Zebra",
    "source": "partner",
    "score": 99,
    "temperature": "hot",
    "size_band": "smb",
    "country": "FR",
}
COLD = {
    "company": "Aardvark",
    "source": "website",
    "score": 1,
    "temperature": "cold",
    "size_band": "enterprise",
    "country": "FR",
}
RATINGS = ["temperature=hot", "temperature=cold", "min_score=0"]
OTHERS = ["company=a", "company=zebra", "source=partner", "source=website", "size=smb"]


def narrowed(pool, query: str, who: Sight | None = None) -> list[Lead]:
    asked = dict([query.split("=")])
    return list(WaitingFilter(asked, waiting_in([pool], EVERYTHING), who=who).qs)


@pytest.mark.parametrize("query", [*RATINGS, *OTHERS, "source=-"])
def test_a_blind_lead_is_left_out_by_whatever_asks_for_what_it_hides(query):
    pool = PoolFactory(blind_percent=100)
    for fields in (HOT, COLD):
        LeadFactory(pool=pool, **fields)
    assert narrowed(pool, query) == []


def test_a_blind_lead_is_found_by_its_country_which_it_shows():
    pool = PoolFactory(blind_percent=100)
    lead = LeadFactory(pool=pool, **HOT)
    assert narrowed(pool, "country=FR") == [lead]
    assert narrowed(pool, "country=DE") == []


@pytest.mark.parametrize("query", RATINGS)
def test_where_ratings_are_hidden_nobody_narrows_by_them(query):
    pool = PoolFactory(unrated=True)
    for fields in (HOT, COLD):
        LeadFactory(pool=pool, **fields)
    assert narrowed(pool, query) == []


def test_where_ratings_are_hidden_the_rest_is_still_found():
    pool = PoolFactory(unrated=True)
    hot, _cold = (LeadFactory(pool=pool, **fields) for fields in (HOT, COLD))
    assert narrowed(pool, "company=zebra") == [hot]


@pytest.mark.parametrize("order", ["score", "source", "company"])
@pytest.mark.parametrize("first", [HOT, COLD])
def test_blind_leads_stand_in_the_order_in_which_they_opened(order, first):
    pool = PoolFactory(blind_percent=100)
    older = LeadFactory(pool=pool, **first)
    newer = LeadFactory(pool=pool, **(COLD if first is HOT else HOT))
    assert list(waiting_in([pool], EVERYTHING, order)) == [newer, older]


@pytest.mark.parametrize("first", [HOT, COLD])
def test_by_score_leads_whose_ratings_are_hidden_stand_in_the_order_in_which_they_opened(first):
    pool = PoolFactory(unrated=True)
    older = LeadFactory(pool=pool, **first)
    newer = LeadFactory(pool=pool, **(COLD if first is HOT else HOT))
    assert list(waiting_in([pool], EVERYTHING, "score")) == [newer, older]


def test_leads_that_show_their_score_come_before_those_that_hide_it():
    plain, blind = PoolFactory(), PoolFactory(blind_percent=100)
    hidden = LeadFactory(pool=blind, **HOT)
    cold = LeadFactory(pool=plain, **COLD)
    hot = LeadFactory(pool=plain, **HOT)
    assert list(waiting_in([plain, blind], EVERYTHING, "score")) == [hot, cold, hidden]


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_shows_every_lead(order):
    plain, blind = PoolFactory(stale_minutes=5), PoolFactory(blind_percent=100)
    leads = {LeadFactory(pool=pool, **HOT) for pool in (plain, blind)}
    assert set(waiting_in([plain, blind], EVERYTHING, order)) == leads


def test_the_choice_of_sources_names_none_of_a_blind_lead():
    plain, blind = PoolFactory(), PoolFactory(blind_percent=100)
    LeadFactory(pool=blind, **HOT)
    LeadFactory(pool=plain, **COLD)
    assert values_in([plain, blind], EVERYTHING, "source") == ["website"]
    assert values_in([plain, blind], EVERYTHING, "country") == ["FR"]


def test_who_manages_the_pool_narrows_it_by_all_that_a_preview_shows():
    pool = PoolFactory(blind_percent=100)
    lead = LeadFactory(pool=pool, **HOT)
    mireille = Sight(Role.MANAGER, managed_pools=frozenset({pool.pk}))
    for who in (mireille, Sight(Role.ADMIN)):
        assert narrowed(pool, "temperature=hot", who) == [lead]
    elsewhere = Sight(Role.MANAGER, managed_pools=frozenset({PoolFactory().pk}))
    assert narrowed(pool, "temperature=hot", elsewhere) == []


@pytest.mark.parametrize(
    ("pool", "temperature"), [({}, "hot"), ({"blind_percent": 100}, ""), ({"unrated": True}, "")]
)
def test_a_limit_by_temperature_is_told_only_where_the_temperature_is(pool, temperature):
    lead = LeadFactory(pool=PoolFactory(**pool), **HOT)
    assert shown_temperature(lead) == temperature


@pytest.mark.parametrize(
    ("pool", "told"), [({}, True), ({"blind_percent": 100}, False), ({"unrated": True}, False)]
)
def test_that_its_rule_has_a_next_step_is_told_only_where_the_class_is(pool, told):
    lead = LeadFactory(pool=PoolFactory(**pool), **HOT)
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert (card(lead, closes_at=at)["closes_at"] is not None) is told
