"""What a rep's pages say of a lead before it opens for the rep: nothing (TI1)."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.models import Claim
from leaddistrib.testing import LeadFactory, clock_at
from tests.tiers import placed, tier_policy
from tests.web.conftest import signed_in

MINUTE = timedelta(minutes=1)


@pytest.fixture
def start(cast):
    """When the lead opened: for Amina at once, for Bruno a quarter of an hour later."""
    tier_policy(cast.paris)
    placed(cast.amina, 1)
    placed(cast.bruno, 2)
    cast.pool.tiered = True
    cast.pool.save()
    return timezone.now()


@pytest.fixture
def lead(cast, start):
    lead = LeadFactory(company="Kestrel Insurance", source="CANARY", country="NO")
    open_to_claims(lead, cast.pool, start)
    return lead


def pages(lead):
    name = lead.public_id
    return [f"/leads/lead/{name}/", f"/leads/lead/{name}/claim/"]


@pytest.mark.parametrize(("minutes", "status"), [(14, 404), (15, 200)])
def test_a_leads_page_is_found_from_the_own_wave_on(cast, start, lead, minutes, status):
    with clock_at(start + minutes * MINUTE):
        for page in pages(lead):
            assert signed_in(cast.amina).get(page).status_code == 200
            assert signed_in(cast.bruno).get(page).status_code == status


def test_before_it_a_claim_is_answered_as_for_a_lead_that_there_is_not(cast, start, lead):
    client = signed_in(cast.bruno)
    with clock_at(start):
        hidden = client.post(f"/leads/lead/{lead.public_id}/claim/")
        unknown = client.post("/leads/lead/00000000-0000-4000-8000-000000000000/claim/")
    assert hidden.status_code == unknown.status_code == 404
    assert hidden.content == unknown.content
    assert not Claim.objects.exists()


@pytest.mark.parametrize("page", ["/leads/", "/leads/pool/", "/leads/pool/?all=1", "/leads/me/"])
def test_no_list_and_no_number_tells_of_it(cast, start, lead, page):
    client = signed_in(cast.bruno)
    with clock_at(start):
        before = client.get(page).content.decode()
        lead.delete()
        without = client.get(page).content.decode()
    assert "Kestrel" not in before
    assert "CANARY" not in before
    assert _figures(before) == _figures(without)


def _figures(page: str) -> str:
    """The page without what differs each time, and without the pool's version."""
    return re.sub(r'(csrf|nonce|data-version|data-now|value)[^=]*="[^"]*"', "", page)


def test_a_managers_pages_show_it_from_the_beginning(cast, start, lead):
    with clock_at(start):
        page = signed_in(cast.mireille).get("/leads/manage/")
        assert "Kestrel" in page.content.decode()
        assert signed_in(cast.mireille).get(pages(lead)[0]).status_code == 200


def test_the_pools_page_costs_the_same_for_few_leads_and_for_many(cast, start):
    def cost():
        with CaptureQueriesContext(connection) as queries, clock_at(start + MINUTE):
            assert signed_in(cast.amina).get("/leads/pool/").status_code == 200
        return len(queries)

    for _ in range(2):
        open_to_claims(LeadFactory(), cast.pool, start)
    few = cost()
    for _ in range(8):
        open_to_claims(LeadFactory(), cast.pool, start)
    assert cost() == few
