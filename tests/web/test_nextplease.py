"""The pool's page has a button instead of a list: "next, please" (RA5)."""

import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from leaddistrib.models import Claim, GuardrailPolicy, Pool
from leaddistrib.testing import LeadFactory, PoolFactory
from tests.lifecycle.test_guarding import NO_LIMITS
from tests.web.conftest import signed_in


@pytest.fixture(autouse=True)
def hotline(cast):
    """In the pool of Amina and Bruno nobody chooses."""
    cast.pool.award = Pool.Award.NEXT
    cast.pool.save()
    return cast.pool


def page(client, pool=None):
    path = reverse("leaddistrib:pool") + (f"?pool={pool.public_id}" if pool else "")
    return client.get(path).content.decode()


def key_on(client, pool):
    [key] = re.findall(r'name="key" value="([^"]+)"', page(client, pool))
    return key


def tap(client, pool, key=None):
    """As the page has it: the form's own key, unless another is given."""
    key = key or key_on(client, pool)
    path = reverse("leaddistrib:next", args=[pool.public_id])
    return client.post(path, {"key": key}, follow=True)


def test_the_page_says_how_many_wait_and_shows_none(cast, hotline, waiting):
    shown = page(signed_in(cast.amina), hotline)
    assert f'<b data-size="{hotline.public_id}">1</b>' in shown
    assert "Next, please" in shown
    assert "Lenoir" not in shown
    assert str(waiting.public_id) not in shown
    assert "data-list" not in shown


def test_one_tap_leads_to_the_leads_page(cast, hotline, waiting):
    answer = tap(signed_in(cast.amina), hotline)
    assert answer.redirect_chain[-1][0] == f"/leads/lead/{waiting.public_id}/"
    body = answer.content.decode()
    assert "This lead is yours." in body
    assert "jeanne@lenoir.example" in body


def test_a_second_tap_leads_to_the_same_lead(cast, hotline, waiting):
    LeadFactory(pool=hotline)
    client, key = signed_in(cast.amina), uuid4()
    first, second = tap(client, hotline, key), tap(client, hotline, key)
    assert first.redirect_chain == second.redirect_chain
    assert cast.amina.leads.count() == 1


def test_a_new_page_has_a_new_key(cast, hotline, waiting):
    client = signed_in(cast.amina)
    assert key_on(client, hotline) != key_on(client, hotline)


def test_where_nothing_waits_the_page_says_so(cast, hotline):
    shown = page(signed_in(cast.amina), hotline)
    assert "Nothing waits here." in shown
    assert re.search(r"data-next-some hidden", shown)


def test_who_comes_too_late_is_told_that_nothing_waits(cast, hotline):
    answer = tap(signed_in(cast.amina), hotline, uuid4())
    assert answer.redirect_chain[-1][0] == f"/leads/pool/?pool={hotline.public_id}"
    assert "Nothing waits here now: somebody was faster." in answer.content.decode()


def test_a_refusal_is_said_with_what_lifts_it(cast, hotline, waiting):
    GuardrailPolicy.objects.create(**NO_LIMITS | {"daily_claims": 1})
    client = signed_in(cast.amina)
    tap(client, hotline)
    left = LeadFactory(pool=hotline, company="CANARY")
    answer = tap(client, hotline)
    body = answer.content.decode()
    assert answer.redirect_chain[-1][0] == f"/leads/pool/?pool={hotline.public_id}"
    assert "Something waits, but nothing that you can have now." in body
    assert "Claims in races today: 1 of 1. Tomorrow you can claim again." in body
    assert "CANARY" not in body
    assert Claim.objects.get(lead=left).result == "refused"


def test_an_old_form_of_somebody_else_takes_nothing(cast, hotline, waiting):
    key = uuid4()
    tap(signed_in(cast.amina), hotline, key)
    LeadFactory(pool=hotline)
    answer = tap(signed_in(cast.bruno), hotline, key)
    assert "This page was out of date. Ask again." in answer.content.decode()
    assert not cast.bruno.leads.exists()


def test_of_all_pools_the_page_has_the_lists_of_some_and_the_buttons_of_others(
    cast, hotline, waiting
):
    other = PoolFactory(name="Seen", reps=[cast.amina])
    shown_lead = LeadFactory(pool=other, company="Fournil")
    shown = page(signed_in(cast.amina))
    assert "Fournil" in shown
    assert str(shown_lead.public_id) in shown
    assert "Lenoir" not in shown
    assert f'data-next="{hotline.public_id}"' in shown
    assert '<span class="count" data-size-total>2</span>' in shown


@pytest.mark.parametrize("name", ["lead", "claim"])
def test_for_reps_its_leads_have_no_page(cast, waiting, name):
    path = reverse(f"leaddistrib:{name}", args=[waiting.public_id])
    assert signed_in(cast.amina).get(path).status_code == 404


def test_a_manager_sees_what_waits(cast, waiting):
    client = signed_in(cast.mireille)
    path = reverse("leaddistrib:lead", args=[waiting.public_id])
    assert "Lenoir" in client.get(path).content.decode()
    assert "Lenoir" in client.get(reverse("leaddistrib:manage")).content.decode()


def test_the_snapshot_has_a_number_and_no_lead(cast, hotline, waiting):
    told = signed_in(cast.amina).get(reverse("leaddistrib:snapshot")).json()
    [pool] = told["pools"]
    assert (pool["size"], pool["leads"], pool["next"]) == (1, [], True)
    assert told["me"]["windows"] == {}


def test_the_page_costs_the_same_for_few_leads_and_for_many(cast, hotline):
    client = signed_in(cast.amina)
    costs = []
    for leads in (1, 12):
        for _ in range(leads):
            LeadFactory(pool=hotline)
        page(client, hotline)
        with CaptureQueriesContext(connection) as queries:
            page(client, hotline)
        costs.append(len(queries))
    assert costs[0] == costs[1]
