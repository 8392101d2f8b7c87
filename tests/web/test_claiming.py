"""The claim on a page: confirmation, claim, answer (UI1, RA1, GU7)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from leaddistrib.errors import Busy
from leaddistrib.lifecycle import claiming
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Claim, Lead
from leaddistrib.testing import LeadFactory, clock_at
from tests.web.conftest import signed_in

# A claim answers only what is committed, so it must be the outermost transaction.
pytestmark = pytest.mark.django_db(transaction=True)

JSON: Any = {"headers": {"accept": "application/json"}}


def address(lead: Lead) -> str:
    return reverse("leaddistrib:claim", args=[lead.public_id])


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_confirmation_changes_nothing(cast, waiting, method):
    answer = getattr(signed_in(cast.amina), method)(address(waiting))
    assert answer.status_code == 200
    waiting.refresh_from_db()
    assert waiting.owner is None
    assert not Claim.objects.exists()


def test_the_first_claim_wins_and_sees_how_to_reach_the_contact(cast, waiting):
    browser = signed_in(cast.amina)
    answer = browser.post(address(waiting), follow=True)
    assert answer.redirect_chain == [(reverse("leaddistrib:lead", args=[waiting.public_id]), 302)]
    page = answer.content.decode()
    assert "This lead is yours." in page
    assert "tel:+33140203040" in page
    assert "mailto:jeanne@lenoir.example" in page


def test_second_claimer_is_told_who_won_and_by_how_much(cast, waiting):
    moment = waiting.opens_at + timedelta(seconds=5)
    with clock_at(moment):
        claim(waiting, cast.bruno, via="page")
    with clock_at(moment + timedelta(seconds=2)):
        answer = signed_in(cast.amina).post(address(waiting), **JSON)
    assert answer.status_code == 409
    told = answer.json()
    assert told["result"] == "lost"
    assert told["message"] == "Bruno took it 2 seconds before you."
    assert told["taken_by"] == "Bruno"


def test_without_script_the_loser_reads_it_on_the_lead_page(cast, waiting):
    claim(waiting, cast.bruno, via="page")
    page = signed_in(cast.amina).post(address(waiting), follow=True).content.decode()
    assert "Bruno took it less than a second before you." in page
    assert "jeanne@lenoir.example" not in page


def test_a_refused_claim_names_every_reason_and_what_lifts_it(cast, waiting):
    cast.amina.paused, cast.amina.capacity = True, 1
    cast.amina.save()
    LeadFactory(owner=cast.amina)
    answer = signed_in(cast.amina).post(address(waiting), **JSON)
    assert answer.status_code == 403
    told = answer.json()
    assert [reason["code"] for reason in told["reasons"]] == ["paused", "at_capacity"]
    assert "Resume to claim leads." in told["reasons"][0]["message"]
    page = signed_in(cast.amina).post(address(waiting), follow=True).content.decode()
    assert "Resume to claim leads." in page
    assert "at capacity (open leads: 1 of 1)" in page


def test_a_second_tap_by_the_winner_does_no_harm(cast, waiting):
    browser = signed_in(cast.amina)
    first, second = browser.post(address(waiting), **JSON), browser.post(address(waiting), **JSON)
    assert first.json()["result"] == second.json()["result"] == "won"
    assert Claim.objects.count() == 1


def test_a_busy_database_asks_to_try_again(cast, waiting, monkeypatch):
    def busy(*args, **kwargs):
        raise Busy

    monkeypatch.setattr(claiming, "claim", busy)
    browser = signed_in(cast.amina)
    told = browser.post(address(waiting), **JSON)
    assert told.status_code == 503
    assert "try again" in told.json()["detail"]
    page = browser.post(address(waiting))
    assert page.status_code == 503
    assert "Nothing was changed: try again." in page.content.decode()


def test_a_foreign_page_cannot_claim_in_somebody_elses_name(cast, waiting):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.amina.user)
    assert browser.post(address(waiting)).status_code == 403
    waiting.refresh_from_db()
    assert waiting.owner is None


def test_a_script_without_a_session_is_told_so(cast, waiting):
    answer = Client().post(address(waiting), **JSON)
    assert answer.status_code == 401
    assert answer.json()["code"] == "signed_out"
