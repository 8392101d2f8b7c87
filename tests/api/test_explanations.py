"""Why a lead went where it went: in full for managers, in a sentence for reps (RU5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import Lead, Rep, TimeOff
from leaddistrib.policy import Policy, View
from leaddistrib.testing import LeadFactory, TerritoryFactory, publish_rules
from tests.api.conftest import address, signed_in

FRANCE = {"field": "country", "op": "eq", "value": "FR"}
BIG = {"field": "employees", "op": "gte", "value": 500}


@pytest.fixture
def pushed(company) -> str:
    """A lead that missed a rule and was pushed to Bruno, because Amina is on leave."""
    publish_rules(
        [
            {"name": "Big", "when": BIG, "then": {"pool": "Lyon pool"}},
            {
                "name": "France",
                "when": FRANCE,
                "then": {"push": "round_robin", "team": "Paris", "fallback": []},
            },
            {"name": "Rest", "when": {}, "then": {"pool": "Paris pool"}},
        ]
    )
    now = timezone.now().replace(microsecond=0)
    back = now + timedelta(days=2)
    TimeOff.objects.create(rep=company.amina, starts_at=now - timedelta(days=2), ends_at=back)
    body = {"source": "fair", "company": "Lenoir", "country": "FR", "employees": 20}
    sent = company.client("integration").post(address("api-leads"), body, format="json")
    assert sent.json()["decision"]["owner"] == "Bruno"
    public_id: str = sent.json()["id"]
    return public_id


@pytest.mark.parametrize("caller", ["admin", "manager"])
def test_managers_see_each_rule_and_each_rep_with_the_reason(company, pushed, caller):
    response = company.client(caller).get(address("api-explanation", id=pushed))
    told = response.json()
    [decision] = told["decisions"]
    assert (decision["method"], decision["rule"], decision["owner"]) == ("push", "France", "Bruno")
    assert decision["decided_at"].endswith("Z")
    assert told["explanation"] == decision["explanation"]
    assert [(rule["name"], rule["matched"]) for rule in decision["rules"]] == [
        ("Big", False),
        ("France", True),
    ]
    assert decision["rules"][0]["reasons"] == ["employees is “20”"]
    [step] = decision["steps"]
    reps = {one["name"]: one for one in step["candidates"]}
    assert reps["Bruno"]["chosen"] is True
    assert reps["Amina"]["passed_over"] == reps["Amina"]["result"] == "on leave"
    assert reps["Amina"]["lifts_at"].endswith("Z")
    assert (reps["Bruno"]["virtual_time"], reps["Bruno"]["result"]) == (0, "next in turn")
    assert step["note"] == ""


def test_the_rep_reads_why_in_a_sentence(company, pushed):
    response = signed_in(company.bruno.user).get(address("api-explanation", id=pushed))
    assert response.json() == {
        "explanation": "You got this lead by the rule “France”: it was your turn."
    }


def test_every_decision_of_the_lead_is_there_in_order(company, pushed):
    bruno = signed_in(company.bruno.user)
    given_back = bruno.post(
        address("api-release", id=pushed), {"reason": "Not mine"}, format="json"
    )
    assert given_back.status_code == 200
    response = company.client("admin").get(address("api-explanation", id=pushed))
    methods = [decision["method"] for decision in response.json()["decisions"]]
    assert len(methods) == 2
    assert methods[0] == "push"


def test_a_lead_without_a_decision_says_so(company):
    response = company.client("rep").get(address("api-explanation", id=company.id("own")))
    assert response.json() == {"explanation": "This lead was kept and has not been routed yet."}


def test_the_trace_has_loads_backups_and_why_nobody_was_looked_at(company):
    territory = TerritoryFactory(name="Paris area", countries=["FR"])
    territory.reps.set([company.amina])
    company.amina.backup = company.chloe
    company.amina.save()
    now = timezone.now()
    TimeOff.objects.create(
        rep=company.amina, starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=1)
    )
    LeadFactory.create_batch(2, owner=company.chloe)
    company.chloe.capacity = 3
    company.chloe.save()
    publish_rules(
        [
            {
                "name": "All",
                "when": {},
                "then": {
                    "push": "account_owner",
                    "fallback": [
                        {"push": "territory_owner"},
                        {"push": "least_loaded", "team": "Paris"},
                    ],
                },
            }
        ]
    )
    body = {"source": "fair", "company": "Lenoir", "country": "FR"}
    sent = company.client("integration").post(address("api-leads"), body, format="json").json()
    told = company.client("admin").get(address("api-explanation", id=sent["id"])).json()
    nobody, territory_step, by_load = told["decisions"][0]["steps"]
    assert nobody["candidates"] == []
    assert nobody["note"] == "nobody looks after its account, or it has none"
    backup = next(one for one in territory_step["candidates"] if one["name"] == "Chloé")
    assert backup["backup_of"] == "Amina"
    assert backup["passed_over"] == "at capacity: open leads 3 of 3"
    assert backup["result"] == ("stands in for Amina, passed over: at capacity: open leads 3 of 3")
    loads = {one["name"]: one["load"] for one in by_load["candidates"]}
    assert loads == {"Bruno": {"open": 2, "capacity": 50}, "Amina": None}


# --- Why not me?


def test_a_rep_who_was_passed_over_reads_why_and_a_preview(company, pushed):
    amina = signed_in(company.amina.user)
    assert amina.get(address("api-explanation", id=pushed)).json() == {
        "explanation": "The rule “France” gave this lead to Bruno, whose turn it was."
        " You were on leave."
    }
    lead = amina.get(address("api-lead", id=pushed)).json()
    assert (lead["company"], lead["owner"], lead["contact"]) == ("Lenoir", "Bruno", {"title": ""})


def test_a_rep_who_was_later_in_turn_reads_how_many_were_before(company, pushed):
    TimeOff.objects.all().delete()
    body = {"source": "fair", "company": "Roy", "country": "FR", "employees": 20}
    sent = company.client("integration").post(address("api-leads"), body, format="json").json()
    assert sent["decision"]["owner"] == "Amina"
    told = signed_in(company.bruno.user).get(address("api-explanation", id=sent["id"])).json()
    assert told["explanation"].endswith("1 rep was before you in turn.")


def test_a_rep_of_a_team_that_was_never_asked_finds_no_such_lead(company, pushed):
    chloe = signed_in(company.chloe.user)
    for name in ("api-explanation", "api-lead"):
        assert chloe.get(address(name, id=pushed)).status_code == 404


def test_who_was_passed_over_can_do_nothing_with_the_lead(company, pushed):
    amina = signed_in(company.amina.user)
    for name, body in (
        ("api-claim", {}),
        ("api-release", {"reason": "Mine"}),
        ("api-contacts", {"channel": "call"}),
    ):
        assert amina.post(address(name, id=pushed), body, format="json").status_code == 404


def test_who_had_the_lead_and_gave_it_back_is_not_told_where_it_went(company, pushed):
    TimeOff.objects.all().delete()
    bruno = signed_in(company.bruno.user)
    bruno.post(address("api-release", id=pushed), {"reason": "Not mine"}, format="json")
    assert Lead.objects.get(public_id=pushed).owner == company.amina
    assert bruno.get(address("api-explanation", id=pushed)).status_code == 404


class Closed(Policy):
    """A host that keeps from reps what others got."""

    def view_for_passed_over(self, lead: Lead, rep: Rep) -> View:
        return View.NOTHING


def test_a_host_may_keep_such_leads_from_reps(company, pushed, settings):
    settings.LEADDISTRIB = {**settings.LEADDISTRIB, "POLICY": f"{__name__}.Closed"}
    amina = signed_in(company.amina.user)
    assert amina.get(address("api-explanation", id=pushed)).status_code == 404
    assert company.client("manager").get(address("api-lead", id=pushed)).status_code == 200
