"""Why a lead went where it went: in full for managers, in a sentence for reps (RU5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from leaddistrib.models import TimeOff
from leaddistrib.testing import publish_rules
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
    assert reps["Amina"]["passed_over"] == "on leave"
    assert reps["Amina"]["lifts_at"].endswith("Z")


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
