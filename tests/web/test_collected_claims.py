"""A claim that is collected, on a page: it is in, and then it is decided (RA5)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.models import Claim, Pool
from leaddistrib.testing import clock_at
from tests.web.conftest import signed_in

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2036, 3, 3, 12, tzinfo=UTC)
LATER = NOON + timedelta(seconds=5)


@pytest.fixture
def sealed(cast, waiting):
    cast.pool.award, cast.pool.sealed_seconds = Pool.Award.SEALED, 5
    cast.pool.save()
    return waiting


def test_a_script_is_told_when_it_is_decided_and_then_how(cast, sealed):
    browser, url = signed_in(cast.amina), reverse("leaddistrib:claim", args=[sealed.public_id])
    json = {"accept": "application/json"}
    with clock_at(NOON):
        collected = browser.post(url, headers=json)
        not_yet = browser.get(url, headers=json)
    with clock_at(LATER):
        award_due(LATER)
        decided = browser.get(url, headers=json)

    assert (collected.status_code, not_yet.status_code) == (202, 202)
    assert collected.json()["decided_at"] == "2036-03-03T12:00:05Z"
    assert (decided.status_code, decided.json()["result"]) == (200, "won")


def test_without_a_script_the_leads_page_says_that_the_claim_is_in(cast, sealed):
    url = reverse("leaddistrib:claim", args=[sealed.public_id])
    with clock_at(NOON):
        page = signed_in(cast.amina).post(url, follow=True).content.decode()

    assert "Your claim is in." in page
    assert "not decided yet" in page


def test_asking_for_the_answer_claims_nothing(cast, sealed):
    url = reverse("leaddistrib:claim", args=[sealed.public_id])
    signed_in(cast.amina).get(url, headers={"accept": "application/json"})

    assert not Claim.objects.exists()
