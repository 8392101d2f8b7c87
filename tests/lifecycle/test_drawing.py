"""A share of a pool's leads is blind, and nobody can tell beforehand which (GU2)."""

from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leaddistrib.lifecycle import claim, release
from leaddistrib.lifecycle.drawing import draw, drawn
from leaddistrib.models import Lead
from leaddistrib.testing import LeadFactory, PoolFactory, RepFactory

LEADS = [Lead(public_id=UUID(int=n), period=1) for n in range(1000)]


@pytest.fixture(autouse=True)
def secret(settings):
    settings.SECRET_KEY = "the site's own secret, the same for each run of these tests"


@pytest.mark.parametrize(
    ("percent", "least", "most"), [(0, 0, 0), (30, 260, 340), (100, 1000, 1000)]
)
def test_the_share_of_blind_leads_is_the_pools(percent, least, most):
    assert least <= sum(drawn(lead, percent) for lead in LEADS) <= most


def test_whoever_asks_again_in_the_same_period_is_told_the_same():
    assert [drawn(lead, 30) for lead in LEADS] == [drawn(lead, 30) for lead in LEADS]


def test_each_period_is_drawn_anew():
    again = [Lead(public_id=lead.public_id, period=2) for lead in LEADS]
    assert [drawn(lead, 30) for lead in again] != [drawn(lead, 30) for lead in LEADS]


def test_who_does_not_have_the_sites_secret_cannot_tell_from_the_id(settings):
    here = [drawn(lead, 30) for lead in LEADS]
    settings.SECRET_KEY = "another site's"
    assert [drawn(lead, 30) for lead in LEADS] != here


@pytest.mark.parametrize(("percent", "blind"), [(0, False), (100, True)])
def test_a_lead_is_drawn_when_it_opens(db, percent, blind):
    lead = LeadFactory(pool=PoolFactory(blind_percent=percent))
    assert lead.blind is blind
    assert Lead.objects.get(pk=lead.pk).blind is blind


def test_a_lead_given_back_where_none_is_blind_any_more_is_seen_again(db):
    amina = RepFactory()
    pool = PoolFactory(blind_percent=100, reps=[amina])
    lead = LeadFactory(pool=pool)
    claim(lead, amina, via="test")
    pool.blind_percent = 0
    pool.save()
    release(Lead.objects.get(pk=lead.pk), amina, reason="Not my language")
    assert not Lead.objects.get(pk=lead.pk).blind


def test_drawing_many_leads_takes_as_many_queries_as_drawing_one(db):
    pool = PoolFactory()
    leads = [LeadFactory(pool=pool) for _ in range(5)]
    pool.blind_percent = 100
    with CaptureQueriesContext(
        connection,
    ) as one:
        draw(leads[:1])
    with CaptureQueriesContext(connection) as many:
        draw(leads[1:])
    assert len(one) == len(many) == 1
    assert Lead.objects.filter(blind=True).count() == 5
    with CaptureQueriesContext(connection) as none:
        draw(leads)
    assert len(none) == 0
