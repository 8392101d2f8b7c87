"""What the API says of a lead before it opens for the caller: nothing (TI1)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.lifecycle.opening import open_to_claims
from leaddistrib.testing import LeadFactory, clock_at
from tests.api.conftest import address, signed_in
from tests.tiers import placed, tier_policy

MINUTE = timedelta(minutes=1)


@pytest.fixture
def start(company):
    """When the lead opened for Amina, a quarter of an hour before Bruno."""
    tier_policy(company.amina.team)
    placed(company.amina, 1)
    placed(company.bruno, 2)
    company.paris.tiered = True
    company.paris.save()
    return timezone.now()


@pytest.fixture
def lead(company, start):
    lead = LeadFactory(company="Kestrel Insurance")
    open_to_claims(lead, company.paris, start)
    return lead


@pytest.mark.parametrize(("minutes", "seen"), [(14, False), (15, True)])
def test_lists_and_sizes_tell_of_it_from_the_own_wave_on(company, start, lead, minutes, seen):
    caller = signed_in(company.bruno.user)
    with clock_at(start + minutes * MINUTE):
        lists = [
            caller.get(address("api-leads")).json()["results"],
            caller.get(address("api-pool-leads", id=company.paris.public_id)).json()["results"],
        ]
        sizes = {one["name"]: one["size"] for one in caller.get(address("api-pools")).json()}
        others = signed_in(company.amina.user).get(address("api-pools")).json()
    found = {one["id"] for some in lists for one in some}
    assert (str(lead.public_id) in found) is seen
    waits = next(one["size"] for one in others if one["name"] == company.paris.name)
    assert sizes[company.paris.name] == waits - (not seen)


@pytest.mark.parametrize("name", ["api-lead", "api-explanation"])
def test_it_is_not_found_before(company, start, lead, name):
    caller = signed_in(company.bruno.user)
    with clock_at(start):
        assert caller.get(address(name, id=lead.public_id)).status_code == 404
    with clock_at(start + 15 * MINUTE):
        assert caller.get(address(name, id=lead.public_id)).status_code == 200


def test_a_claim_is_answered_as_for_a_lead_that_there_is_not(company, start, lead):
    caller = signed_in(company.bruno.user)
    unknown = "00000000-0000-4000-8000-000000000000"
    with clock_at(start):
        answers = [
            caller.post(address("api-claim", id=name), {}, format="json")
            for name in (lead.public_id, unknown)
        ]
    assert [one.status_code for one in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()
    with clock_at(start + 15 * MINUTE):
        won = caller.post(address("api-claim", id=lead.public_id), {}, format="json")
    assert won.json()["result"] == "won"


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_looks_after_the_pool_sees_it_from_the_beginning(company, start, lead, role):
    with clock_at(start):
        answer = company.client(role).get(address("api-lead", id=lead.public_id))
    assert answer.status_code == 200
