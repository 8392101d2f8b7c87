"""The next lead of a pool that shows none, by the API: "next, please" (RA5)."""

from uuid import uuid4

import pytest

from leaddistrib.lifecycle.claiming import claim
from leaddistrib.models import Claim, GuardrailPolicy, Pool
from leaddistrib.testing import LeadFactory
from tests.api.conftest import address, signed_in
from tests.lifecycle.test_guarding import NO_LIMITS


@pytest.fixture(autouse=True)
def hands_out(company):
    """In the pool of Paris nobody chooses: one lead waits there, which no rep sees."""
    company.paris.award = Pool.Award.NEXT
    company.paris.save()


def ask(company, key=None, who=None):
    caller = signed_in((who or company.amina).user)
    body = {"key": str(key or uuid4())}
    return caller.post(address("api-next", id=company.id("paris")), body, format="json")


def test_the_lead_is_the_callers_and_whole(company):
    answer = ask(company)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["result"], told["lead"]["company"]) == ("won", "Waiting")
    assert told["lead"]["id"] == company.id("waiting")
    assert "email" in told["lead"]["contact"]


def test_the_same_key_again_is_answered_alike_and_takes_no_other(company):
    LeadFactory(pool=company.paris)
    key = uuid4()
    assert ask(company, key).json() == ask(company, key).json()
    assert Claim.objects.filter(rep=company.amina).count() == 1


def test_when_nothing_waits_it_says_so_and_keeps_nothing(company):
    ask(company)
    before = Claim.objects.count()
    answer = ask(company)
    assert (answer.status_code, answer.json()) == (200, {"result": "nothing"})
    assert Claim.objects.count() == before


def test_a_refusal_is_told_as_that_of_a_claim_and_names_no_lead(company):
    GuardrailPolicy.objects.create(**NO_LIMITS | {"daily_claims": 1})
    ask(company)
    LeadFactory(pool=company.paris)
    answer = ask(company)
    assert answer.status_code == 403
    told = answer.json()
    assert told.keys() == {"result", "reasons"}
    assert [reason["code"] for reason in told["reasons"]] == ["daily_limit"]
    assert told["reasons"][0]["lifts_at"]


@pytest.mark.parametrize("body", [{}, {"key": "7"}, {"key": str(uuid4()), "lead": "x"}])
def test_without_a_proper_key_nothing_is_taken(company, body):
    path = address("api-next", id=company.id("paris"))
    answer = company.client("rep").post(path, body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not company.amina.leads.filter(company="Waiting").exists()


def test_the_key_of_a_colleague_is_refused(company):
    key = uuid4()
    ask(company, key)
    answer = ask(company, key, who=company.bruno)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_a_pool_whose_leads_are_seen_hands_none_out(company):
    Pool.objects.update(award=Pool.Award.FIRST)
    assert ask(company).status_code == 404


def test_reps_see_no_lead_but_how_many_wait(company):
    caller = company.client("rep")
    found = caller.get(address("api-leads")).json()["results"]
    assert company.id("waiting") not in {one["id"] for one in found}
    waiting = caller.get(address("api-pool-leads", id=company.id("paris"))).json()
    assert waiting["results"] == []
    [pool] = caller.get(address("api-pools")).json()
    assert (pool["size"], pool["next"], pool["member"]) == (1, True, True)


@pytest.mark.parametrize("thing", ["waiting", "taken"])
@pytest.mark.parametrize(("route", "method"), [("api-lead", "get"), ("api-claim", "post")])
def test_for_reps_a_single_lead_is_not_found(company, thing, route, method):
    answer = getattr(company.client("rep"), method)(address(route, id=company.id(thing)))
    assert answer.status_code == 404


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_looks_after_the_pool_sees_its_leads(company, role):
    client = company.client(role)
    assert client.get(address("api-lead", id=company.id("waiting"))).status_code == 200
    waiting = client.get(address("api-pool-leads", id=company.id("paris"))).json()["results"]
    assert [one["id"] for one in waiting] == [company.id("waiting")]


def test_a_manager_who_races_too_is_told_to_ask_for_the_next(company):
    company.paris.teams.get().managers.add(company.amina.user)
    answer = signed_in(company.amina.user).post(address("api-claim", id=company.id("waiting")))
    assert answer.status_code == 403
    [reason] = answer.json()["reasons"]
    assert reason["code"] == "next_only"
    assert "ask for the next one" in reason["message"]
    assert claim(company.leads["waiting"], company.bruno, via="test").result == "refused"
