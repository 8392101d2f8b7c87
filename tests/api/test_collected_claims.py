"""A claim that is collected is decided later, and its answer can be asked for (RA5)."""

from datetime import UTC, datetime, timedelta

import pytest

from leaddistrib.lifecycle.awarding import award_due
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Pool
from leaddistrib.testing import clock_at
from tests.api.conftest import address, signed_in

NOON = datetime(2036, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def sealed(company):
    pool = company.leads["waiting"].pool
    pool.award, pool.sealed_seconds, pool.sealed_by = Pool.Award.SEALED, 5, Pool.SealedBy.TIER
    pool.save()
    return company


def url(company):
    return address("api-claim", id=company.id("waiting"))


def test_a_collected_claim_is_answered_with_the_moment_of_its_decision(sealed):
    with clock_at(NOON):
        response = signed_in(sealed.amina.user).post(url(sealed))
        asked = signed_in(sealed.amina.user).get(url(sealed))

    assert response.status_code == asked.status_code == 202
    told = {"result": "collected", "decided_at": "2036-03-03T12:00:05Z"}
    assert response.json() == asked.json() == told


def test_the_winner_is_told_on_asking_and_has_the_whole_lead(sealed):
    with clock_at(NOON):
        signed_in(sealed.amina.user).post(url(sealed))
    with clock_at(NOON + timedelta(seconds=5)):
        award_due(NOON + timedelta(seconds=5))
        told = signed_in(sealed.amina.user).get(url(sealed))

    assert told.status_code == 200
    assert (told.json()["result"], told.json()["lead"]["owner"]) == ("won", "Amina")


def test_who_was_passed_over_is_told_who_has_it_or_what_stood_against_it(sealed):
    lead = sealed.leads["waiting"]
    with clock_at(NOON):
        claim(lead, sealed.amina, via="page")
        claim(lead, sealed.bruno, via="page")
    sealed.amina.paused = True
    sealed.amina.save(update_fields=("paused",))
    with clock_at(NOON + timedelta(seconds=5)):
        award_due(NOON + timedelta(seconds=5))
        refused = signed_in(sealed.amina.user).get(url(sealed))

    assert refused.status_code == 403
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["paused"]


def test_who_lost_is_told_to_whom(sealed):
    lead = sealed.leads["waiting"]
    sealed.bruno.tier = 1
    sealed.bruno.save(update_fields=("tier",))
    with clock_at(NOON):
        claim(lead, sealed.amina, via="page")
        claim(lead, sealed.bruno, via="page")
    with clock_at(NOON + timedelta(seconds=5)):
        award_due(NOON + timedelta(seconds=5))
        lost = signed_in(sealed.amina.user).get(url(sealed))

    assert lost.status_code == 409
    assert lost.json() == {
        "result": "lost",
        "taken_by": "Bruno",
        "taken_at": "2036-03-03T12:00:05Z",
    }


def test_who_never_claimed_is_told_nothing(sealed):
    assert signed_in(sealed.amina.user).get(url(sealed)).status_code == 404
