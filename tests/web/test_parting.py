"""A rep gives a lead back or closes it, on pages that work without scripts (RA4, PU2)."""

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse

from leaddistrib.errors import Busy, NotYours
from leaddistrib.lifecycle import closing, releasing
from leaddistrib.lifecycle.claiming import claim
from leaddistrib.lifecycle.crediting import charge_turns
from leaddistrib.models import Lead, Turn
from leaddistrib.queries import clock
from tests.web.conftest import signed_in

# What was claimed, closed or given back is committed, so it must be the outermost transaction.
pytestmark = pytest.mark.django_db(transaction=True)

WAYS = [("release", releasing), ("close", closing)]


def page(name: str, lead: Lead) -> str:
    return reverse(f"leaddistrib:{name}", args=[lead.public_id])


@pytest.fixture
def own(cast, waiting):
    claim(waiting, cast.amina, via="page")
    return waiting


def test_a_lead_given_back_says_why_and_is_open_again(cast, own):
    browser = signed_in(cast.amina)
    address = page("release", own)
    assert browser.get(address).status_code == 200
    assert browser.post(address, {"reason": "  "}).status_code == 400
    own.refresh_from_db()
    assert own.owner == cast.amina
    answer = browser.post(address, {"reason": "Outside my market"}, follow=True)
    assert "You gave Boulangerie Lenoir back." in answer.content.decode()
    own.refresh_from_db()
    assert own.status == Lead.Status.WAITING
    assert own.assignments.get().end_reason == "Outside my market"


def test_closing_asks_first_and_frees_a_place(cast, own):
    browser = signed_in(cast.amina)
    assert "Boulangerie Lenoir" in browser.get(reverse("leaddistrib:home")).content.decode()
    asked = browser.get(page("close", own))
    assert "Close this lead?" in asked.content.decode()
    own.refresh_from_db()
    assert own.status == Lead.Status.OWNED

    answer = browser.post(page("close", own), {"reason": " Became a customer "}, follow=True)
    assert answer.redirect_chain == [(reverse("leaddistrib:home"), 302)]
    assert "You closed Boulangerie Lenoir." in answer.content.decode()
    assert answer.context["rows"] == []
    assert answer.context["limits"].open_leads == 0
    own.refresh_from_db()
    assert own.status == Lead.Status.CLOSED
    assert own.assignments.get().end_reason == "Became a customer"


def test_no_reason_is_needed_to_close(cast, own):
    signed_in(cast.amina).post(page("close", own))
    own.refresh_from_db()
    assert own.status == Lead.Status.CLOSED


def test_closing_what_was_no_real_lead_gives_the_turn_back(cast, own):
    cast.paris.count_manual = True
    cast.paris.save()
    cast.amina.refresh_from_db()
    with transaction.atomic():
        charge_turns([own], cast.amina, clock.now())

    signed_in(cast.amina).post(page("close", own), {"credit": "invalid"})

    own.refresh_from_db()
    assert own.status == Lead.Status.CLOSED
    assert Turn.objects.get(kind="credit").reason == "invalid"


def test_an_invented_reason_closes_nothing(cast, own):
    answer = signed_in(cast.amina).post(page("close", own), {"credit": "because"})
    assert answer.status_code == 400
    own.refresh_from_db()
    assert own.status == Lead.Status.OWNED


def test_a_closed_lead_says_so_and_offers_neither_way_out(cast, own):
    closing.close(own, cast.amina, reason="Jeanne bought two ovens")
    text = signed_in(cast.amina).get(page("lead", own)).content.decode()
    assert "You closed this lead." in text
    assert "Closed by Amina" in text
    assert "Jeanne bought two ovens" in text
    assert page("close", own) not in text
    assert page("release", own) not in text
    rival = signed_in(cast.bruno).get(page("lead", own)).content.decode()
    assert "Amina closed this lead." in rival
    assert "Jeanne" not in rival
    manager = signed_in(cast.mireille)
    assert "Amina closed this lead." in manager.get(page("lead", own)).content.decode()
    listed = manager.get(reverse("leaddistrib:manage"), {"status": "closed"})
    assert [row["id"] for row in listed.context["rows"]] == [str(own.public_id)]


@pytest.mark.parametrize(("name", "module"), WAYS)
def test_a_second_tap_finds_the_lead_closed(cast, own, name, module):
    closing.close(own, cast.amina)
    answer = signed_in(cast.amina).post(page(name, own), {"reason": "Again"}, follow=True)
    assert answer.redirect_chain == [(page("lead", own), 302)]
    text = answer.content.decode()
    assert text.count("You closed this lead.") == 1
    assert "not yours" not in text


@pytest.mark.parametrize(("name", "module"), WAYS)
def test_a_lead_of_somebody_else_stays_as_it_is(cast, own, name, module):
    answer = signed_in(cast.bruno).post(page(name, own), {"reason": "Mine"}, follow=True)
    assert "This lead is not yours (any more)." in answer.content.decode()
    own.refresh_from_db()
    assert (own.owner, own.status) == (cast.amina, Lead.Status.OWNED)


@pytest.mark.parametrize(("name", "module"), WAYS)
def test_a_lead_lost_in_the_meantime_is_told(cast, own, monkeypatch, name, module):
    def too_late(*args, **kwargs):
        raise NotYours

    monkeypatch.setattr(module, name, too_late)
    answer = signed_in(cast.amina).post(page(name, own), {"reason": "Late"}, follow=True)
    assert answer.redirect_chain == [(reverse("leaddistrib:home"), 302)]
    assert "This lead is not yours (any more)." in answer.content.decode()


@pytest.mark.parametrize(("name", "module"), WAYS)
def test_a_busy_database_keeps_what_was_written(cast, own, monkeypatch, name, module):
    def busy(*args, **kwargs):
        raise Busy

    monkeypatch.setattr(module, name, busy)
    answer = signed_in(cast.amina).post(page(name, own), {"reason": "Wrong number"})
    assert answer.status_code == 400
    assert "Nothing was changed: try again." in answer.content.decode()
    assert "Wrong number" in answer.content.decode()


@pytest.mark.parametrize(("name", "module"), WAYS)
def test_a_foreign_page_cannot_take_a_lead_away(cast, own, name, module):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.amina.user)
    assert browser.post(page(name, own), {"reason": "Theft"}).status_code == 403
    own.refresh_from_db()
    assert own.owner == cast.amina
